/** Range reads of a snapshot as a cluster of one shard answers them: selectors, limits, batches of bounded bytes. */
import type { RowVisitor, ValueVisitor, VisitResult } from "../../engine.js";
import type { Snapshot } from "../store.js";
import { allKeysEnd, compareBytes, firstKey, keyAfter, userKeysEnd } from "./bounds.js";
import { type Budget, isDirect, type RangeRead, type Row, type Selector } from "./selection.js";

/** A reply's bytes at most, and what each row of it counts besides its key and value. */
export const replyBytesMax = 80_000;
const replyRowBytes = 24;

/**
 * A cluster keeps some of its own keys after the users': selectors that run past the last user key land on them,
 * which decides how far such a read reaches. These stand for them.
 */
const systemRows: readonly Row[] = Array.from({ length: 256 }, (_, i) => [
  Uint8Array.from(Buffer.from(`\xff\x02/system/${String(i).padStart(4, "0")}`, "latin1")),
  new Uint8Array(24),
]);

interface Reply {
  readonly rows: Row[];
  readonly more: boolean;
}

/** Where a selector leads: a key, or off one of the ends. */
type Landing = Uint8Array | "before" | "past";

export class SnapshotReader {
  readonly #snapshot: () => Snapshot;

  /** `snapshot` gives the open snapshot, or throws 1007 when it is too old. */
  constructor(snapshot: () => Snapshot) {
    this.#snapshot = snapshot;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#snapshot().get(key);
  }

  /** Shows the value of a key, in place where the snapshot can; whether there is one. */
  show(key: Uint8Array, visit: ValueVisitor): boolean {
    const snapshot = this.#snapshot();
    if (snapshot.show !== undefined) return snapshot.show(key, visit);
    const value = snapshot.get(key);
    if (value === undefined) return false;
    visit(value, 0, value.length);
    return true;
  }

  /** Shows a batch of the users' rows of `[begin, end)` in place; undefined when the snapshot cannot. */
  visit(
    begin: Uint8Array,
    end: Uint8Array,
    budget: Budget,
    reverse: boolean,
    visit: RowVisitor,
  ): VisitResult | undefined {
    const snapshot = this.#snapshot();
    if (snapshot.visit === undefined) return undefined;
    if (budget.isReached || compareBytes(begin, end) >= 0) return { rows: 0, more: false, last: undefined };
    let rows = 0;
    const counted: RowVisitor = (key, keyBegin, keyEnd, value, valueBegin, valueEnd) => {
      rows += 1;
      visit(key, keyBegin, keyEnd, value, valueBegin, valueEnd);
    };
    const bounds = {
      reverse,
      rowsMax: budget.limitsRows ? budget.rows : Number.POSITIVE_INFINITY,
      bytesMax: budget.limitsBytes ? budget.bytes : Number.POSITIVE_INFINITY,
    };
    const last = snapshot.visit(begin, end, bounds, counted);
    return { rows, more: last !== undefined, last };
  }

  /** All rows of `[begin, end)`. */
  all(begin: Uint8Array, end: Uint8Array): Row[] {
    return [...this.#rows(begin, end, false)];
  }

  #rows(begin: Uint8Array, end: Uint8Array, reverse: boolean): Iterable<Row> {
    if (compareBytes(end, userKeysEnd) > 0) return this.#rowsWithSystem(begin, end, reverse);
    return compareBytes(begin, end) < 0 ? this.#snapshot().rows(begin, end, reverse) : [];
  }

