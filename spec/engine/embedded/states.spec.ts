/** Reads at older versions: what each commit left is read for five seconds, whether LMDB keeps it or not. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LmdbStore } from "../../../lib/engine/embedded/lmdb-store.js";
import type { Mutation, Snapshot } from "../../../lib/engine/embedded/store.js";
import { compareBytes } from "../../../lib/tuple/index.js";
import { runs } from "../../runs.js";
import { blind, bytes, clear, everything, openStore, set } from "./temporary-store.js";

/** Rows as text: key, length and bytes of the value. */
type Rows = readonly string[];

const hex = (part: Uint8Array): string => Buffer.from(part).toString("hex");
const rowText = (k: Uint8Array, v: Uint8Array): string => `${hex(k)} ${v.length} ${Buffer.from(v).toString("latin1")}`;

const key = fc.tuple(fc.nat(3), fc.nat(5)).map(([a, b]) => (b === 0 ? Uint8Array.of(a) : Uint8Array.of(a, b)));
const value = fc
  .tuple(fc.constantFrom(0, 1, 40, 300, 5_000, 20_000), fc.nat(255))
  .map(([length, fill]) => new Uint8Array(length).fill(fill));
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(key, value).map(([k, v]) => set(k, v)) },
  { weight: 2, arbitrary: key.map((k) => clear(k, Uint8Array.of(...k, 0))) },
  { weight: 1, arbitrary: fc.tuple(key, key).map(([a, b]) => (compareBytes(a, b) < 0 ? clear(a, b) : clear(b, a))) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(key, value)
      .map(([k, operand]): Mutation => ({ type: "atomic", op: "bitXor", key: k, operand: operand.subarray(0, 8) })),
  },
);

const rowsOf = (snapshot: Snapshot, begin: Uint8Array, end: Uint8Array, reverse: boolean): Rows =>
  [...snapshot.rows(begin, end, reverse)].map(([k, v]) => rowText(k, v));

/** All rows of a range by visits of a few rows each. */
function visited(snapshot: Snapshot, begin: Uint8Array, end: Uint8Array, reverse: boolean, bytesMax: number): Rows {
  const rows: string[] = [];
  const bounds = { reverse, rowsMax: 3, bytesMax };
  let [from, to] = [begin, end];
  for (;;) {
    const last = snapshot.visit?.(from, to, bounds, (k, kb, ke, v, vb, ve) => {
      rows.push(rowText(k.subarray(kb, ke), v.subarray(vb, ve)));
    });
    if (last === undefined) return rows;
    expect(rows.at(-1)?.split(" ")[0]).toBe(hex(last));
    if (reverse) to = last;
    else from = Uint8Array.of(...last, 0);
  }
}

/** What was there when a version was the newest. */
interface Seen {
  readonly version: bigint;
  readonly rows: Rows;
  /** Opened then, and used since. */
  readonly snapshot: Snapshot;
}

function see(store: LmdbStore): Seen {
  const version = store.readVersion();
  const snapshot = store.snapshot(version);
  return { version, snapshot, rows: rowsOf(snapshot, everything.begin, everything.end, false) };
}

function assertSeen(store: LmdbStore, { version, snapshot, rows }: Seen, a: Uint8Array, b: Uint8Array): void {
  const [begin, end] = compareBytes(a, b) < 0 ? [a, b] : [b, a];
  const expected = rows.filter((row) => {
    const k = Buffer.from(row.split(" ", 1)[0] ?? "", "hex");
    return compareBytes(k, begin) >= 0 && compareBytes(k, end) < 0;
  });
  const own = rows.find((row) => row.startsWith(`${hex(a)} `));
  for (const at of [snapshot, store.snapshot(version)]) {
    const found = at.get(a);
    expect(found && rowText(a, found)).toBe(own);
    let shown: string | undefined;
    const isThere = at.show?.(a, (v, from, to) => {
      shown = rowText(a, v.subarray(from, to));
    });
    expect([isThere, shown]).toEqual([own !== undefined, own]);
    expect(rowsOf(at, begin, end, false)).toEqual(expected);
    expect(rowsOf(at, begin, end, true)).toEqual(expected.toReversed());
    for (const bytesMax of [1, 2_000]) {
      expect(visited(at, begin, end, false, bytesMax)).toEqual(expected);
      expect(visited(at, begin, end, true, bytesMax)).toEqual(expected.toReversed());
    }
  }
}

// Versions go by this clock: nothing grows too old, however busy the machine is.
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

test("every version of the last seconds is read as it was, however many commits came since", async () => {
  const commits = fc.array(fc.tuple(fc.array(mutation, { minLength: 1, maxLength: 6 }), key, key), {
    minLength: 40,
    maxLength: 80,
  });
  const property = fc.asyncProperty(commits, fc.infiniteStream(fc.nat()), async (some, dice) => {
    const any = (): number => Number(dice.next().value);
    const store = await openStore();
    const seen: Seen[] = [see(store)];
    // The same commits again and again: more than LMDB keeps the states of.
    for (const [mutations, a, b] of [...some, ...some, ...some, ...some, ...some]) {
      await store.commit(blind(...mutations));
      if (any() % 5 === 0) seen.push(see(store));
      const old = seen[any() % seen.length];
      if (old !== undefined && any() % 8 === 0) assertSeen(store, old, a, b);
    }
    for (const old of seen) assertSeen(store, old, bytes(""), Uint8Array.of(9));
    await store.close();
  });
  await fc.assert(property, { numRuns: runs(3) });
});
