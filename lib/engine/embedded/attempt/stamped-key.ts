/** Versionstamped keys and values before their commit: where the stamp goes, and which keys may come of it. */
import { EngineError } from "../../error.js";
import { compareBytes, userKeysEnd } from "../reading/bounds.js";
import type { KeyRange } from "../store.js";

const stampBytes = 10;
const offsetBytes = 4;

/** Where in `bytes`, whose last four are the little-endian offset, the stamp goes. Throws 2000 when it does not fit. */
export const stampOffset = (bytes: Uint8Array): number => {
  const room = bytes.length - offsetBytes;
  if (room < 0) throw new EngineError(2000);
  const offset = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(room, true);
  if (offset < 0 || offset + stampBytes > room) throw new EngineError(2000);
  return offset;
};

export interface StampedKey {
  /** The key as it is kept until the commit: the least stamp it may get, and the offset behind. */
  readonly pending: Uint8Array;
  /** The keys that may come of it. */
  readonly range: KeyRange;
}

/** What is known of a versionstamped key: its stamp is greater than the read version, when there is one. */
export const stampedKey = (key: Uint8Array, readVersion: bigint | undefined): StampedKey => {
  const offset = stampOffset(key);
  const pending = new Uint8Array(key);
  new DataView(pending.buffer).setBigUint64(offset, readVersion === undefined ? 0n : readVersion + 1n);
  new DataView(pending.buffer).setUint16(offset + 8, 0);
  const begin = pending.slice(0, -offsetBytes);
  const last = pending.slice(0, 1 - offsetBytes);
  last.fill(0xff, offset, offset + stampBytes);
  last[last.length - 1] = 0;
  return { pending, range: { begin, end: compareBytes(last, userKeysEnd) < 0 ? last : userKeysEnd } };
};
