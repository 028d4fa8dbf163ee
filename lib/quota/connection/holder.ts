/** A holder: what is stored of a process that holds connections of a tenant, and until when that counts. */
import { tenantryError } from "../../errors/index.js";

export interface Holder {
  /** The database's time from which the process counts as dead, in milliseconds. */
  readonly expiresAt: number;
  /** Connections it holds. */
  readonly count: number;
}

const FORMAT = 1;

export function encodeHolder({ expiresAt, count }: Holder): Uint8Array {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, FORMAT);
  view.setFloat64(1, expiresAt);
  view.setUint32(9, count);
  return bytes;
}

/** @throws QUOTA_CORRUPT */
export function decodeHolder(bytes: Uint8Array): Holder {
  if (bytes.length !== 13 || bytes[0] !== FORMAT) throw tenantryError("QUOTA_CORRUPT", { part: "holder" });
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { expiresAt: view.getFloat64(1), count: view.getUint32(9) };
}

export const holderCount = (bytes: Uint8Array): number => decodeHolder(bytes).count;
