/** How a row lies in LMDB: a byte before the key, a checksum after the value. */
import { tenantryError } from "../../../errors/index.js";
import type { ValueVisitor } from "../../engine.js";
import { type Checksum, checksumBytes, crc, damagedValue, viewFrom } from "./checksum.js";

/** First byte of every key: LMDB takes no empty key, and the store keeps records of its own beside the rows. */
const recordPrefix = 0;
const rowPrefix = 1;

/** LMDB's longest key with pages of 8 KiB. */
export const lmdbKeyBytesMax = 4_026;

/** The key of the store's own record; it is told from rows by identity, so no row can reach it. */
export const storeRecordKey = Uint8Array.of(0);

/** Whether a key as LMDB has it is that of the store's own record. */
export const isStoreRecordKey = (stored: Uint8Array): boolean =>
  stored.length === 2 && stored[0] === recordPrefix && stored[1] === storeRecordKey[0];

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

const nothing = new Uint8Array(0);

/** Keys and values between the store and LMDB, in the shapes lmdb-js takes a key encoder and an encoder in. */
export class RowCodec {
  readonly keyEncoder: {
    writeKey(key: Uint8Array, target: Uint8Array, start: number): number;
    readKey(source: Uint8Array, start: number, end: number): Uint8Array;
  };
  readonly encoder: { encode(stored: Uint8Array): Uint8Array; decode(stored: Uint8Array): Uint8Array };
  readonly #path: string;
  #checksum: Checksum = crc;
  #allocate: Allocate = allocateAlone;
  /** Sees the next value read in place of a copy being made of it. */
  #show: ValueVisitor | undefined;
  /** The key last written or read: lmdb-js decodes a value right after its key. */
  #key: Uint8Array = nothing;
  /** What was read last, and a view of it. */
  #viewed: Uint8Array = nothing;
  #view = viewFrom(nothing);
  /** Where keys are copied to be hashed: a view of its own for each would cost more than its hash. */
  readonly #keyView = new DataView(new ArrayBuffer(lmdbKeyBytesMax));

  constructor(path: string) {
    this.#path = path;
    this.keyEncoder = {
      writeKey: (key, target, start) => {
        this.#key = key;
        target[start] = key === storeRecordKey ? recordPrefix : rowPrefix;
        target.set(key, start + 1);
        return start + 1 + key.length;
      },
      readKey: (source, start, end) => {
        const key = this.#allocate(end - start - 1);
        for (let from = start + 1, to = 0; from < end; from++, to++) key[to] = source[from] ?? 0;
        this.#key = key;
        return key;
      },
    };
    this.encoder = {
      encode: (stored) => stored,
      decode: (stored) => {
        const length = stored.length - checksumBytes;
        if (!this.#holds(this.#key, stored)) {
          throw tenantryError("STORE_CORRUPT", { path: this.#path, reason: damagedValue });
        }
        const show = this.#show;
        if (show !== undefined) {
          // Whatever else reads from in there is answered by copies.
          this.#show = undefined;
          show(stored, 0, length);
          return nothing;
        }
        const copy = this.#allocate(length);
        copy.set(stored.subarray(0, length));
        return copy;
      },
    };
  }

  /** The checksum of the rows. That of the store's own record, which says which one it is, never changes. */
  set checksum(checksum: Checksum) {
    this.#checksum = checksum;
  }

  #checksumOf(key: Uint8Array): Checksum {
    return key === storeRecordKey ? crc : this.#checksum;
  }

  #holds(key: Uint8Array, stored: Uint8Array): boolean {
    // lmdb-js reads all values but the longest into the same memory.
    if (stored !== this.#viewed) {
      this.#viewed = stored;
      this.#view = viewFrom(stored);
    }
    for (let at = 0; at < key.length; at++) this.#keyView.setUint8(at, Number(key[at]));
    return this.#checksumOf(key).holds(this.#keyView, 0, key.length, this.#view, 0, stored.length);
  }

  /** A value with its checksum, as LMDB is to store it: a copy, so that the caller's bytes may change afterwards. */
  sealed(key: Uint8Array, value: Uint8Array, allocate: Allocate): Uint8Array {
    const stored = allocate(value.length + checksumBytes);
    stored.set(value);
    this.#checksumOf(key).seal(key, stored);
    return stored;
  }

  /** The next value read is shown to `show`, and not copied; undefined: values are copied. */
  showNext(show: ValueVisitor | undefined): void {
    this.#show = show;
  }

  /** From here on, keys and values read are copied into memory of `allocate`. */
  copyInto(allocate: Allocate): void {
    this.#allocate = allocate;
  }
}
