/** Bounds of entities, and of records and the batches they are written in. */

/** Bytes of a split record's head, so that a batch of a scan holds ten, and how many an operation completes at once. */
export const splitHeadBytes = 8_000;
export const splitReadsMax = 16;

/** Largest record, encoded: unless its entity says (ours: ten are ten megabytes), and the most it may (one transaction). */
export const recordBytesDefault = 1_000_000;
export const recordBytesLargest = 8_000_000;

/** Entries one record may have in one index over an array: ours, so that a write stays far inside a transaction. */
export const indexElementsMax = 256;

/** Longest entity name, in UTF-8 bytes. */
export const entityNameBytesMax = 64;

/** Records one `createMany`, `putMany`, `deleteMany` or `getMany` takes: well inside a transaction's bytes and time. */
export const batchRecordsMax = 1_000;

/** Fields of an id, of an index or of what it has stored: ours, far above use. */
export const definitionListMax = 1_000;

/** Entities of one database: ours, far above use. */
export const entitiesMax = 10_000;
