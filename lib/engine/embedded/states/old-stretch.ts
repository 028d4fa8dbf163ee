/** Old values of one stretch of time, in one block of memory: written in order, looked up by key only once somebody asks. */
import { afterAllKeys, compareBytes, equalBytes } from "../reading/bounds.js";
import { KeyMap, Place } from "../reading/key-map.js";

/** In front of each: the version it was replaced at, the length of its key, and of its value. */
const headerBytes = 14;
const noValue = 0xffffffff;

/** What a key had until a commit: `value` is undefined when it had none. In memory of the stretch. */
export interface OldValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** The values one key had, oldest first, by where they lie. */
interface Entry {
  readonly key: Uint8Array;
  readonly places: number[];
}

export class OldStretch {
  /** The version of the commit that replaced its first value. */
  readonly since: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #used = 0;
  #last: number;
  /** Closed by an entry that stands for no key; covers the first `#indexed` bytes. */
  #index: KeyMap<Entry> | undefined;
  #indexed = 0;

  constructor(since: number, bytes: number) {
    this.since = since;
    this.#last = since;
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Memory it takes. */
  get bytes(): number {
    return this.#bytes.length;
  }

  /** The version of the commit that replaced its last value. */
  get last(): number {
    return this.#last;
  }

  /** Bytes that a value takes. */
  static needs(keyBytes: number, valueBytes: number): number {
    return headerBytes + keyBytes + valueBytes;
  }

  fits(bytes: number): boolean {
    return this.#used + bytes <= this.#bytes.length;
  }

  /**
   * Adds what `key` had until the commit at `version`, the bytes of `value` from `begin` to `end`; undefined: nothing.
   * Versions never go down.
   */
  add(version: number, key: Uint8Array, value: Uint8Array | undefined, begin: number, end: number): void {
    const at = this.#used;
    this.#last = version;
    this.#view.setFloat64(at, version);
    this.#view.setUint16(at + 8, key.length);
    this.#view.setUint32(at + 10, value === undefined ? noValue : end - begin);
    this.#bytes.set(key, at + headerBytes);
    this.#used = at + headerBytes + key.length;
    if (value === undefined) return;
    this.#bytes.set(value.subarray(begin, end), this.#used);
    this.#used += end - begin;
  }

  /** What `key` had at `version`, when a commit after it replaced that. */
  find(key: Uint8Array, version: number): OldValue | undefined {
    const index = this.#upToDate();
    const place = new Place(0, 0);
    index.floor(key, place);
    const entry = index.at(place);
    return equalBytes(entry.key, key) ? this.#first(entry, version) : undefined;
  }

  #first({ places }: Entry, version: number): OldValue | undefined {
    for (const at of places) if (this.#view.getFloat64(at) > version) return this.#at(at);
    return undefined;
  }

  #at(at: number): OldValue {
    const keyEnd = at + headerBytes + this.#view.getUint16(at + 8);
    const length = this.#view.getUint32(at + 10);
    const key = this.#bytes.subarray(at + headerBytes, keyEnd);
    return { key, value: length === noValue ? undefined : this.#bytes.subarray(keyEnd, keyEnd + length) };
  }

  #upToDate(): KeyMap<Entry> {
    this.#index ??= new KeyMap<Entry>([{ key: afterAllKeys, places: [] }]);
    const place = new Place(0, 0);
    while (this.#indexed < this.#used) {
      const at = this.#indexed;
      const { key, value } = this.#at(at);
      this.#indexed = at + OldStretch.needs(key.length, value?.length ?? 0);
      this.#index.floor(key, place);
      const found = this.#index.at(place);
      if (equalBytes(found.key, key)) found.places.push(at);
      else this.#index.insertAt(place, { key, places: [at] });
    }
    return this.#index;
  }

  /**
   * The first key from `bound` on that has a value for `version`, or (`reverse`) the last before it; undefined when
   * there is none.
   */
  next(bound: Uint8Array, version: number, reverse: boolean): OldValue | undefined {
    const index = this.#upToDate();
    const place = new Place(0, 0);
    index.floor(bound, place);
    if (reverse ? compareBytes(index.at(place).key, bound) >= 0 : compareBytes(index.at(place).key, bound) < 0) {
      if (reverse && place.chunk === 0 && place.index === 0) return undefined;
      if (reverse) index.previous(place);
      else index.next(place);
    }
    for (;;) {
      const entry = index.at(place);
      if (entry.places.length === 0) return undefined;
      const found = this.#first(entry, version);
      if (found !== undefined) return found;
      if (reverse && place.chunk === 0 && place.index === 0) return undefined;
      if (reverse) index.previous(place);
      else index.next(place);
    }
  }
}
