/** What a transaction knows of its snapshot: the ranges it has read. Their rows are read again when they are needed. */
import { afterAllKeys, allKeysEnd, compareBytes, equalBytes, firstKey, keyAfter } from "./bounds.js";
import { KeyMap, Place } from "./key-map.js";
import type { Row } from "./selection.js";

/** Reads all rows of `[begin, end)`. */
export type RowSource = (begin: Uint8Array, end: Uint8Array) => Row[];

/** A range whose rows are known. */
interface Known {
  /** Where it begins. */
  readonly key: Uint8Array;
  readonly end: Uint8Array;
  rows: readonly Row[] | undefined;
}

/** What a segment of the cache is: one row, a known gap, or a range not read yet. */
export type CacheKind = "unknown" | "empty" | "row";

const lowerBound = (rows: readonly Row[], key: Uint8Array, from: number, to: number): number => {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && compareBytes(row[0], key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Walks the segments of a cache. */
export class CacheCursor {
  readonly #known: KeyMap<Known>;
  readonly #source: RowSource;
  readonly #place = new Place(0, 0);
  /** 0: the unknown range before the known one; odd: a gap in it; even: its row. */
  #step = 0;

  constructor(known: KeyMap<Known>, source: RowSource) {
    this.#known = known;
    this.#source = source;
  }

  get #entry(): Known {
    return this.#known.at(this.#place);
  }

  get #rows(): readonly Row[] {
    const entry = this.#entry;
    entry.rows ??= this.#source(entry.key, entry.end);
    return entry.rows;
  }

  #rowAt(step: number): Row {
    const row = this.#rows[step >> 1];
    if (row === undefined) throw new RangeError("There is no such row in the range.");
    return row;
  }

  get kind(): CacheKind {
    if (this.#step === 0) return "unknown";
    return this.#step % 2 === 1 ? "empty" : "row";
  }

  /** The row it stands on (only when `kind` is "row"). */
  get row(): Row {
    return this.#rowAt(this.#step - 2);
  }

  /** The rows from the one it stands on to the one `other`, further on in the same range, stands on. */
  rowsTo(other: CacheCursor): readonly Row[] {
    return this.#rows.slice((this.#step - 2) >> 1, other.#step >> 1);
  }

  get begin(): Uint8Array {
    if (this.#step === 0) return this.#known.before(this.#place).end;
    if (this.#step === 1) return this.#entry.key;
    const [key] = this.#rowAt(this.#step - 2);
    return this.#step % 2 === 1 ? keyAfter(key) : key;
  }

  get end(): Uint8Array {
    const entry = this.#entry;
    if (this.#step === 0) return entry.key;
    if (this.#step === 2 * this.#rows.length + 1) return entry.end;
    const [key] = this.#rowAt(this.#step - 1);
    return this.#step % 2 === 0 ? keyAfter(key) : key;
  }

  next(): void {
    const { end } = this;
    do {
      this.#step++;
      if (this.#step === 2 * (this.#rows.length + 1)) {
        this.#step = 0;
        this.#known.next(this.#place);
      }
    } while (equalBytes(this.end, end));
  }

  previous(): void {
    const { begin } = this;
    do {
      this.#step--;
      if (this.#step < 0) {
        this.#known.previous(this.#place);
        this.#step = 2 * this.#rows.length + 1;
      }
    } while (equalBytes(this.begin, begin));
  }

  /** Moves to the segment that holds `key`. */
  skip(key: Uint8Array): void {
    this.#known.floor(key, this.#place);
    const entry = this.#entry;
    if (compareBytes(key, entry.end) >= 0) {
      this.#step = 0;
      this.#known.next(this.#place);
      return;
    }
    const rows = this.#rows;
    const index = lowerBound(rows, key, 0, rows.length);
    const found = rows[index];
    this.#step = 2 * index + 1 + (found !== undefined && equalBytes(found[0], key) ? 1 : 0);
  }

  /** Moves on to the last row of this range before `key`. Stands on a row. */
  skipRows(key: Uint8Array): void {
    const rows = this.#rows;
    this.#step = 2 * lowerBound(rows, key, this.#step >> 1, rows.length);
  }

  /** Moves back to the first row of this range at or after `key`. Stands on a row. */
  skipRowsBack(key: Uint8Array): void {
    this.#step = 2 * lowerBound(this.#rows, key, 0, (this.#step >> 1) - 1) + 2;
  }

  copy(): CacheCursor {
    const copy = new CacheCursor(this.#known, this.#source);
    copy.#place.chunk = this.#place.chunk;
    copy.#place.index = this.#place.index;
    copy.#step = this.#step;
    return copy;
  }

  equals(other: CacheCursor): boolean {
    return this.#step === other.#step && this.#place.equals(other.#place);
  }
}

export class SnapshotCache {
  readonly #source: RowSource;
  /** Always framed by an empty range at the first key and one after the last. */
  readonly #known = new KeyMap<Known>([
    { key: firstKey, end: firstKey, rows: [] },
    { key: allKeysEnd, end: afterAllKeys, rows: [] },
  ]);
  /** Single keys read and not yet entered: most transactions never ask. */
  #pending: Uint8Array[] = [];

  constructor(source: RowSource) {
    this.#source = source;
  }

  cursor(): CacheCursor {
    this.#enterPending();
    return new CacheCursor(this.#known, this.#source);
  }

  /** Notes that `key` was read. */
  addKey(key: Uint8Array): void {
    this.#pending.push(key);
  }

  #enterPending(): void {
    if (this.#pending.length === 0) return;
    const keys = this.#pending;
    this.#pending = [];
    const place = new Place(0, 0);
    for (const key of keys) {
      this.#known.floor(key, place);
      if (compareBytes(key, this.#known.at(place).end) < 0) continue;
      this.#known.insert({ key, end: keyAfter(key), rows: undefined });
    }
  }

  /** Whether nothing of `[begin, end)` was read yet. */
  isUnknown(begin: Uint8Array, end: Uint8Array): boolean {
    this.#enterPending();
    const place = new Place(0, 0);
    this.#known.floor(begin, place);
    return compareBytes(this.#known.at(place).end, begin) <= 0 && compareBytes(end, this.#known.after(place).key) <= 0;
  }

  /**
   * Notes that `[begin, end)` was read and holds `rows` (undefined: read them again when they are asked for). What
   * was known of it stays; one range takes the place of those between.
   */
  addRange(begin: Uint8Array, end: Uint8Array, rows?: readonly Row[]): void {
    if (compareBytes(begin, end) >= 0) return;
    this.#enterPending();
    const place = new Place(0, 0);
    this.#known.floor(begin, place);
    const before = this.#known.at(place);
    // A known range that holds `begin` is kept, unless it begins there: then the new one takes its place.
    const kept = compareBytes(begin, before.end) < 0 && !equalBytes(before.key, begin);
    const from = kept ? before.end : begin;
    this.#known.floor(end, place);
    const last = this.#known.at(place);
    const to = compareBytes(end, last.end) < 0 ? last.key : end;
    if (compareBytes(from, to) >= 0) return;
    const held = rows?.slice(lowerBound(rows, from, 0, rows.length), lowerBound(rows, to, 0, rows.length));
    this.#known.remove(from, to);
    this.#known.insert({ key: from, end: to, rows: held });
  }
}
