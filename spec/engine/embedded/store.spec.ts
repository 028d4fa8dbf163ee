/** The store: snapshots that do not move, ranges both ways, versions, watches, sizes of ranges. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../../lib/engine/error.js";
import { watchesMax } from "../../../lib/limits/index.js";
import { FakeTime } from "../../observe/fake-time.js";
import { runs } from "../../runs.js";
import {
  blind,
  bytes,
  clear,
  contents,
  openStore,
  point,
  set,
  snapshotOf,
  temporaryDirectory,
  text,
} from "./temporary-store.js";

const codeOf = async (act: () => unknown): Promise<number | undefined> => {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof EngineError) return error.fdbCode;
    throw error;
  }
};

describe("snapshots", () => {
  test("show the state of their version whatever is committed after", async () => {
    const store = await openStore();
    const seen: { snapshot: ReturnType<typeof snapshotOf>; value: string | undefined }[] = [];
    for (let i = 0; i < 50; i++) {
      seen.push({ snapshot: snapshotOf(store), value: i === 0 ? undefined : `${i - 1}` });
      await store.commit(blind(set(bytes("k"), bytes(`${i}`)), set(bytes(`row/${i}`), bytes("x"))));
    }
    for (const [i, { snapshot, value }] of seen.entries()) {
      expect(text(snapshot.get(bytes("k")))).toBe(value);
      expect([...snapshot.rows(bytes("row/"), bytes("row0"), i % 2 === 0)].length).toBe(i);
    }
    await store.close();
  });

  test("open at any version of the last seconds, not at older ones or in the future", async () => {
    const store = await openStore();
    const committed: bigint[] = [];
    for (let i = 0; i < 20; i++) committed.push((await store.commit(blind(set(bytes("k"), bytes(`${i}`))))).version);
    for (const [i, version] of committed.entries()) {
      const snapshot = store.snapshot(version);
      expect(text(snapshot.get(bytes("k")))).toBe(`${i}`);
    }
    expect(await codeOf(() => store.snapshot(store.readVersion() + 10_000_000n))).toBe(1009);
    expect(await codeOf(() => store.snapshot(store.readVersion() - 5_100_000n))).toBe(1007);
    await store.close();
  });

  test("end after five seconds, with the ranges being read, and let LMDB use their pages again", async () => {
    using time = new FakeTime();
    const store = await openStore();
    await store.commit(blind(set(bytes("a"), bytes("1")), set(bytes("b"), bytes("2"))));
    const snapshot = snapshotOf(store);
    const rows = snapshot.rows(bytes("a"), bytes("z"), false);
    expect(text(rows.next().value?.[0])).toBe("a");
    await store.commit(blind(set(bytes("a"), bytes("3"))));
    await time.pass(6_500);
    expect(await codeOf(() => snapshot.get(bytes("a")))).toBe(1007);
    expect(await codeOf(() => rows.next())).toBe(1007);
    expect(await codeOf(() => store.commit({ ...blind(), readVersion: snapshot.version }))).toBe(1007);
    const idle = snapshotOf(store);
    expect(text(idle.get(bytes("a")))).toBe("3");
    await store.close();
  });

  test("hand out copies their reader owns", async () => {
    const store = await openStore();
    await store.commit(blind(set(bytes("a"), bytes("one")), set(bytes("b"), bytes("two"))));
    const snapshot = snapshotOf(store);
    for (const [key, value] of snapshot.rows(bytes("a"), bytes("z"), false)) {
      key.fill(0);
      value.fill(0);
    }
    snapshot.get(bytes("a"))?.fill(0);
    expect(contents(store)).toEqual([
      ["a", "one"],
      ["b", "two"],
    ]);
    await store.close();
  });
});

describe("ranges", () => {
  // Lengths about LMDB's longest key, which bounds may pass.
  const longKey = fc
    .tuple(fc.constantFrom(0, 1, 4_024, 4_025, 4_026, 5_000), fc.uint8Array({ maxLength: 2 }))
    .map(([length, tail]) => Uint8Array.of(...new Uint8Array(length).fill(7), ...tail.map((byte) => byte % 3)));

  test("hold what lies between their bounds, both ways, whatever the bounds' length", async () => {
    const store = await openStore();
    await fc.assert(
      fc.asyncProperty(fc.array(longKey, { maxLength: 8 }), longKey, longKey, async (keys, a, b) => {
        const stored = keys.filter((key) => key.length <= 4_025);
        await store.commit(blind(clear(new Uint8Array(0), Uint8Array.of(0xff)), ...stored.map((key) => set(key, key))));
        const snapshot = snapshotOf(store);
        const unique = new Map(stored.map((key) => [Buffer.from(key).toString("hex"), key]));
        const expected = [...unique]
          .filter(([, key]) => Buffer.compare(a, key) <= 0 && Buffer.compare(key, b) < 0)
          .map(([hex]) => hex)
          .sort();
        const read = (reverse: boolean): string[] =>
          [...snapshot.rows(a, b, reverse)].map(([key]) => Buffer.from(key).toString("hex"));
        expect(read(false)).toEqual(expected);
        expect(read(true)).toEqual(expected.reverse());
        for (const key of [a, b]) {
          const value = snapshot.get(key);
          expect(value === undefined ? undefined : Buffer.from(value)).toEqual(
            unique.has(Buffer.from(key).toString("hex")) ? Buffer.from(key) : undefined,
          );
        }
      }),
      { numRuns: runs(60) },
    );
    await store.close();
  });

  test("are measured and split without reading them", async () => {
    const store = await openStore();
    const key = (n: number): Uint8Array => bytes(`key/${String(n).padStart(8, "0")}`);
    const [rows, valueBytes] = [60_000, 180];
    for (let i = 0; i < rows; i += 10_000) {
      const batch = Array.from({ length: 10_000 }, (_, j) => set(key(i + j), new Uint8Array(valueBytes)));
      await store.commit(blind(...batch));
    }
    const rowBytes = 12 + valueBytes;
    for (const [from, to] of [
      [0, rows],
      [100, 140],
      [5_000, 5_600],
      [20_000, 50_000],
    ] as const) {
      const ratio = store.estimatedRangeSizeBytes(key(from), key(to)) / ((to - from) * rowBytes);
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(1.25);
    }
    expect(store.estimatedRangeSizeBytes(bytes("x"), bytes("y"))).toBe(0);
    const points = store.rangeSplitPoints(key(0), key(rows), 500_000);
    expect(points.at(0)).toEqual(key(0));
    expect(points.at(-1)).toEqual(key(rows));
    expect(points.length).toBeGreaterThan(15);
    expect(points.length).toBeLessThan(32);
    expect(points.every((split, i) => i === 0 || Buffer.compare(points[i - 1] ?? split, split) < 0)).toBe(true);
    expect(store.rangeSplitPoints(key(10), key(110), 5_000).length).toBe(5);
    await store.close();
  });
});

describe("versions", () => {
  test("and stamps increase across reopening", async () => {
    const directory = temporaryDirectory();
    const stamps: string[] = [];
    for (let round = 0; round < 3; round++) {
      const store = await openStore(directory);
      const commits = Array.from({ length: 5 }, (_, i) => store.commit(blind(set(bytes(`${i}`), bytes("v")))));
      for (const { versionstamp } of await Promise.all(commits)) stamps.push(Buffer.from(versionstamp).toString("hex"));
      await store.close();
    }
    expect(new Set(stamps).size).toBe(15);
    expect([...stamps].sort()).toEqual(stamps);
  });

  test("advance with time though nothing is committed, so that an idle store's readers are not too old", async () => {
    using time = new FakeTime();
    const store = await openStore();
    const first = store.readVersion();
    await time.pass(30);
    expect(store.readVersion()).toBeGreaterThan(first + 29_990n);
    await store.close();
  });
});

describe("watches", () => {
  test("fire once another value is committed, also by clearing a range", async () => {
    const store = await openStore();
    await store.commit(blind(set(bytes("a"), bytes("1")), set(bytes("b"), bytes("1"))));
    const fired: string[] = [];
    for (const key of ["a", "b"]) void store.watch(bytes(key), bytes("1")).fired.then(() => fired.push(key));
    await store.commit(blind(set(bytes("a"), bytes("1")), set(bytes("c"), bytes("2"))));
    expect(fired).toEqual([]);
    await store.commit(blind(clear(bytes("a"), bytes("b"))));
    expect(fired).toEqual(["a"]);
    await store.watch(bytes("a"), bytes("1")).fired;
    await store.commit(blind(set(bytes("b"), bytes("3"))));
    expect(fired).toEqual(["a", "b"]);
    await store.close();
  });

  test("are bounded, can be cancelled, and end with the store", async () => {
    const store = await openStore();
    const watches = Array.from({ length: watchesMax }, (_, i) => store.watch(bytes(`w${i}`), undefined));
    expect(await codeOf(() => store.watch(bytes("one more"), undefined).fired)).toBe(1032);
    watches[0]?.cancel();
    expect(await codeOf(() => watches[0]?.fired)).toBe(1101);
    const another = store.watch(bytes("another"), undefined);
    await store.close();
    expect(await codeOf(() => another.fired)).toBe(1101);
  });
});

test("a conflict is told by what was written after the read version", async () => {
  const store = await openStore();
  const readVersion = store.readVersion();
  await store.commit(blind(set(bytes("a"), bytes("1"))));
  const attempt = (key: string, version: bigint): Promise<unknown> =>
    store.commit({ ...blind(set(bytes("z"), bytes("1"))), readVersion: version, readConflicts: [point(bytes(key))] });
  expect(await codeOf(() => attempt("a", readVersion))).toBe(1020);
  expect(await codeOf(() => attempt("b", readVersion))).toBe(undefined);
  expect(await codeOf(() => attempt("a", store.readVersion()))).toBe(undefined);
  await store.close();
});
