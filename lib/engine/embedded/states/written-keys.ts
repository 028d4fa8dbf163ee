/** Which keys a batch of commits wrote, in little memory: what has to be looked up to keep the values it replaced. */
import type { StampedMutations } from "../commit/effects.js";
import { isSingleKey } from "../commit/resolver.js";
import { putStamp } from "../commit/versionstamp.js";
import type { Allocate } from "../lmdb/row-codec.js";
import type { Mutation } from "../store.js";

/** Bytes of a length: no key, and no bound of a range, is as long as that can say. */
const lengthBytes = 2;

/** Keys between two points at which the work may pause. */
const stepKeys = 512;

/** A key, or with `end` a range of keys. */
export interface WrittenRange {
  readonly begin: Uint8Array;
  readonly end: Uint8Array | undefined;
}

const nothing = new Uint8Array(0);

export class WrittenKeys {
  readonly #bytes: Uint8Array;
  #used = 0;
  #hasRanges = false;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The keys that the commits wrote, in memory of `allocate`; found in steps. */
  static *of(commits: readonly StampedMutations[], allocate: Allocate): Generator<void, WrittenKeys, undefined> {
    let bytes = 0;
    let items = 0;
    for (const { mutations } of commits) {
      for (const mutation of mutations) {
        bytes += 2 * lengthBytes + keyBytes(mutation);
        if (++items % stepKeys === 0) yield;
      }
    }
    const written = new WrittenKeys(allocate(bytes));
    for (const { mutations, versionstamp } of commits) {
      for (const mutation of mutations) {
        if (mutation.type === "clearRange") {
          written.#add(mutation.begin, isSingleKey(mutation) ? undefined : mutation.end);
        } else {
          const isStamped = mutation.type === "atomic" && mutation.op === "setVersionstampedKey";
          written.#add(isStamped ? putStamp(mutation.key, versionstamp) : mutation.key, undefined);
        }
        if (++items % stepKeys === 0) yield;
      }
    }
    return written;
  }

  /** Whether ranges are among them. */
  get hasRanges(): boolean {
    return this.#hasRanges;
  }

  #add(begin: Uint8Array, end: Uint8Array | undefined): void {
    this.#put(begin);
    this.#put(end ?? nothing);
    if (end !== undefined) this.#hasRanges = true;
  }

  #put(key: Uint8Array): void {
    this.#bytes[this.#used] = key.length >>> 8;
    this.#bytes[this.#used + 1] = key.length;
    this.#bytes.set(key, this.#used + lengthBytes);
    this.#used += lengthBytes + key.length;
  }

  /** The keys and ranges, in the order they were written; their bytes are not to be changed. */
  *[Symbol.iterator](): Generator<WrittenRange, void, undefined> {
    for (let at = 0; at < this.#used; ) {
      const begin = this.#at(at);
      at += lengthBytes + begin.length;
      const end = this.#at(at);
      at += lengthBytes + end.length;
      // The end of a range is no empty key.
      yield { begin, end: end.length === 0 ? undefined : end };
    }
  }

  #at(place: number): Uint8Array {
    const length = Number(this.#bytes[place]) * 256 + Number(this.#bytes[place + 1]);
    return this.#bytes.subarray(place + lengthBytes, place + lengthBytes + length);
  }
}

const keyBytes = (mutation: Mutation): number =>
  mutation.type === "clearRange" ? mutation.begin.length + mutation.end.length : mutation.key.length;
