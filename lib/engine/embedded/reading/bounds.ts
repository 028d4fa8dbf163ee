/** The keys with a meaning of their own: where the users' keyspace and the whole one end. */
export { compareBytes, equalBytes, keyAfter } from "../../../tuple/index.js";

/** The first key of all. */
export const firstKey: Uint8Array = new Uint8Array(0);

/** The end of the users' keys: reads and selectors clamp to it. */
export const userKeysEnd: Uint8Array = Uint8Array.of(0xff);

/** The end of all keys, the system's included. */
export const allKeysEnd: Uint8Array = Uint8Array.of(0xff, 0xff);

/** The key after the end of all: closes the last segment of a map. */
export const afterAllKeys: Uint8Array = Uint8Array.of(0xff, 0xff, 0x00);

/** The one system key that transactions may read, and write with a versionstamped value. */
export const metadataVersionKey: Uint8Array = Uint8Array.from(Buffer.from("\xff/metadataVersion", "latin1"));

/** Whether `later` is the first key after `key`. */
export const isKeyAfter = (later: Uint8Array, key: Uint8Array): boolean => {
  if (later.length !== key.length + 1 || later[key.length] !== 0) return false;
  // Keys that lie near each other differ at their ends.
  for (let i = key.length - 1; i >= 0; i--) if (later[i] !== key[i]) return false;
  return true;
};
