/** How a row lies in LMDB: a byte before the key, a checksum after the value. */
import { crc32 } from "node:zlib";
import { tenantryError } from "../../../errors/index.js";
import type { RowVisitor } from "../../engine.js";

/** First byte of every key: LMDB takes no empty key, and the store keeps records of its own beside the rows. */
const recordPrefix = 0;
const rowPrefix = 1;

/** Bytes of the checksum behind each value. Behind, so that the value itself begins where LMDB's node data does. */
const checksumBytes = 4;

/** The key of the store's own record; it is told from rows by identity, so no row can reach it. */
export const storeRecordKey = Uint8Array.of(0);

/** A row's key as LMDB has it. */
export function storedKey(key: Uint8Array): Uint8Array {
  const stored = new Uint8Array(key.length + 1);
  stored[0] = rowPrefix;
  stored.set(key, 1);
  return stored;
}

/** Length of the value in what LMDB has stored. */
export const valueBytesOf = (storedBytes: number): number => Math.max(storedBytes - checksumBytes, 0);

/** A source of memory for copies of rows. */
export type Allocate = (bytes: number) => Uint8Array;

/** Memory of their own for keys and values that leave the store one by one. */
export const allocateAlone: Allocate = (bytes) => new Uint8Array(bytes);

const arenaBytesMin = 1_024;
const arenaBytesMax = 65_536;

/**
 * Memory for the rows of one range read, cut from shared blocks: copying a 200-byte value into one is six times
 * cheaper than into a buffer of its own. Rows of different reads never share a block.
 */
export function allocateTogether(): Allocate {
  let blockBytes = arenaBytesMin;
  let block = new Uint8Array(0);
  let used = 0;
  return (bytes) => {
    if (bytes > arenaBytesMax >>> 2) return new Uint8Array(bytes);
    if (used + bytes > block.length) {
      block = new Uint8Array(Math.max(blockBytes, bytes));
      blockBytes = Math.min(blockBytes * 2, arenaBytesMax);
      used = 0;
    }
    used += bytes;
    return block.subarray(used - bytes, used);
  };
}

/** FNV-1a over a key, as the seed of its value's checksum: a value under another key does not pass. */
function keySeed(key: Uint8Array): number {
  let seed = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) seed = Math.imul(seed ^ (key[i] ?? 0), 0x01000193);
  return seed >>> 0;
}

/** CRC-32 of a value. An empty one may lie nowhere, and zlib answers 0 for nowhere, whatever the seed. */
const valueChecksum = (value: Uint8Array, seed: number): number => (value.length === 0 ? seed : crc32(value, seed));

function checksumOf(stored: Uint8Array): number {
  const at = stored.length - checksumBytes;
  const low = (stored[at] ?? 0) | ((stored[at + 1] ?? 0) << 8) | ((stored[at + 2] ?? 0) << 16);
  return (low | ((stored[at + 3] ?? 0) << 24)) >>> 0;
}

/** Whether the checksum behind a stored value is that of its bytes under its key (given without its prefix). */
export function checksumHolds(key: Uint8Array, stored: Uint8Array): boolean {
  const length = stored.length - checksumBytes;
  return length >= 0 && checksumOf(stored) === valueChecksum(stored.subarray(0, length), keySeed(key));
}

/** A value with its checksum, as LMDB is to store it. Copies, so that the caller's bytes may change afterwards. */
export function encodeValue(key: Uint8Array, value: Uint8Array, allocate: Allocate): Uint8Array {
  const length = value.length;
  const stored = allocate(length + checksumBytes);
  stored.set(value);
  const checksum = valueChecksum(value, keySeed(key));
  stored[length] = checksum;
  stored[length + 1] = checksum >>> 8;
  stored[length + 2] = checksum >>> 16;
  stored[length + 3] = checksum >>> 24;
  return stored;
}

const nothing = new Uint8Array(0);

/** Keys and values between the store and LMDB, in the shapes lmdb-js takes a key encoder and an encoder in. */
export class RowCodec {
  readonly keyEncoder: {
    writeKey(key: Uint8Array, target: Uint8Array, start: number): number;
    readKey(source: Uint8Array, start: number, end: number): Uint8Array;
  };
  readonly encoder: { encode(stored: Uint8Array): Uint8Array; decode(stored: Uint8Array): Uint8Array };

  #allocate: Allocate = allocateAlone;
  /** Sees the next row in place of a copy being made of it. */
  #visit: RowVisitor | undefined;
  // Where lmdb-js left the key of the row to be visited.
  #key: Uint8Array = nothing;
  #keyBegin = 0;
  #keyEnd = 0;
  // Of the key last written or read: lmdb-js decodes a value right after its key.
  #seed = 0;

  constructor(path: string) {
    this.keyEncoder = {
      writeKey: (key, target, start) => {
        this.#seed = keySeed(key);
        target[start] = key === storeRecordKey ? recordPrefix : rowPrefix;
        target.set(key, start + 1);
        return start + 1 + key.length;
      },
      readKey: (source, start, end) => {
        if (this.#visit !== undefined) return this.#locate(source, start, end);
        const key = this.#allocate(end - start - 1);
        let seed = 0x811c9dc5;
        for (let from = start + 1, to = 0; from < end; from++, to++) {
          const byte = source[from] ?? 0;
          key[to] = byte;
          seed = Math.imul(seed ^ byte, 0x01000193);
        }
        this.#seed = seed >>> 0;
        return key;
      },
    };
    this.encoder = {
      encode: (stored) => stored,
      decode: (stored) => {
        const length = stored.length - checksumBytes;
        const value = stored.subarray(0, length);
        if (length < 0 || checksumOf(stored) !== valueChecksum(value, this.#seed)) {
          throw tenantryError("STORE_CORRUPT", { path, reason: "a value does not have its checksum" });
        }
        const visit = this.#visit;
        if (visit !== undefined) {
          // Whatever else reads from in there is answered by copies.
          this.#visit = undefined;
          visit(this.#key, this.#keyBegin, this.#keyEnd, stored, 0, length);
          return nothing;
        }
        const copy = this.#allocate(length);
        copy.set(value);
        return copy;
      },
    };
  }

  #locate(source: Uint8Array, start: number, end: number): Uint8Array {
    let seed = 0x811c9dc5;
    for (let at = start + 1; at < end; at++) seed = Math.imul(seed ^ (source[at] ?? 0), 0x01000193);
    this.#seed = seed >>> 0;
    this.#key = source;
    this.#keyBegin = start + 1;
    this.#keyEnd = end;
    return nothing;
  }

  /** The next row read is shown to `visit`, and not copied; undefined: rows are copied. */
  visitNext(visit: RowVisitor | undefined): void {
    this.#visit = visit;
  }

  /** From here on, keys and values read are copied into memory of `allocate`. */
  copyInto(allocate: Allocate): void {
    this.#allocate = allocate;
  }
}
