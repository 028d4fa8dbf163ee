/** The store's own record: which format it has, and the last version it gave out. */

/** The format of new stores. Older ones stay as they are, and in use; 1: their rows have another checksum. */
export const storeFormat = 2;

export interface StoreRecord {
  readonly format: number;
  readonly version: number;
}

const recordBytes = 12;

export function encodeStoreRecord({ format, version }: StoreRecord): Uint8Array {
  const bytes = new Uint8Array(recordBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, format);
  view.setBigUint64(4, BigInt(version));
  return bytes;
}

/** The record, or undefined when the bytes are none. */
export function decodeStoreRecord(bytes: Uint8Array): StoreRecord | undefined {
  if (bytes.length < recordBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = Number(view.getBigUint64(4));
  return Number.isSafeInteger(version) ? { format: view.getUint32(0), version } : undefined;
}
