/** Checksums of stored values: what tells that a value's bytes, and the key it lies under, are those that were written. */
import { crc32 } from "node:zlib";

/** Bytes of the checksum behind each value. Behind, so that the value itself begins where LMDB's node data does. */
export const checksumBytes = 4;

/** What is said of a value that does not have its checksum. */
export const damagedValue = "a value does not have its checksum";

/**
 * Hashes the bytes from `begin` to `end` to a signed integer of 32 bits, beginning with those of `seed`. It takes a view
 * because four bytes are one load of a view's, and half of the hash's time are loads.
 */
export type Hash = (bytes: DataView, begin: number, end: number, seed: number) => number;

/** A view of the memory that bytes lie in, from their first one on. */
export const viewFrom = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);

/** The checksum of a value under its key: a value under another key does not pass. */
export class Checksum {
  readonly #key: Hash;
  readonly #value: Hash;

  /** The hash of the key is the seed of the value's. */
  constructor(key: Hash, value: Hash) {
    this.#key = key;
    this.#value = value;
  }

  /** Writes the checksum into the last bytes of `stored`, which are left for it. */
  seal(key: Uint8Array, stored: Uint8Array): void {
    const end = stored.length - checksumBytes;
    const view = viewFrom(stored);
    view.setInt32(end, this.#value(view, 0, end, this.#key(viewFrom(key), 0, key.length, 0)), true);
  }

  /** Whether what is stored from `begin` to `end`, the checksum included, is what was sealed under that key. */
  holds(key: DataView, keyBegin: number, keyEnd: number, stored: DataView, begin: number, storedEnd: number): boolean {
    const end = storedEnd - checksumBytes;
    if (end < begin) return false;
    return stored.getInt32(end, true) === this.#value(stored, begin, end, this.#key(key, keyBegin, keyEnd, 0));
  }
}

const fnv1a: Hash = (bytes, begin, end) => {
  let hash = 0x811c9dc5;
  for (let at = begin; at < end; at++) hash = Math.imul(hash ^ bytes.getUint8(at), 0x01000193);
  return hash | 0;
};

// An empty value may lie nowhere, and zlib answers 0 for nowhere, whatever the seed.
const crc32From: Hash = ({ buffer, byteOffset }, begin, end, seed) =>
  begin === end ? seed : crc32(new Uint8Array(buffer, byteOffset + begin, end - begin), seed >>> 0) | 0;

/**
 * MurmurHash3 for x86 in 32 bits. Each step is reversible, so a change within one word of four bytes never goes
 * unseen. For a record of 100 bytes it takes a sixth of the time of zlib's CRC-32, most of which is the call.
 */
export const murmurHash3: Hash = (bytes, begin, end, seed) => {
  let hash = seed | 0;
  let at = begin;
  for (const whole = end - 3; at < whole; at += 4) {
    hash ^= scrambled(bytes.getInt32(at, true));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (at < end) {
    let tail = 0;
    for (let last = end - 1; last >= at; last--) tail = (tail << 8) | bytes.getUint8(last);
    hash ^= scrambled(tail);
  }
  hash ^= end - begin;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
};

function scrambled(bits: number): number {
  const mixed = Math.imul(bits, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

/** FNV-1a of the key and CRC-32 of the value: in stores of format 1, and of every store's own record. */
export const crc = new Checksum(fnv1a, crc32From);

/** MurmurHash3 of both: in stores of format 2. */
export const murmur = new Checksum(murmurHash3, murmurHash3);

/** The checksum of the rows of a store. */
export const checksumOfFormat = (format: number): Checksum => (format === 1 ? crc : murmur);
