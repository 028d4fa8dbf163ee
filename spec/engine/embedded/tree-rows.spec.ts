/**
 * Rows shown from the pages of a store's file: those of one state, whatever is committed meanwhile, in trees of any depth.
 * Left out of the quick run.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LmdbStore } from "../../../lib/engine/embedded/lmdb-store.js";
import type { Mutation, Snapshot } from "../../../lib/engine/embedded/store.js";
import { compareBytes } from "../../../lib/tuple/index.js";
import { FakeTime } from "../../observe/fake-time.js";
import { runs } from "../../runs.js";
import { blind, clear, openStore, set, text } from "./temporary-store.js";

/** Rows as text: arrays of byte arrays take their time to compare. */
const row = (key: Uint8Array, value: Uint8Array): string => `${text(key)} ${value.length} ${text(value.subarray(-2))}`;

const keys = 4_000;
/** Long keys, so that few of them make a tree of three levels and more; every 997th value is on pages of its own. */
const keyOf = (n: number): Uint8Array =>
  Buffer.from(
    String(n)
      .padStart(5, "0")
      .padEnd(200 + (n % 50), "-"),
  );
const bytesOf = (n: number, seed: number): Uint8Array =>
  new Uint8Array(n % 997 === 0 ? 9_000 + n : (n * 13) % 90).fill(n + seed);

let store: LmdbStore;

beforeAll(async () => {
  store = await openStore();
  for (let from = 0; from < keys; from += 1_000) {
    const mutations: Mutation[] = [];
    // Out of order, so that pages lie in the file as they come.
    for (let i = from; i < from + 1_000; i++) {
      const n = (i * 3_001) % keys;
      mutations.push(set(keyOf(n), bytesOf(n, 0)));
    }
    await store.commit(blind(...mutations));
  }
});
afterAll(() => store.close());

const copied = (snapshot: Snapshot, begin: Uint8Array, end: Uint8Array, reverse: boolean): string[] =>
  [...snapshot.rows(begin, end, reverse)].map(([key, value]) => row(key, value));

function visited(snapshot: Snapshot, begin: Uint8Array, end: Uint8Array, reverse: boolean, rowsMax: number): string[] {
  const rows: string[] = [];
  let key: Uint8Array | undefined;
  let [from, to] = [begin, end];
  for (;;) {
    const bounds = { reverse, rowsMax, bytesMax: Number.POSITIVE_INFINITY };
    const last = snapshot.visit?.(from, to, bounds, (bytes, keyBegin, keyEnd, value, valueBegin, valueEnd) => {
      key = new Uint8Array(bytes.subarray(keyBegin, keyEnd));
      rows.push(row(key, value.subarray(valueBegin, valueEnd)));
    });
    if (last === undefined) return rows;
    expect(text(last)).toBe(text(key));
    if (reverse) to = last;
    else from = Uint8Array.of(...last, 0);
  }
}

const expectSame = (shown: readonly string[], expected: readonly string[]): void => {
  expect(shown.length).toBe(expected.length);
  expect(shown.every((one, at) => one === expected[at])).toBe(true);
};

/** Bounds at, right before and right after keys, between them, and beyond all of them. */
const bound = fc.oneof(
  fc.nat(keys + 10).map(keyOf),
  fc.nat(keys + 10).map((n) => keyOf(n).slice(0, -1)),
  fc.nat(keys + 10).map((n) => Uint8Array.of(...keyOf(n), 0)),
  fc.constantFrom(new Uint8Array(), Uint8Array.of(0xff)),
);

test("what is shown is what LMDB's own cursor gives, from wherever to wherever, in whatever batches", () => {
  const property = fc.property(
    bound,
    bound,
    fc.boolean(),
    fc.integer({ min: 1, max: 700 }),
    (a, b, reverse, rowsMax) => {
      const [begin, end] = compareBytes(a, b) < 0 ? [a, b] : [b, a];
      const snapshot = store.snapshot(store.readVersion());
      expectSame(visited(snapshot, begin, end, reverse, rowsMax), copied(snapshot, begin, end, reverse));
    },
  );
  fc.assert(property, { numRuns: runs(40) });
});

test("a state that is held shows its rows while others are written in their place", async () => {
  // The state is held for as long as it takes: no five seconds pass.
  using _still = new FakeTime();
  const begin = new Uint8Array();
  const end = Uint8Array.of(0xff);
  const before = store.snapshot(store.readVersion());
  const all = copied(before, begin, end, false);
  for (let round = 1; round <= 8; round++) {
    const mutations: Mutation[] = [clear(keyOf(round * 500), keyOf(round * 500 + 300))];
    for (let n = round; n < keys; n += 37) mutations.push(set(keyOf(n), bytesOf(n, round)));
    const committing = store.commit(blind(...mutations));
    expectSame(visited(before, begin, end, false, 1_000), all);
    await committing;
    const now = store.snapshot(store.readVersion());
    expectSame(visited(now, begin, end, round % 2 === 0, 900), copied(now, begin, end, round % 2 === 0));
  }
  expectSame(visited(before, begin, end, true, 333), all.toReversed());
});

test("branch pages that are written anew, once no reader keeps them, are read anew", async () => {
  const [begin, end] = [new Uint8Array(), Uint8Array.of(0xff)];
  const own = await openStore();
  // Keys so long that every eighth page is a branch.
  const long = (n: number): Uint8Array => Buffer.from(String(n).padStart(5, "0").padEnd(900, "-"));
  for (let round = 0; round < 5; round++) {
    // Nobody reads meanwhile, and each commit writes so much that the states before it are soon kept no more.
    for (let i = 0; i < 8; i++) {
      const mutations = Array.from({ length: 1_500 }, (_, n) => set(long(n), bytesOf(n % 90, round + i)));
      await own.commit(blind(clear(long(100 * round), long(100 * round + 90)), ...mutations.slice(i)));
    }
    const now = own.snapshot(own.readVersion());
    expectSame(visited(now, begin, end, round % 2 === 0, 1_000), copied(now, begin, end, round % 2 === 0));
  }
  await own.close();
});

test("an empty range, an empty store and one row show what there is", async () => {
  const empty = await openStore();
  const none = empty.snapshot(empty.readVersion());
  expect(visited(none, new Uint8Array(), Uint8Array.of(0xff), false, 10)).toEqual([]);
  await empty.commit(blind(set(Uint8Array.of(5), new Uint8Array())));
  const one = empty.snapshot(empty.readVersion());
  for (const reverse of [false, true]) {
    expect(visited(one, new Uint8Array(), Uint8Array.of(0xff), reverse, 1)).toEqual([
      row(Uint8Array.of(5), new Uint8Array()),
    ]);
    expect(visited(one, Uint8Array.of(5, 0), Uint8Array.of(0xff), reverse, 1)).toEqual([]);
    expect(visited(one, new Uint8Array(), Uint8Array.of(5), reverse, 1)).toEqual([]);
  }
  await empty.close();
});
