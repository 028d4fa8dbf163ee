/** An ordered map from keys to entries: chunks of a sorted array, so that an insert costs O(log n) and a short move. */
import { EngineError } from "../../error.js";
import { compareBytes } from "./bounds.js";

export interface Keyed {
  readonly key: Uint8Array;
}

const chunkEntriesMax = 128;

/** A place in a {@link KeyMap}; any change of the map makes it void. */
export class Place {
  chunk: number;
  index: number;

  constructor(chunk: number, index: number) {
    this.chunk = chunk;
    this.index = index;
  }

  copy(): Place {
    return new Place(this.chunk, this.index);
  }

  equals(other: Place): boolean {
    return this.chunk === other.chunk && this.index === other.index;
  }
}

export class KeyMap<E extends Keyed> {
  readonly #chunks: E[][];
  /** Where the last look-up or insert ended: keys often come in order. */
  readonly #hint = new Place(0, 0);

  /** `entries` in key order; there is always at least one. */
  constructor(entries: readonly [E, ...E[]]) {
    this.#chunks = [[...entries]];
  }

  at(place: Place): E {
    const entry = this.#chunks[place.chunk]?.[place.index];
    if (entry === undefined) throw new EngineError(4100);
    return entry;
  }

  /** The entry after the one at `place`. */
  after(place: Place): E {
    const next = this.#chunks[place.chunk]?.[place.index + 1] ?? this.#chunks[place.chunk + 1]?.[0];
    if (next === undefined) throw new EngineError(4100);
    return next;
  }

  /** The entry before the one at `place`. */
  before(place: Place): E {
    const chunk = place.index > 0 ? this.#chunks[place.chunk] : this.#chunks[place.chunk - 1];
    const previous = place.index > 0 ? chunk?.[place.index - 1] : chunk?.[chunk.length - 1];
    if (previous === undefined) throw new EngineError(4100);
    return previous;
  }

  next(place: Place): void {
    place.index++;
    if (place.index >= (this.#chunks[place.chunk]?.length ?? 0)) {
      place.chunk++;
      place.index = 0;
    }
  }

  previous(place: Place): void {
    place.index--;
    if (place.index < 0) {
      place.chunk--;
      place.index = (this.#chunks[place.chunk]?.length ?? 0) - 1;
    }
  }

  /** Moves `place` to the last entry whose key is at most `key` (the first entry, when all are greater). */
  floor(key: Uint8Array, place: Place): void {
    const { chunk: hintChunk, index: hintIndex } = this.#hint;
    if (!this.#isFloor(key, hintChunk, hintIndex)) this.#search(key);
    place.chunk = this.#hint.chunk;
    place.index = this.#hint.index;
  }

  #isFloor(key: Uint8Array, chunk: number, index: number): boolean {
    const entry = this.#chunks[chunk]?.[index];
    if (entry === undefined || compareBytes(entry.key, key) > 0) return false;
    const next = this.#chunks[chunk]?.[index + 1] ?? this.#chunks[chunk + 1]?.[0];
    return next === undefined || compareBytes(next.key, key) > 0;
  }

  #search(key: Uint8Array): void {
    let low = 0;
    let high = this.#chunks.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const first = this.#chunks[middle]?.[0];
      if (first !== undefined && compareBytes(first.key, key) <= 0) low = middle;
      else high = middle;
    }
    const chunk = this.#chunks[low] ?? [];
    let from = 0;
    let to = chunk.length;
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      const entry = chunk[middle];
      if (entry !== undefined && compareBytes(entry.key, key) <= 0) from = middle;
      else to = middle;
    }
    this.#hint.chunk = low;
    this.#hint.index = from;
  }

  /** Adds `entry`, in the place of the one with its key if there is one. */
  insert(entry: E): void {
    const place = new Place(0, 0);
    this.floor(entry.key, place);
    this.insertAt(place, entry);
  }

  /** As {@link insert}, when `place` is already the floor of the entry's key. */
  insertAt(place: Place, entry: E): void {
    const chunk = this.#chunks[place.chunk];
    const found = chunk?.[place.index];
    if (chunk === undefined || found === undefined) throw new EngineError(4100);
    const order = compareBytes(found.key, entry.key);
    if (order === 0) {
      chunk[place.index] = entry;
      return;
    }
    const index = order < 0 ? place.index + 1 : place.index;
    chunk.splice(index, 0, entry);
    this.#hint.chunk = place.chunk;
    this.#hint.index = index;
    if (chunk.length <= chunkEntriesMax) return;
    // Keys that come in order leave full chunks behind them.
    const keep = index === chunk.length - 1 ? chunkEntriesMax : chunkEntriesMax >> 1;
    this.#chunks.splice(place.chunk + 1, 0, chunk.splice(keep));
  }

  /** Removes the entries from `begin` (inclusive) to `end` (exclusive). */
  remove(begin: Uint8Array, end: Uint8Array): void {
    if (compareBytes(begin, end) >= 0) return;
    const place = new Place(0, 0);
    this.floor(begin, place);
    let first = place.chunk;
    const head = this.#chunks[first];
    if (head === undefined) return;
    const from = compareBytes(this.at(place).key, begin) < 0 ? place.index + 1 : place.index;
    const last = new Place(0, 0);
    this.floor(end, last);
    const to = compareBytes(this.at(last).key, end) < 0 ? last.index + 1 : last.index;
    if (last.chunk === first) head.splice(from, to - from);
    else {
      head.splice(from);
      this.#chunks[last.chunk]?.splice(0, to);
      if (head.length > 0) first++;
      const tail = (this.#chunks[last.chunk]?.length ?? 0) > 0 ? last.chunk : last.chunk + 1;
      this.#chunks.splice(first, tail - first);
      return;
    }
    if (head.length === 0 && this.#chunks.length > 1) this.#chunks.splice(first, 1);
  }
}
