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
export { isSplit } from "./split.js";
export { type ChunkDefect, verifyChunks, wholeOrDefect } from "./verify.js";
