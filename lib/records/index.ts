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
export { type ExpiryDefect, queueDefect, verifyQueue } from "./queue-check.js";
export { isSplit } from "./split.js";
export { type ChunkDefect, verifyChunks, wholeOrDefect } from "./verify.js";
