/** Compaction: what a store does not use is given back, while commits, readers and watches go on. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { LmdbStore } from "../../../lib/engine/embedded/lmdb-store.js";
import type { Mutation, Snapshot } from "../../../lib/engine/embedded/store.js";
import { checkStore, compactStore, embedded, openEngine } from "../../../lib/engine/index.js";
import { isTenantryError } from "../../../lib/errors/index.js";
import { runs } from "../../runs.js";
import {
  blind,
  bytes,
  clear,
  contents,
  everything,
  openStore,
  set,
  snapshotOf,
  temporaryDirectory,
} from "./temporary-store.js";

const key = (n: number): Uint8Array => bytes(`key/${String(n).padStart(6, "0")}`);
const filled = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);
const fileBytes = (directory: string): number => statSync(join(directory, "data.mdb")).size;

const codeOf = (act: Promise<unknown>): Promise<string | undefined> =>
  act.then(
    () => undefined,
    (error: unknown) => (isTenantryError(error) ? error.code : String(error)),
  );

/** All rows, each as its key, length and first byte. */
const shapes = (snapshot: Snapshot): string[] =>
  [...snapshot.rows(everything.begin, everything.end, false)].map(
    ([k, { length, 0: first }]) => `${Buffer.from(k).toString("latin1")} ${length} ${first}`,
  );

/** A store of many rows, most of which were cleared again. */
async function sparse(directory: string, rows = 3_000): Promise<LmdbStore> {
  const store = await openStore(directory);
  await store.commit(blind(...Array.from({ length: rows }, (_, n) => set(key(n), filled(900, n)))));
  await store.commit(blind(...Array.from({ length: rows }, (_, n) => clear(key(n), key(n + (n % 20 === 0 ? 0 : 1))))));
  return store;
}

afterEach(() => void vi.useRealTimers());

