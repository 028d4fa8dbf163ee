/** The store's file: however records are changed, it takes little more than what they take. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { PageFile, pageBytes } from "../../../lib/engine/embedded/lmdb/page-file.js";
import type { LmdbStore } from "../../../lib/engine/embedded/lmdb-store.js";
import type { Mutation, Snapshot } from "../../../lib/engine/embedded/store.js";
import { oldStateBytesMax } from "../../../lib/limits/index.js";
import { runs, soaks } from "../../runs.js";
import { blind, bytes, clear, everything, openStore, set, temporaryDirectory } from "./temporary-store.js";

/** A store, and a look at its file after each commit. */
class Watched {
  readonly store: LmdbStore;
  readonly #file: PageFile;
  /** Pages that older states may take besides. */
  readonly oldPagesMax: number;
  /** The most pages that its content has taken. */
  usedMax = 0;
  pages = 0;

  private constructor(store: LmdbStore, directory: string, fileBytesMax: number) {
    this.store = store;
    this.#file = new PageFile(join(directory, "data.mdb"));
    this.oldPagesMax = fileBytesMax / pageBytes;
  }

  static async open(fileBytesMax: number = oldStateBytesMax, memoryBytesMax = 2 ** 30): Promise<Watched> {
    const directory = temporaryDirectory();
    const store = await openStore(directory, { bounds: { fileBytesMax, memoryBytesMax } });
    return new Watched(store, directory, fileBytesMax);
  }

  async commit(...mutations: Mutation[]): Promise<bigint> {
    const { version } = await this.store.commit(blind(...mutations));
    const { main, free, lastPage } = this.#file.meta();
    const used = [main, free].map((tree) => tree.branchPages + tree.leafPages + tree.overflowPages);
    this.usedMax = Math.max(this.usedMax, 2 + (used[0] ?? 0) + (used[1] ?? 0));
    this.pages = lastPage + 1;
    return version;
  }

  /** Pages beyond what content and older states may take. */
  get excessPages(): number {
    return this.pages - 2 * this.usedMax - this.oldPagesMax;
  }

  async close(): Promise<void> {
    await this.store.close();
    this.#file.close();
  }
}

const key = (n: number): Uint8Array => bytes(`key/${String(n).padStart(6, "0")}`);
const filled = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

/** All rows, each as its length and first byte. */
const shapes = (snapshot: Snapshot): string[] =>
  [...snapshot.rows(everything.begin, everything.end, false)].map(([, { length, 0: first }]) => `${length} ${first}`);

describe("the file stays small", () => {
  test("under small commits without end", async () => {
    const watched = await Watched.open();
    for (let i = 0; i < 5_000; i++) await watched.commit(set(key(i % 4), filled(6_000, i)));
    // LMDB keeps the states of 128 commits, each of which replaced a few pages.
    expect(watched.pages).toBeLessThan(128 * 8);
    await watched.close();
  });

  test("under large commits, and what they replaced is read all the same", async () => {
    const watched = await Watched.open(2_000_000);
    const seen: { readonly version: bigint; readonly fill: number; readonly snapshot: Snapshot }[] = [];
    for (let fill = 1; fill <= 40; fill++) {
      const version = await watched.commit(...Array.from({ length: 4 }, (_, n) => set(key(n), filled(50_000, fill))));
      seen.push({ version, fill, snapshot: watched.store.snapshot(version) });
      expect(watched.excessPages).toBeLessThanOrEqual(0);
    }
    for (const { version, fill, snapshot } of seen) {
      for (const at of [snapshot, watched.store.snapshot(version)]) {
        expect(shapes(at)).toEqual(Array(4).fill(`50000 ${fill}`));
      }
    }
    await watched.close();
  });

  test("when much is cleared and written again", async () => {
    const watched = await Watched.open(2_000_000);
    for (let round = 1; round <= 12; round++) {
      await watched.commit(...Array.from({ length: 500 }, (_, n) => set(key(n), filled(1_800, round))));
      const full = watched.store.snapshot(watched.store.readVersion());
      await watched.commit(clear(key(0), key(1_000_000)));
      await watched.commit(set(key(round), filled(1, 0)));
      expect(watched.excessPages).toBeLessThanOrEqual(0);
      expect(shapes(full)).toEqual(Array(500).fill(`1800 ${round}`));
    }
    await watched.close();
  });
});

