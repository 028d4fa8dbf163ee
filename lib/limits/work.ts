/** Bounds of long work over records: migrations, sweeps, imports and whatever else goes in batches. */
import { transactionBytesMax } from "./engine.js";
import { scanBatchRowsMax } from "./query.js";

/** Bytes of records in one batch of a migration, entries coming on top; tenants at once, unless told and at most. */
export const buildBatchBytesMax = 250_000;
export const migrationConcurrencyDefault = 4;
export const migrationConcurrencyMax = 64;

/** Tenants, or entities, that a migration can be given by name: more are all of them. */
export const migrationListMax = 100_000;

/** Records of one entity of a tenant that a migration or a recount names as failed. */
export const migrationFailuresMax = 100;

/** Expired records, and bytes of them (one may pass it), that one transaction of a sweep takes. */
export const sweepRecordsMax = 500;
export const sweepBytesMax = 1_000_000;

/** Tenants swept at once unless told otherwise, and failures of theirs that are told. */
export const sweptTenantsMax = 4;
export const sweptTenantsFailedMax = 100;

/** Rows of the first batch of long work, of any batch, and its bytes: far below FoundationDB's 10 MB, as it advises. */
export const workBatchRowsFirst = 250;
export const workBatchRowsMax = scanBatchRowsMax;
export const workBatchBytesMax = 1_000_000;

/** Records, and characters of their lines, that an import stores in one transaction; and bytes of its longest line. */
export const importBatchRecordsMax = 500;
export const importBatchCharsMax = 1_000_000;
export const importLineBytesMax = 6 * transactionBytesMax;

/** Entries of an index over array elements that `verify` holds, to read a record once for all of its own; records at once. */
export const verifyEntriesHeldMax = 20_000;
export const verifyRecordsAtOnceMax = 16;

/** Longest name of long work, in UTF-8 bytes: that of an idempotency key. */
export const workNameBytesMax = 255;

/** Highest revision that a line of an import may say: ours, so that there are as many more before a record's last one. */
export const importRevisionMax = 2 ** 52;
