/** A transaction's own view: reads that see its pending writes, over a snapshot that is read once. */
import { EngineError } from "../../error.js";
import { compareBytes, equalBytes, firstKey, keyAfter, userKeysEnd } from "../reading/bounds.js";
import {
  Budget,
  firstAtOrAfter,
  isDirect,
  type RangeRead,
  type Row,
  type Selector,
  unlimited,
} from "../reading/selection.js";
import { SnapshotCache } from "../reading/snapshot-cache.js";
import type { SnapshotReader } from "../reading/snapshot-reader.js";
import { MergedCursor } from "./merged-cursor.js";
import { valueOver } from "./operation-stack.js";
import { readBackward } from "./range-backward.js";
import { readForward } from "./range-forward.js";
import type { ViewSource } from "./view-source.js";
import { WriteMap } from "./write-map.js";

const copied = (value: Uint8Array | undefined): Uint8Array | undefined => value && new Uint8Array(value);

/** Whether a read of `rows` leaves nothing of its budget. */
const isUsedUp = (budget: Budget, rows: readonly Row[]): boolean => {
  const left = budget.copy();
  for (const row of rows) left.take(row);
  return left.isReached;
};

export class View {
  readonly writes = new WriteMap();
  /** Reads what a versionstamp may change as if it did not. */
  bypassUnreadable = false;
  readonly #reader: SnapshotReader;
  /** Made by the first read. */
  #known: SnapshotCache | undefined;
  #nothing: WriteMap | undefined;

  constructor(reader: SnapshotReader) {
    this.#reader = reader;
  }

  get #cache(): SnapshotCache {
    this.#known ??= new SnapshotCache((begin, end) => this.#reader.all(begin, end));
    return this.#known;
  }

  /** What reads see that pass the transaction's own writes by. */
  get #noWrites(): WriteMap {
    this.#nothing ??= new WriteMap();
    return this.#nothing;
  }

  #source(writes: WriteMap): ViewSource {
    const source: ViewSource = {
      cache: this.#cache,
      cursor: () => new MergedCursor(this.#cache.cursor(), writes.cursor(), this.bypassUnreadable),
      read: (begin, end, budget, reverse) => this.#reader.range(begin, end, budget, reverse),
      key: (wanted, at) => this.#key(source, wanted, at),
    };
    return source;
  }

  #read(key: Uint8Array): Uint8Array | undefined {
    const value = this.#reader.get(key);
    this.#cache.addKey(key);
    return value;
  }

  /** The value of `key`; without `own`, as if nothing was written. */
  get(key: Uint8Array, own: boolean): Uint8Array | undefined {
    if (!own || this.writes.empty) return this.#read(key);
    const at = this.writes.cursor();
    at.skip(key);
    if (at.isUnreadable && !this.bypassUnreadable) throw new EngineError(1036);
    switch (at.kind) {
      case "unmodified":
        return this.#read(key);
      case "cleared":
        return undefined;
      case "independent":
        return copied(valueOver(at.entry.stack, undefined));
      case "dependent":
        return copied(valueOver(at.entry.stack, at.isKnown ? undefined : this.#read(key)));
    }
  }

  /** Whether the value of `key` is known without reading the snapshot. */
  knows(key: Uint8Array): boolean {
    const at = this.writes.cursor();
    at.skip(key);
    return at.kind === "cleared" || at.kind === "independent" || !this.#cache.isUnknown(key, keyAfter(key));
  }

  /** The key a selector leads to, clamped to the first key and the end of the users' keys; not to be changed. */
  key(wanted: Selector, own: boolean): Uint8Array {
    const source = this.#source(own ? this.writes : this.#noWrites);
    return this.#key(source, wanted, source.cursor());
  }

  #key(source: ViewSource, wanted: Selector, at: MergedCursor): Uint8Array {
    const one = new Budget(1, unlimited);
    if (wanted.offset > 0) {
      const { rows, toBegin, throughEnd } = readForward(source, wanted, firstAtOrAfter(userKeysEnd), one, at);
      if (toBegin) return firstKey;
      const key = rows[0]?.[0];
      return throughEnd || key === undefined ? userKeysEnd : key;
    }
    const next = { key: wanted.key, offset: wanted.offset + 1 };
    const { rows, toBegin, throughEnd } = readBackward(source, firstAtOrAfter(firstKey), next, one, at);
    if (throughEnd) return userKeysEnd;
    const key = rows[0]?.[0];
    return toBegin || key === undefined ? firstKey : key;
  }

  range(begin: Selector, end: Selector, budget: Budget, reverse: boolean, own: boolean): RangeRead {
    return this.#fresh(begin, end, budget, reverse, own) ?? this.#merged(begin, end, budget, reverse, own);
  }

  #merged(begin: Selector, end: Selector, budget: Budget, reverse: boolean, own: boolean): RangeRead {
    const source = this.#source(own ? this.writes : this.#noWrites);
    const read = reverse ? readBackward(source, begin, end, budget) : readForward(source, begin, end, budget);
    // These rows are kept: what is handed out is the caller's own.
    return { ...read, rows: read.rows.map(([key, value]) => [new Uint8Array(key), new Uint8Array(value)]) };
  }

  /** The short way for what neither was read nor written yet: one read of the snapshot is the answer. */
  #fresh(begin: Selector, end: Selector, budget: Budget, reverse: boolean, own: boolean): RangeRead | undefined {
    if (!isDirect(begin) || !isDirect(end) || compareBytes(begin.key, userKeysEnd) >= 0 || end.key.length === 0) {
      return undefined;
    }
    if (own && !this.writes.isUntouched(begin.key, end.key)) return undefined;
    if (!this.#cache.isUnknown(begin.key, end.key)) return undefined;
    const { rows, more } = this.#reader.range(begin, end, budget.copy(), reverse);
    const last = rows[rows.length - 1];
    let [from, to] = [begin.key, end.key];
    if (more && last !== undefined) {
      if (reverse) from = new Uint8Array(last[0]);
      else to = keyAfter(last[0]);
    }
    this.#cache.addRange(from, to);
    const isWhole = equalBytes(from, begin.key) && equalBytes(to, end.key);
    return { rows, more: more && !(isWhole && !isUsedUp(budget, rows)), toBegin: false, throughEnd: false };
  }
}
