/** Counts as they are stored: one or more in one little-endian integer, so that one atomic addition changes all of them. */
import { tenantryError } from "../../errors/index.js";

const bytesEach = 8;
const word = 2 ** 32;

/**
 * Counts as one integer of 64 bits each, the first in its highest. A negative one borrows from that before it, so adding
 * two such integers adds their counts, one by one.
 */
export function encodeCounts(counts: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(bytesEach * counts.length);
  const view = new DataView(bytes.buffer);
  let borrow = 0;
  for (let n = counts.length - 1, at = 0; n >= 0; n--, at += bytesEach) {
    const count = (counts[n] ?? 0) - borrow;
    const high = Math.floor(count / word);
    view.setUint32(at, count - high * word, true);
    view.setInt32(at + 4, high, true);
    borrow = count < 0 ? 1 : 0;
  }
  return bytes;
}

/** Stored counts, so many; absent ones being zero. @throws QUOTA_CORRUPT */
export function decodeCounts(bytes: Uint8Array | undefined, length: number): number[] {
  const counts = new Array<number>(length).fill(0);
  if (bytes === undefined) return counts;
  if (bytes.length !== bytesEach * length) throw tenantryError("QUOTA_CORRUPT", { part: "count" });
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let borrow = 0;
  for (let n = length - 1, at = 0; n >= 0; n--, at += bytesEach) {
    const stored = view.getInt32(at + 4, true) * word + view.getUint32(at, true);
    const count = stored + borrow;
    if (!Number.isSafeInteger(count)) throw tenantryError("QUOTA_CORRUPT", { part: "count" });
    counts[n] = count;
    borrow = stored < 0 ? 1 : 0;
  }
  return counts;
}
