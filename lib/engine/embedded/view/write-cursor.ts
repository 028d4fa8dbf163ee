/** Walks a transaction's pending writes: keys with operations, and the ranges between them. */
import { equalBytes, isKeyAfter, keyAfter } from "../reading/bounds.js";
import { type KeyMap, Place } from "../reading/key-map.js";
import { isDependent, type OperationStack } from "./operation-stack.js";

/** What holds at a key, and for the keys after it up to the next entry. */
export interface WriteEntry {
  readonly key: Uint8Array;
  readonly stack: OperationStack;
  readonly conflict: boolean;
  readonly unreadable: boolean;
  readonly clearedAfter: boolean;
  readonly conflictAfter: boolean;
  readonly unreadableAfter: boolean;
}

/** What a segment of the write map is. */
export type WriteKind = "unmodified" | "cleared" | "independent" | "dependent";

/** Walks the segments of a write map: keys with operations, and the ranges between them. */
export class WriteCursor {
  readonly #map: KeyMap<WriteEntry>;
  readonly #place = new Place(0, 0);
  /** Whether it stands on the keys after the entry, not on the entry's own. */
  #past = false;

  constructor(map: KeyMap<WriteEntry>) {
    this.#map = map;
  }

  get entry(): WriteEntry {
    return this.#map.at(this.#place);
  }

  /** Moves to the segment that holds `key`. */
  skip(key: Uint8Array): void {
    this.#map.floor(key, this.#place);
    this.#past = this.entry.stack.length === 0 || !equalBytes(this.entry.key, key);
  }

  next(): void {
    if (!this.#past && !isKeyAfter(this.#map.after(this.#place).key, this.entry.key)) {
      this.#past = true;
      return;
    }
    this.#map.next(this.#place);
    this.#past = this.entry.stack.length === 0;
  }

  previous(): void {
    if (this.#past && this.entry.stack.length > 0) {
      this.#past = false;
      return;
    }
    this.#map.previous(this.#place);
    this.#past = this.entry.stack.length === 0 || !isKeyAfter(this.#map.after(this.#place).key, this.entry.key);
  }

  get kind(): WriteKind {
    const { entry } = this;
    if (this.#past) return entry.clearedAfter ? "cleared" : "unmodified";
    return isDependent(entry.stack) ? "dependent" : "independent";
  }

  get isOperation(): boolean {
    return !this.#past;
  }

  /** Whether the key's value needs nothing from the snapshot. */
  get isKnown(): boolean {
    return this.entry.clearedAfter || !isDependent(this.entry.stack);
  }

  get isConflict(): boolean {
    return this.#past ? this.entry.conflictAfter : this.entry.conflict;
  }

  get isUnreadable(): boolean {
    return this.#past ? this.entry.unreadableAfter : this.entry.unreadable;
  }

  /** Whether the segment begins with its entry's key, not after it. */
  get startsAtEntry(): boolean {
    return !this.#past || this.entry.stack.length === 0;
  }

  get begin(): Uint8Array {
    return this.startsAtEntry ? this.entry.key : keyAfter(this.entry.key);
  }

  get end(): Uint8Array {
    return this.#past ? this.#map.after(this.#place).key : keyAfter(this.entry.key);
  }

  /** Where the entry is, until the map changes. */
  get place(): Place {
    return this.#place;
  }

  copy(): WriteCursor {
    const copy = new WriteCursor(this.#map);
    copy.#place.chunk = this.#place.chunk;
    copy.#place.index = this.#place.index;
    copy.#past = this.#past;
    return copy;
  }

  equals(other: WriteCursor): boolean {
    return this.#past === other.#past && this.#place.equals(other.#place);
  }
}