test("commits wait when old values fill the memory they may take, and none is lost before five seconds", async () => {
  // Versions go by this clock.
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const watched = await Watched.open(200_000, 2_000_000);
    const before = watched.store.snapshot(await watched.commit(set(key(0), filled(90_000, 1))));
    let waiting: Promise<bigint> | undefined;
    for (let commits = 0; commits < 100 && waiting === undefined; commits++) {
      const next = watched.commit(set(key(0), filled(90_000, 2)));
      const late = new Promise<boolean>((resolve) => setTimeout(resolve, 300, true));
      if (await Promise.race([next.then(() => false), late])) waiting = next;
    }
    expect(waiting).toBeDefined();
    expect(watched.excessPages).toBeLessThanOrEqual(0);
    vi.advanceTimersByTime(4_900);
    expect(shapes(before)).toEqual(["90000 1"]);
    vi.advanceTimersByTime(1_500);
    await waiting;
    expect(() => before.get(key(0))).toThrow(expect.objectContaining({ fdbCode: 1007 }));
    await watched.close();
  } finally {
    vi.useRealTimers();
  }
});

/** How a store is used: how many keys, how long their values, how many a commit. */
interface Pattern {
  readonly keys: number;
  readonly lengths: readonly number[];
  readonly perCommit: number;
  /** How often a key is cleared and not set, and how often a commit clears a range, too. */
  readonly clears: number;
  readonly ranges: number;
  readonly seed: number;
}

const pattern: fc.Arbitrary<Pattern> = fc.record({
  keys: fc.constantFrom(3, 60, 1_500),
  lengths: fc.constantFrom([10, 200], [300, 9_000], [4_000, 4_100], [100, 99_000], [90_000, 99_000]),
  perCommit: fc.constantFrom(1, 8, 200),
  clears: fc.constantFrom(0, 0.1, 0.9),
  ranges: fc.constantFrom(0, 0.02, 0.5),
  seed: fc.nat(),
});

/** Whole numbers below `n`, drawn from a seed. */
function diceOf(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** What each key has had since when, newest last: `length` is undefined where it had nothing. */
type Past = Map<number, { readonly version: bigint; readonly length: number | undefined }[]>;

/** Uses a store so, and looks at its file and at what older versions had. */
async function churn({ keys, lengths, perCommit, clears, ranges, seed }: Pattern): Promise<void> {
  const any = diceOf(seed);
  const [shortest = 0, longest = 0] = lengths;
  const [commitsMax, bytesMax] = soaks ? [20_000, 2 ** 32] : [400, 2 ** 23];
  const watched = await Watched.open(soaks ? oldStateBytesMax : 4_000_000);
  const past: Past = new Map(Array.from({ length: keys }, (_, n) => [n, [{ version: 0n, length: undefined }]]));
  const versions = [watched.store.readVersion()];
  for (let i = 0, written = 0; i < commitsMax && written < bytesMax; i++) {
    const mutations: Mutation[] = [];
    const changed = new Map<number, number | undefined>();
    for (let j = any(perCommit); j >= 0; j--) {
      const n = any(keys);
      const length = any(1_000) < clears * 1_000 ? undefined : shortest + any(longest - shortest);
      changed.set(n, length);
      mutations.push(
        length === undefined ? clear(key(n), Uint8Array.of(...key(n), 0)) : set(key(n), filled(length, i)),
      );
      written += length ?? 0;
    }
    if (any(1_000) < ranges * 1_000) {
      const from = any(keys);
      const to = from + any(keys);
      mutations.push(clear(key(from), key(to)));
      for (let n = from; n < Math.min(to, keys); n++) changed.set(n, undefined);
    }
    const version = await watched.commit(...mutations);
    versions.push(version);
    for (const [n, length] of changed) past.get(n)?.push({ version, length });
    // A value has 13 pages at most, and a row a leaf and what is above it.
    expect(watched.excessPages).toBeLessThan(16 * perCommit);
    lookBack(watched.store, past, versions, any);
  }
  await watched.close();
}

/** Reads some keys at a version of the last second. */
function lookBack(store: LmdbStore, past: Past, versions: readonly bigint[], any: (n: number) => number): void {
  const version = versions[versions.length - 1 - any(Math.min(versions.length, 1_000))] ?? 0n;
  if (store.readVersion() - version > 1_000_000n) return;
  const snapshot = store.snapshot(version);
  for (let i = 0; i < 3; i++) {
    const n = any(past.size);
    const had = past.get(n)?.findLast((entry) => entry.version <= version);
    expect([version, n, snapshot.get(key(n))?.length]).toEqual([version, n, had?.length]);
  }
}

test("under any pattern of updates the file stays small, and older versions are read", async () => {
  await fc.assert(fc.asyncProperty(pattern, churn), { numRuns: runs(4) });
});