describe("compacting a store", () => {
  test("gives back what it does not use, and leaves the store as it was", async () => {
    const directory = temporaryDirectory();
    const store = await sparse(directory);
    const before = contents(store);
    const bytesBefore = fileBytes(directory);
    const version = store.readVersion();
    const report = await store.compact();
    expect(report).toEqual({ bytesBefore, bytesAfter: fileBytes(directory) });
    expect(report.bytesAfter).toBeLessThan(bytesBefore / 10);
    expect(existsSync(join(directory, "compacting"))).toBe(false);
    expect(contents(store)).toEqual(before);
    // A version of before it is read in the new file, too.
    expect(shapes(store.snapshot(version))).toEqual(shapes(snapshotOf(store)));
    const { version: later } = await store.commit(blind(set(key(1), filled(1, 1))));
    expect(later).toBeGreaterThan(version);
    await store.close();
    const reopened = await openStore(directory);
    expect(contents(reopened).length).toBe(before.length + 1);
    expect(reopened.readVersion()).toBeGreaterThan(later);
    await reopened.close();
    expect((await checkStore(directory)).complete).toBe(true);
  });

  const step = fc.record({
    writes: fc.array(fc.tuple(fc.nat(60), fc.constantFrom(0, 30, 3_000, 30_000), fc.nat(255)), { maxLength: 4 }),
    cleared: fc.option(fc.tuple(fc.nat(60), fc.nat(12)), { nil: undefined, freq: 3 }),
  });

  test("follows what is committed meanwhile, and reads what was before it", async () => {
    // Versions go by this clock.
    vi.useFakeTimers({ toFake: ["performance"] });
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 40 }),
      fc.constantFrom(1, 500, 20_000),
      async (steps, piece) => {
        const store = await openStore();
        await store.commit(blind(...Array.from({ length: 60 }, (_, n) => set(key(n), filled(200, n)))));
        const model = new Map(Array.from({ length: 60 }, (_, n) => [n, `200 ${n}`]));
        const expected = (): string[] =>
          [...model].sort(([a], [b]) => a - b).map(([n, shape]) => `${Buffer.from(key(n)).toString()} ${shape}`);
        const seen: { readonly snapshot: Snapshot; readonly rows: string[] }[] = [];
        let isDone = false;
        const compacted = store.compact(piece).finally(() => {
          isDone = true;
        });
        for (const { writes, cleared } of steps) {
          const mutations: Mutation[] = writes.map(([n, length, fill]) => set(key(n), filled(length, fill)));
          for (const [n, length, fill] of writes) model.set(n, `${length} ${length === 0 ? undefined : fill}`);
          if (cleared !== undefined) {
            const [from, count] = cleared;
            mutations.push(clear(key(from), key(from + count)));
            for (let n = from; n < from + count; n++) model.delete(n);
          }
          await store.commit(blind(...mutations));
          seen.push({ snapshot: snapshotOf(store), rows: expected() });
          if (isDone) break;
        }
        await compacted;
        seen.push({ snapshot: snapshotOf(store), rows: expected() });
        for (const { snapshot, rows } of seen) expect(shapes(snapshot)).toEqual(rows);
        await store.close();
      },
    );
    await fc.assert(property, { numRuns: runs(12) });
  });

  test("fires the watches of before it, and joins one under way", async () => {
    const store = await sparse(temporaryDirectory());
    const watch = store.watch(key(0), filled(900, 0));
    const [first, second] = await Promise.all([store.compact(), store.compact()]);
    expect(second).toBe(first);
    await store.commit(blind(set(key(0), filled(1, 1))));
    await watch.fired;
    await store.close();
  });

  test("ends when the store is closed, which stays as it was", async () => {
    const directory = temporaryDirectory();
    const store = await sparse(directory);
    const before = contents(store);
    const compacted = codeOf(store.compact(1_000));
    await store.commit(blind(set(key(3), filled(5, 5))));
    await store.close();
    expect(await compacted).toBe("ENGINE_CLOSED");
    expect(existsSync(join(directory, "compacting"))).toBe(false);
    const reopened = await openStore(directory);
    expect(contents(reopened).length).toBe(before.length + 1);
    await reopened.close();
  });

  test("replaces nothing once another process has taken the lock", async () => {
    const directory = temporaryDirectory();
    let held = true;
    const store = await openStore(directory, { held: () => held });
    await store.commit(blind(set(key(1), filled(100, 1))));
    const { ino } = statSync(join(directory, "data.mdb"));
    const compacted = codeOf(store.compact());
    held = false;
    expect(await compacted).toBe("STORE_FAILED");
    expect(statSync(join(directory, "data.mdb")).ino).toBe(ino);
    expect(existsSync(join(directory, "compacting"))).toBe(false);
    await store.close();
  });

  test("copies nothing that is damaged, and the store goes on", async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    await store.commit(blind(set(key(1), bytes("here lies a value".repeat(20))), set(key(2), filled(9, 9))));
    const file = join(directory, "data.mdb");
    const stored = readFileSync(file);
    stored[stored.lastIndexOf("here lies a value") + 3] = 0x21;
    writeFileSync(file, stored, { flag: "r+" });
    expect(await codeOf(store.compact())).toBe("STORE_CORRUPT");
    expect(existsSync(join(directory, "compacting"))).toBe(false);
    await store.commit(blind(set(key(3), filled(9, 9))));
    expect(snapshotOf(store).get(key(2))).toEqual(filled(9, 9));
    await store.close();
  });
});

describe("compactStore", () => {
  test("compacts a store that is open, by whichever name of its directory, and one that is not", async () => {
    const directory = temporaryDirectory();
    const store = await sparse(directory);
    const rows = contents(store);
    await store.close();
    const engine = await openEngine(embedded({ path: directory, durability: "relaxed" }));
    const [transaction, end] = [engine.begin(), { key: bytes("z"), orEqual: false, offset: 1 }];
    const { rows: read } = await transaction.getRange({ key: bytes("k"), orEqual: false, offset: 1 }, end, {
      mode: "exact",
      limit: 1_000,
    });
    const { bytesBefore, bytesAfter } = await compactStore(join(directory, "..", directory.split("/").at(-1) ?? ""));
    expect(bytesAfter).toBeLessThan(bytesBefore / 10);
    expect(read.length).toBe(rows.length);
    transaction.set(key(1), filled(1, 1));
    await transaction.commit();
    await engine.close();
    expect((await compactStore(directory)).bytesAfter).toBe(bytesAfter);
    expect((await checkStore(directory)).rows).toBe(rows.length + 2); // with the store's own
  });

  test("makes no store where there is none", async () => {
    const directory = temporaryDirectory();
    expect(await codeOf(compactStore(directory))).toBe("STORE_UNWRITABLE");
    expect(existsSync(join(directory, "data.mdb"))).toBe(false);
  });

  test("what one that was cut short has left is removed by the next opening", async () => {
    const directory = temporaryDirectory();
    await (await sparse(directory)).close();
    const draft = join(directory, "compacting");
    await (await openStore(draft)).close().catch(() => {});
    const engine = await openEngine(embedded(directory));
    expect(existsSync(draft)).toBe(false);
    await engine.close();
  });
});
