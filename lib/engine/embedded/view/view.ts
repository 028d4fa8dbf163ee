/** A transaction's own view: reads that see its pending writes, over a snapshot that is read once. */
import { EngineError } from "../../error.js";
import { compareBytes, firstKey, keyAfter, userKeysEnd } from "../reading/bounds.js";
import { Budget, firstAtOrAfter, isDirect, type RangeRead, type Selector, unlimited } from "../reading/selection.js";
import { SnapshotCache } from "../reading/snapshot-cache.js";
import type { SnapshotReader } from "../reading/snapshot-reader.js";
import { MergedCursor } from "./merged-cursor.js";
import { valueOver } from "./operation-stack.js";
import { readBackward } from "./range-backward.js";
import { readForward } from "./range-forward.js";
import type { ViewSource } from "./view-source.js";
import { WriteMap } from "./write-map.js";

export class View {
  readonly writes = new WriteMap();
  /** Reads what a versionstamp may change as if it did not. */
  bypassUnreadable = false;
  readonly #reader: SnapshotReader;
  readonly #cache: SnapshotCache;
  readonly #noWrites = new WriteMap();

  constructor(reader: SnapshotReader) {
    this.#reader = reader;
    this.#cache = new SnapshotCache((begin, end) => reader.all(begin, end));
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
        return valueOver(at.entry.stack, undefined);
      case "dependent":
        return valueOver(at.entry.stack, at.isKnown ? undefined : this.#read(key));
    }
  }

  /** Whether the value of `key` is known without reading the snapshot. */
  knows(key: Uint8Array): boolean {
    const at = this.writes.cursor();
    at.skip(key);
    return at.kind === "cleared" || at.kind === "independent" || !this.#cache.isUnknown(key, keyAfter(key));
  }

  /** The key a selector leads to, clamped to the first key and the end of the users' keys. */
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
    return reverse ? readBackward(source, begin, end, budget) : readForward(source, begin, end, budget);
  }

  /** The short way for what neither was read nor written yet: one read of the snapshot is the answer. */
  #fresh(begin: Selector, end: Selector, budget: Budget, reverse: boolean, own: boolean): RangeRead | undefined {
    if (!isDirect(begin) || !isDirect(end) || compareBytes(begin.key, userKeysEnd) >= 0 || end.key.length === 0) {
      return undefined;
    }
    if (own && !this.writes.isUntouched(begin.key, end.key)) return undefined;
    if (!this.#cache.isUnknown(begin.key, end.key)) return undefined;
    const read = this.#reader.range(begin, end, budget.copy(), reverse);
    const last = read.rows[read.rows.length - 1];
    const stopped = read.more && last !== undefined;
    this.#cache.addRange(stopped && reverse ? last[0] : begin.key, stopped && !reverse ? keyAfter(last[0]) : end.key);
    return { rows: read.rows, more: read.more, toBegin: false, throughEnd: false };
  }
}