  *#rowsWithSystem(begin: Uint8Array, end: Uint8Array, reverse: boolean): Generator<Row, void, undefined> {
    const own = systemRows.filter(([key]) => compareBytes(key, begin) >= 0 && compareBytes(key, end) < 0);
    if (reverse) yield* own.toReversed();
    yield* this.#rows(begin, userKeysEnd, reverse);
    if (!reverse) yield* own;
  }

  #reply(begin: Uint8Array, end: Uint8Array, reverse: boolean, rowsMax: number, bytesMax: number): Reply {
    const rows: Row[] = [];
    let bytes = bytesMax;
    for (const row of this.#rows(begin, end, reverse)) {
      rows.push(row);
      bytes -= replyRowBytes + row[0].length + row[1].length;
      if (rows.length === rowsMax || bytes <= 0) return { rows, more: true };
    }
    return { rows, more: false };
  }

  #land({ key, offset }: Selector): Landing {
    let left = offset;
    if (offset > 0) {
      for (const [found] of this.#rows(key, allKeysEnd, false)) if (--left === 0) return found;
      return "past";
    }
    for (const [found] of this.#rows(firstKey, key, true)) if (left++ === 0) return found;
    return "before";
  }

  /** The key a selector leads to, clamped to the ends of the keyspace. */
  key(wanted: Selector): Uint8Array {
    const landing = this.#land(wanted);
    if (landing === "past") return allKeysEnd;
    return landing === "before" ? firstKey : landing;
  }

  range(begin: Selector, end: Selector, budget: Budget, reverse: boolean): RangeRead {
    const nothing: RangeRead = { rows: [], more: false, toBegin: false, throughEnd: false };
    if (budget.isReached || (begin.offset >= end.offset && compareBytes(begin.key, end.key) >= 0)) return nothing;
    const clampsBegin = begin.key.length === 0 && begin.offset < 1;
    const toBegin = clampsBegin;
    if (end.key.length === 0 && end.offset <= 1) return { ...nothing, toBegin };
    const from = clampsBegin ? firstKey : isDirect(begin) ? begin.key : this.#land(begin);
    const to = isDirect(end) ? end.key : this.#land(end);
    if (typeof from === "string" || typeof to === "string") {
      // A single step past the last key still is an answer; further off, the ends are resolved on their own.
      const fallback = from === "before" || to === "before" || !this.#endsAtLast(begin, from, end, to);
      if (fallback) return this.#clamped(begin, end, budget, reverse);
    }
    const first = typeof from === "string" ? allKeysEnd : from;
    const last = typeof to === "string" ? allKeysEnd : to;
    return { ...this.#batches(first, last, budget.copy(), reverse), toBegin, throughEnd: false };
  }

  #endsAtLast(begin: Selector, from: Landing, end: Selector, to: Landing): boolean {
    const single = (wanted: Selector, landing: Landing): boolean =>
      landing !== "past" || this.#land({ key: wanted.key, offset: wanted.offset - 1 }) !== "past";
    return single(begin, from) && single(end, to);
  }

  /** Both ends resolved and clamped first: what a read does whose selectors leave the keyspace. */
  #clamped(begin: Selector, end: Selector, budget: Budget, reverse: boolean): RangeRead {
    const from = isDirect(begin) ? begin.key : this.key(begin);
    const to = isDirect(end) ? end.key : this.key(end);
    if (compareBytes(from, to) >= 0) return { rows: [], more: false, toBegin: false, throughEnd: false };
    const left = budget.copy();
    const { rows, more: stopped } = this.#batches(from, to, left, reverse);
    const last = rows[rows.length - 1];
    const complete = reverse && !left.isReached && last !== undefined && compareBytes(last[0], from) === 0;
    const more = stopped && !complete;
    return {
      rows,
      more,
      toBegin: from.length === 0 && !(reverse && more),
      throughEnd: compareBytes(to, allKeysEnd) === 0 && !(!reverse && more),
    };
  }

  #batches(begin: Uint8Array, end: Uint8Array, budget: Budget, reverse: boolean): Reply {
    let [from, to] = [begin, end];
    const rows: Row[] = [];
    for (;;) {
      if (compareBytes(from, to) >= 0) return { rows, more: false };
      const rowsMax = budget.bytes === 0 ? budget.minRows : budget.limitsRows ? budget.rows : replyBytesMax;
      const bytesMax = budget.limitsBytes && budget.bytes !== 0 ? Math.min(replyBytesMax, budget.bytes) : replyBytesMax;
      const reply = this.#reply(from, to, reverse, Math.min(replyBytesMax, rowsMax), bytesMax);
      for (const row of reply.rows) {
        budget.take(row);
        rows.push(row);
      }
      if (budget.isReached || !reply.more || budget.isSatisfied) {
        return { rows, more: budget.isReached || reply.more };
      }
      const last = rows[rows.length - 1];
      if (last === undefined) return { rows, more: false };
      if (reverse) to = last[0];
      else from = keyAfter(last[0]);
    }
  }
}
