/** Versionstamps: the ten bytes a commit gives its writes, and putting them into keys and values. */

/** Bytes of a versionstamp: the version, then the order in the batch, both big-endian. */
const stampBytes = 10;
/** Bytes behind a stamped key or value that say where its stamp goes, little-endian. */
const offsetBytes = 4;

/** The versionstamp of the commit that is `order`th in its batch. */
export function versionstampOf(version: number, order: number): Uint8Array {
  const stamp = new Uint8Array(stampBytes);
  // Without a BigInt: every commit has one.
  let rest = version;
  for (let i = 7; i >= 0; i--) {
    stamp[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  stamp[8] = order >>> 8;
  stamp[9] = order;
  return stamp;
}

/** `bytes` without its trailing offset and with the stamp at that offset (which the transaction has checked). */
export function putStamp(bytes: Uint8Array, stamp: Uint8Array): Uint8Array {
  const length = Math.max(bytes.length - offsetBytes, 0);
  const stamped = bytes.slice(0, length);
  const offset = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(length, true);
  stamped.set(stamp, offset);
  return stamped;
}
