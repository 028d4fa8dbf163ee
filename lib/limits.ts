/** Every bound of the library, unit last in the name, each with its source. */

/** Longest physical key, on every engine, so that data can always move between engines. */
export const keyBytesMax = 1_900;

/** Largest value of one key: FoundationDB's bound (error 2103). */
export const valueBytesMax = 100_000;

/** Largest transaction, mutations and conflict ranges together: FoundationDB's bound (error 2101). */
export const transactionBytesMax = 10_000_000;

/** Age at which a read version is refused: FoundationDB's window (error 1007). */
export const readVersionAgeMaxMs = 5_000;

/** Watches one open engine holds at most: FoundationDB's default (error 1032). */
export const watchesMax = 10_000;

/** Longest entity name, in UTF-8 bytes. */
export const entityNameBytesMax = 64;

/** Records one `createMany`, `putMany`, `deleteMany` or `getMany` takes: well inside a transaction's bytes and time. */
export const batchRecordsMax = 1_000;

/** Records one `list` returns: more belongs in a scan or in pages. */
export const listRecordsMax = 10_000;

/** Records of one page. */
export const pageSizeMax = 1_000;

/** Rows asked for at once by a scan, and records fetched together through an index. */
export const scanBatchRowsMax = 1_000;

/** Age at which a scan moves to a fresh read version: inside `readVersionAgeMaxMs`, leaving time for one batch. */
export const scanReadVersionAgeMaxMs = 4_000;

/** Time after which a cursor is refused. */
export const cursorAgeMaxMs = 86_400_000;

/** Longest cursor looked at, in characters: the longest key and its seal, in base64url. */
export const cursorCharsMax = 2_640;
