/** Walks a transaction's own view: its pending writes over what it knows of the snapshot. */
import { EngineError } from "../../error.js";
import { compareBytes, keyAfter } from "../reading/bounds.js";
import type { Row } from "../reading/selection.js";
import type { CacheCursor, CacheKind } from "../reading/snapshot-cache.js";
import { valueOver } from "./operation-stack.js";
import type { WriteCursor, WriteKind } from "./write-cursor.js";

const kinds: Readonly<Record<WriteKind, Readonly<Record<CacheKind, CacheKind>>>> = {
  unmodified: { unknown: "unknown", empty: "empty", row: "row" },
  cleared: { unknown: "empty", empty: "empty", row: "empty" },
  independent: { unknown: "row", empty: "row", row: "row" },
  dependent: { unknown: "unknown", empty: "row", row: "row" },
};

export class MergedCursor {
  readonly cache: CacheCursor;
  readonly writes: WriteCursor;
  readonly #bypassUnreadable: boolean;
  /** How the beginning (the end) of the cache's segment lies to that of the writes' segment. */
  #beginOrder = 0;
  #endOrder = 0;

  constructor(cache: CacheCursor, writes: WriteCursor, bypassUnreadable: boolean) {
    this.cache = cache;
    this.writes = writes;
    this.#bypassUnreadable = bypassUnreadable;
  }

  #compare(): void {
    this.#beginOrder = compareBytes(this.cache.begin, this.writes.begin);
    this.#endOrder = compareBytes(this.cache.end, this.writes.end);
  }

  /** What the segment is. Throws 1036 where a versionstamp may land. */
  get kind(): CacheKind {
    if (this.isUnreadable && !this.#bypassUnreadable) throw new EngineError(1036);
    return kinds[this.writes.kind][this.cache.kind];
  }

  get isUnreadable(): boolean {
    return this.writes.isUnreadable;
  }

  get begin(): Uint8Array {
    return this.#beginOrder <= 0 ? this.writes.begin : this.cache.begin;
  }

  get end(): Uint8Array {
    return this.#endOrder <= 0 ? this.cache.end : this.writes.end;
  }

  /** The row it stands on; undefined when an operation leaves the key without a value. */
  get row(): Row | undefined {
    if (this.isUnreadable && !this.#bypassUnreadable) throw new EngineError(1036);
    if (this.writes.kind === "unmodified") return this.cache.row;
    const fresh = this.writes.isKnown || this.cache.kind !== "row";
    const value = valueOver(this.writes.entry.stack, fresh ? undefined : this.cache.row[1]);
    return value === undefined ? undefined : [this.writes.begin, value];
  }

  next(): void {
    const order = this.#endOrder;
    if (order <= 0) this.cache.next();
    if (order >= 0) this.writes.next();
    this.#beginOrder = -order;
    this.#endOrder = compareBytes(this.cache.end, this.writes.end);
  }

  previous(): void {
    const order = this.#beginOrder;
    if (order >= 0) this.cache.previous();
    if (order <= 0) this.writes.previous();
    this.#endOrder = -order;
    this.#beginOrder = compareBytes(this.cache.begin, this.writes.begin);
  }

  skip(key: Uint8Array): void {
    this.cache.skip(key);
    this.writes.skip(key);
    this.#compare();
  }

  /** The row it stands on and those that follow it unbroken, up to `end`; moves to the last of them. */
  takeRows(row: Row, end: Uint8Array): readonly Row[] {
    if (this.writes.kind !== "unmodified") return [row];
    const first = this.cache.copy();
    const bound = this.writes.end;
    this.cache.skipRows(compareBytes(end, bound) < 0 ? end : bound);
    this.#compare();
    return first.rowsTo(this.cache);
  }

  /** The rows before the one it stands on that lead to it unbroken, from `begin` on, and it; moves to the first. */
  takeRowsBack(row: Row, begin: Uint8Array): readonly Row[] {
    if (this.writes.kind !== "unmodified") return [row];
    const last = this.cache.copy();
    const bound = keyAfter(this.writes.begin);
    this.cache.skipRowsBack(compareBytes(begin, bound) > 0 ? begin : bound);
    this.#compare();
    return this.cache.rowsTo(last);
  }

  copy(): MergedCursor {
    const copy = new MergedCursor(this.cache.copy(), this.writes.copy(), this.#bypassUnreadable);
    copy.#beginOrder = this.#beginOrder;
    copy.#endOrder = this.#endOrder;
    return copy;
  }

  equals(other: MergedCursor): boolean {
    return this.cache.equals(other.cache) && this.writes.equals(other.writes);
  }
}
