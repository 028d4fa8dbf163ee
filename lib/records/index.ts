/** Records: the rows that one record takes in the store, and its value in them. */
export { type BatchReader, forEachBatch } from "./batches.js";
export {
  chunkRange,
  type RecordRows,
  type Row,
  recordRows,
  type WholeValue,
  wholeValue,
  wholeValueSync,
} from "./chunks.js";
export {
  expiryOfRecord,
  type QueuedRecord,
  queuedValue,
  queueKey,
  queueUntil,
  readQueueKey,
  wholeQueue,
} from "./expiry.js";
export { type FoundRecord, recordAt, recordIn } from "./found-record.js";
export { type ExpiryDefect, queueDefect, verifyQueue } from "./queue-check.js";
export { readId, readIdText } from "./record-id.js";
export { isSplit } from "./split.js";
export { isAboutRecord, isDamage, type MayReplace, namingRecord, type RecordError } from "./unreadable.js";
export { type ChunkDefect, chunksDefect, verifyChunks } from "./verify.js";
