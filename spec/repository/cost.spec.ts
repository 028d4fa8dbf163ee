/** Cost: the exact engine calls of every repository method. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import type { TenantRepository } from "../../lib/repository/index.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";
import { untold } from "../engine/with-capabilities.js";
import { Item } from "./kinds.js";
import { Book, collect } from "./shelf.js";

const book = (place: number): Book => ({
  shelf: "a",
  place,
  title: `title ${place}`,
  weight: place,
  size: { pages: place },
  tags: [],
});

describe("engine calls", () => {
  let engine: RecordingEngine;
  let inner: Engine;
  let db: Database;
  let repository: TenantRepository<typeof Book>;
  let items: TenantRepository<typeof Item>;

  beforeAll(async () => {
    inner = await openEngine(memory());
    engine = recording(untold(inner));
    db = await open({ engine, entities: [Book, Item] });
    const { id } = await db.tenants.provision({ name: "cost" });
    repository = db.tenant(id).repository(Book);
    items = db.tenant(id).repository(Item);
    await repository.createMany(Array.from({ length: 10 }, (_, place) => book(place)));
    await repository.page({ size: 1 }); // the database's cursor keys are there
  });
  afterAll(async () => {
    await db.close();
    await inner.close();
  });

  /** How often which call was made, the tenant's own keys apart from what every transaction reads. */
  async function costOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
    engine.take();
    await work();
    const cost: Record<string, number> = {};
    for (const { kind, operation } of engine.take()) {
      if (kind !== "asked" && kind !== "written") continue;
      // A commit leaves the marker by which its unknown outcome could be settled: one in every writing transaction.
      if (operation === "setVersionstampedValue") {
        expect(cost["marker"]).toBeUndefined();
        cost["marker"] = 1;
        continue;
      }
      cost[operation] = (cost[operation] ?? 0) + 1;
    }
    return cost;
  }

  test("of reads", async () => {
    // One get in each is the metadata version, by which a process knows that its view of the tenant is fresh.
    expect(await costOf(() => repository.get(["a", 1]))).toEqual({ get: 2 });
    expect(await costOf(() => repository.require(["a", 1]))).toEqual({ get: 2 });
    expect(await costOf(() => repository.entry(["a", 1]))).toEqual({ get: 2 });
    expect(await costOf(() => repository.has(["a", 1]))).toEqual({ get: 2 });
    expect(await costOf(() => repository.get(["nobody's", 1]))).toEqual({ get: 2 });
    expect(
      await costOf(() =>
        repository.getMany([
          ["a", 1],
          ["b", 1],
          ["a", 2],
        ]),
      ),
    ).toEqual({ get: 4 });
  });

  test("of queries", async () => {
    expect(await costOf(() => repository.list())).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.list({ equals: "a", limit: 3 }))).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.list({ from: "a", to: "a" }))).toEqual({ get: 1 });
    expect(await costOf(() => repository.count())).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => collect(repository.scan()))).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.page({ size: 4 }))).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.list({ index: "byTitle", limit: 3 }))).toEqual({ get: 4, getRange: 1 });
    expect(await costOf(() => repository.page({ index: "byTitle", size: 4 }))).toEqual({ get: 5, getRange: 1 });
    expect(await costOf(() => repository.count({ index: "byTitle" }))).toEqual({ get: 1, getRange: 1 });
  });

  test("of writes: a record and its four entries", async () => {
    expect(await costOf(() => repository.create(book(20)))).toEqual({ get: 2, set: 5, marker: 1 });
    expect(await costOf(() => repository.createMany([book(21), book(22)]))).toEqual({ get: 3, set: 10, marker: 1 });
    expect(await costOf(() => repository.put(book(20)))).toEqual({ get: 2, set: 1, marker: 1 });
    expect(await costOf(() => repository.patch(["a", 20], { tags: ["x"] }))).toEqual({ get: 2, set: 1, marker: 1 });
    expect(await costOf(() => repository.patch(["a", 20], { title: "y" }))).toEqual({
      get: 2,
      clear: 2,
      set: 3,
      marker: 1,
    });
    expect(await costOf(() => repository.update(["a", 20], (was) => ({ ...was, size: { pages: null } })))).toEqual({
      get: 2,
      clear: 1,
      set: 2,
      marker: 1,
    });
    expect(await costOf(() => repository.delete(["a", 20]))).toEqual({ get: 2, clear: 5, marker: 1 });
    expect(await costOf(() => repository.delete(["a", 20]))).toEqual({ get: 2 });
    expect(
      await costOf(() =>
        repository.deleteMany([
          ["a", 21],
          ["a", 22],
          ["a", 23],
        ]),
      ),
    ).toEqual({ get: 4, clear: 10, marker: 1 });
  });

  test("of the queries that an index answers by itself, and of those that end early", async () => {
    expect(await costOf(() => repository.first())).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.first({ index: "byTitle" }))).toEqual({ get: 2, getRange: 1 });
    expect(await costOf(() => repository.first({ index: "byTitle", prefix: "zz" }))).toEqual({ get: 1, getRange: 1 });
    const select = ["shelf", "place", "weight"] as const;
    expect(await costOf(() => repository.list({ index: "byWeight", select }))).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.page({ index: "byWeight", select, size: 4 }))).toEqual({
      get: 1,
      getRange: 1,
    });
    expect(await costOf(() => collect(repository.scan({ index: "byWeight", select })))).toEqual({
      get: 1,
      getRange: 1,
    });
    expect(await costOf(() => repository.list({ index: "byTitle", select, limit: 3 }))).toEqual({
      get: 4,
      getRange: 1,
    });
    expect(await costOf(() => repository.count({ index: "byTitle", max: 2 }))).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.verify())).toEqual({ get: 6 + 40 + 40, getRange: 6 });
    expect(await costOf(() => repository.verify({ repair: true }))).toEqual({ get: 6 + 40 + 40 + 1, getRange: 6 });
    const onUnreadable = (): void => {};
    expect(await costOf(() => repository.list({ onUnreadable }))).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => repository.list({ index: "byWeight", select, onUnreadable }))).toEqual({
      get: 1,
      getRange: 1,
    });
    expect(await costOf(async () => repository.explain({ index: "byTitle" }))).toEqual({});
  });

  test("of writes of entries of every kind: one get for each new key in a unique index", async () => {
    const item = { id: 1, code: "c", group: "g", rank: 1, live: true, spot: { row: 2 }, tags: ["x", "y", "x"] };
    // The first write of an entity in a tenant looks for its state, then for records, and notes the state.
    expect(await costOf(() => items.create(item))).toEqual({
      get: 2 + 2 + 1,
      getRange: 1,
      set: 1 + 8 + 2 + 1,
      marker: 1,
    });
    await items.delete(1);
    // Entries: one each, but two tags and neither lines nor notes. Unique: code and place.
    expect(await costOf(() => items.create(item))).toEqual({ get: 2 + 2, set: 1 + 8 + 2, marker: 1 });
    // A stored field rewrites its entries in place: plain, down and live move, covering stays.
    expect(await costOf(() => items.patch(1, { rank: 2 }))).toEqual({ get: 2, clear: 3, set: 1 + 4, marker: 1 });
    // The stored tags are in covering and place; the key in place is its own.
    expect(await costOf(() => items.patch(1, { tags: ["y"] }))).toEqual({ get: 2, clear: 1, set: 1 + 2, marker: 1 });
    // Leaving a partial index frees its unique key; absent values have an entry but no claim.
    expect(await costOf(() => items.patch(1, { live: false }))).toEqual({ get: 2, clear: 2, set: 1, marker: 1 });
    expect(await costOf(() => items.patch(1, { code: undefined }))).toEqual({
      get: 2,
      clear: 2,
      set: 1 + 1,
      marker: 1,
    });
    expect(await costOf(() => items.delete(1))).toEqual({ get: 2, clear: 1 + 6, marker: 1 });
  });

  test("of long work, a batch", async () => {
    expect(await costOf(() => repository.transform({}, () => undefined))).toEqual({ get: 1, getRange: 1 });
    const heavier = (was: Book): Book => ({ ...was, size: { pages: (was.size.pages ?? 0) + 1 } });
    // Ten records, an entry of each moving, and the place.
    const named = await costOf(() => repository.transform({}, heavier, { name: "cost" }));
    expect(named).toEqual({ get: 2, getRange: 1, clear: 10, set: 20 + 1, marker: 1 });
    expect(await costOf(() => repository.transform({}, heavier, { name: "cost" }))).toEqual({ get: 2 });
    expect(await costOf(() => repository.forgetWork("cost"))).toEqual({ get: 1, clear: 1, marker: 1 });
    const through = await costOf(() => repository.transform({ index: "byTitle" }, heavier));
    expect(through).toEqual({ get: 1 + 10, getRange: 1, clear: 10, set: 20, marker: 1 });
    const least = await costOf(() => repository.deleteWhere({}, () => false));
    expect(least).toEqual({ get: 1, getRange: 1 });
    expect(await costOf(() => collect(repository.scanAll()))).toEqual({ get: 1, getRange: 1 });
  });

  test("of refused writes: nothing is written", async () => {
    const refused =
      (work: () => Promise<unknown>): (() => Promise<unknown>) =>
      () =>
        expect(work()).rejects.toThrow();
    expect(await costOf(refused(() => repository.create(book(1))))).toEqual({ get: 2 });
    expect(await costOf(refused(() => repository.createMany([book(30), book(30)])))).toEqual({ get: 3 });
    expect(await costOf(refused(() => repository.create({ ...book(30), weight: Number.NaN })))).toEqual({});
    expect(await costOf(refused(() => repository.createMany([book(30), { ...book(31), place: 0.5 }])))).toEqual({});
    expect(await costOf(refused(() => repository.patch(["a", 99], {})))).toEqual({ get: 2 });
    expect(await costOf(refused(() => repository.get(["\ud800", 1])))).toEqual({});
    expect(await costOf(refused(() => repository.create({ ...book(30), tags: ["x".repeat(1_000_001)] })))).toEqual({
      get: 2,
    });
    expect(await costOf(refused(() => repository.create({ ...book(30), title: "x".repeat(2_000) })))).toEqual({
      get: 2,
    });
  });

  test("of writes on an engine that tells what becomes of commits: no marker", async () => {
    const told = recording(inner);
    const own = await open({ engine: told, entities: [Book] });
    const { id } = await own.tenants.provision({ name: "told" });
    const books = own.tenant(id).repository(Book);
    await books.create(book(1));
    told.take();
    await books.create(book(2));
    const operations = told.take().flatMap(({ kind, operation }) => (kind === "written" ? [operation] : []));
    expect(operations).toEqual(["set", "set", "set", "set", "set"]);
    await own.close();
  });
});
