/** Versionstamped keys: where the engine will write its stamp, read from the key's trailing bytes. */

/** Bytes behind the key that say where the stamp goes: 32 bits, little-endian. */
export const stampTrailerBytes = 4;

const STAMP_BYTES = 10;

/**
 * Where in `key` the stamp goes, `base` being added to the place its last 4 bytes name; undefined when the stamp
 * would not end before those bytes. The key has a prefix, so 4 bytes at least.
 */
export function stampAt(key: Uint8Array, base: number): number | undefined {
  const body = key.length - stampTrailerBytes;
  const at = base + new DataView(key.buffer, key.byteOffset, key.length).getUint32(body, true);
  return at + STAMP_BYTES > body ? undefined : at;
}

/** `key` with `at` as the place of its stamp; `key` itself is changed. */
export function withStampAt(key: Uint8Array, at: number): Uint8Array {
  new DataView(key.buffer, key.byteOffset, key.length).setUint32(key.length - stampTrailerBytes, at, true);
  return key;
}
