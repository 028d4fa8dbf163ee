/** Counts as they are stored: 8 bytes, signed, little-endian, as atomic additions take them. */
import { tenantryError } from "../../errors/index.js";

export function encodeCount(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(count), true);
  return bytes;
}

/** A stored count, absent ones being zero. @throws QUOTA_CORRUPT */
export function decodeCount(bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 0;
  if (bytes.length !== 8) throw tenantryError("QUOTA_CORRUPT", { part: "count" });
  const count = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
  if (!Number.isSafeInteger(count)) throw tenantryError("QUOTA_CORRUPT", { part: "count" });
  return count;
}
