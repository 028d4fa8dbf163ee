/** Migrating: records and indexes of every tenant come to the present definitions, whatever happens on the way. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import type { TransactionScope } from "../../lib/index.js";
import { indexPrefix, Keyspace } from "../../lib/keyspace/index.js";
import { open } from "../../lib/open.js";
import { entity } from "../../lib/schema/index.js";
import { newTenantId, type TenantId } from "../../lib/tenant/index.js";
import { recording } from "../../lib/testing/index.js";
import { tupleRange } from "../../lib/tuple/index.js";

const V1 = z.object({ id: z.int(), name: z.string(), rank: z.int() });
const V2 = z.object({ id: z.int(), title: z.string(), rank: z.int() });
const Before = entity("city", {
  version: 1,
  schema: V1,
  id: ["id"],
  indexes: { byName: { fields: ["name"] }, byRank: { fields: ["rank"] } },
});
const migrations = { 1: { schema: V1, up: ({ name, ...city }: z.infer<typeof V1>) => ({ ...city, title: name }) } };
const After = entity("city", {
  version: 2,
  schema: V2,
  id: ["id"],
  indexes: { byTitle: { fields: ["title"] }, byRank: { fields: ["rank"], stored: ["title"] } },
  migrations,
});

/** A promise, and what resolves it. */
function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

let engine: Engine;
let before: Database;
let ids: TenantId[];
/** More than one batch. */
const count = 260;
beforeEach(async () => {
  engine = await openEngine(memory());
  before = await open({ engine, entities: [Before] });
  ids = [newTenantId(), newTenantId(), newTenantId()].sort();
  for (const id of ids) {
    await before.tenants.provision({ id, name: "t" });
    if (id === ids[2]) continue;
    const cities = Array.from({ length: count }, (_, at) => ({ id: at, name: `city ${at % 90}`, rank: -at }));
    await before.tenant(id).repository(Before).createMany(cities);
  }
});
afterEach(async () => {
  await before.close();
  await engine.close();
});

/** How many entries an index has in a tenant. */
async function entriesIn(id: TenantId, index: string): Promise<number> {
  const range = new Keyspace().tenant(id);
  const { begin, end } = tupleRange(range.absolute(indexPrefix("city", index)));
  const at = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
  const { rows } = await engine.begin().getRange(at(begin), at(end), { limit: 10_000, mode: "exact" });
  return rows.length;
}

describe("an index that is new or changed", () => {
  test("is refused in a tenant with records until it is built, and at once readable in others", async () => {
    const db = await open({ engine, entities: [After] });
    const [full, , empty] = ids.map((id) => db.tenant(id).repository(After));
    for (const index of ["byTitle", "byRank"] as const) {
      const details = { entity: "city", index, status: "dropped" };
      const refused = { code: "INDEX_NOT_READABLE", details };
      await expect(full?.list({ index, limit: 1 })).rejects.toMatchObject(refused);
      await expect(full?.first({ index })).rejects.toMatchObject(refused);
      await expect(full?.count({ index })).rejects.toMatchObject(refused);
      await expect(full?.page({ index, size: 2 })).rejects.toMatchObject(refused);
      await expect(full?.scan({ index })[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
      await expect(full?.scanAll({ index })[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
      expect(await empty?.list({ index })).toEqual([]);
    }
    await empty?.create({ id: 1, title: "first", rank: 1 });
    expect(await empty?.first({ index: "byTitle" })).toMatchObject({ title: "first" });
    expect(await empty?.verify()).toEqual([]);
    // Records are read and written meanwhile, and what is left of the old index is not touched.
    expect(await full?.get(5)).toEqual({ id: 5, title: "city 5", rank: -5 });
    await full?.patch(5, { title: "changed" });
    expect(await full?.verify()).toEqual([]);
  });

  test("is built, verified and readable after migrate; what is left of others is cleared", async () => {
    const db = await open({ engine, entities: [After] });
    const seen: number[] = [];
    const report = await db.migrate({ onProgress: ({ done }) => void seen.push(done) });
    expect(report).toEqual({
      tenants: 3,
      done: 3,
      records: 2 * count,
      rewritten: 2 * count,
      entries: 2 * 2 * count,
      failed: 0,
      skipped: 0,
      failures: [],
    });
    expect(seen.at(-1)).toBe(3);
    for (const id of ids.slice(0, 2)) {
      const cities = db.tenant(id).repository(After);
      expect(await cities.verify()).toEqual([]);
      expect(await cities.count({ index: "byTitle", equals: "city 3" })).toBe(3);
      const select = ["rank", "title"] as const;
      expect(await cities.list({ index: "byRank", select, limit: 1 })).toEqual([{ rank: 1 - count, title: "city 79" }]);
      expect((await cities.entry(1))?.revision).toBe(1);
      expect(await entriesIn(id, "byName")).toBe(0);
      expect(await entriesIn(id, "byTitle")).toBe(count);
    }
    // Nothing is left to do.
    expect(await db.migrate()).toMatchObject({ done: 3, records: 0, rewritten: 0, entries: 0 });
    // The program of before is kept out of what it cannot write.
    const older = before.tenant(ids[0] ?? newTenantId()).repository(Before);
    await expect(older.create({ id: -1, name: "x", rank: 0 })).rejects.toMatchObject({
      code: "SCHEMA_OUTDATED",
      details: { entity: "city", version: 1, migratedTo: 2 },
    });
    await expect(older.list({ index: "byRank" })).rejects.toMatchObject({ code: "INDEX_NOT_READABLE" });
  });

  test("steps are needed no more once every tenant is migrated, and not before", async () => {
    const db = await open({ engine, entities: [After] });
    const Bare = entity("city", { version: 2, schema: V2, id: ["id"] });
    await db.migrate({ tenants: ids.slice(0, 1) });
    await expect(open({ engine, entities: [Bare] })).rejects.toMatchObject({ code: "SCHEMA_INCOMPATIBLE" });
    await db.migrate();
    const bare = await open({ engine, entities: [Bare] });
    expect(
      await bare
        .tenant(ids[0] ?? newTenantId())
        .repository(Bare)
        .count(),
    ).toBe(count);
  });

  test("of the same name and another definition replaces the one before, and a program of before turns it down", async () => {
    const Other = entity("city", { version: 1, schema: V1, id: ["id"], indexes: { byName: { fields: ["rank"] } } });
    const db = await open({ engine, entities: [Other] });
    const [id = newTenantId()] = ids;
    const cities = db.tenant(id).repository(Other);
    await expect(cities.list({ index: "byName", limit: 1 })).rejects.toMatchObject({ code: "INDEX_NOT_READABLE" });
    await db.migrate();
    expect(await cities.first({ index: "byName" })).toMatchObject({ rank: 1 - count });
    expect(await cities.verify()).toEqual([]);
    // A program without it writes: from then on it cannot be relied on.
    const older = before.tenant(id).repository(Before);
    await older.create({ id: -1, name: "x", rank: 99 });
    await expect(cities.first({ index: "byName" })).rejects.toMatchObject({ code: "INDEX_NOT_READABLE" });
    await expect(older.first({ index: "byName" })).rejects.toMatchObject({ code: "INDEX_NOT_READABLE" });
    expect(await cities.get(-1)).toMatchObject({ rank: 99 });
    await db.migrate();
    expect(await cities.count({ index: "byName" })).toBe(count + 1);
    expect(await cities.verify()).toEqual([]);
  });

  test("counts again as built where all records are gone", async () => {
    const [id = newTenantId()] = ids;
    const db = await open({ engine, entities: [After] });
    const cities = db.tenant(id).repository(After);
    const all = Array.from({ length: count }, (_, at) => at);
    await cities.deleteMany(all);
    await cities.create({ id: 1, title: "again", rank: 1 });
    expect(await cities.list({ index: "byTitle" })).toEqual([{ id: 1, title: "again", rank: 1 }]);
    expect(await entriesIn(id, "byRank")).toBe(1);
  });
});

describe("on the way", () => {
  test("a unique index that finds a double stays as it is in that tenant; the others go on, and so does the next call", async () => {
    const Unique = entity("city", {
      version: 1,
      schema: V1,
      id: ["id"],
      indexes: { byRank: { fields: ["rank"], unique: true } },
    });
    const db = await open({ engine, entities: [Unique] });
    const [first = newTenantId(), second = newTenantId()] = ids;
    const cities = db.tenant(first).repository(Unique);
    await cities.put({ id: 250, name: "double", rank: -3 });
    const { failures } = await db.migrate();
    expect(failures).toEqual([{ tenant: first, entity: "city", id: "250", error: expect.anything() }]);
    const [failure] = failures;
    const error: unknown = failure?.error;
    expect(isTenantryError(error, "UNIQUE_VIOLATION") && error.details).toEqual({
      entity: "city",
      index: "byRank",
      id: "250",
    });
    await expect(cities.list({ index: "byRank" })).rejects.toMatchObject({
      code: "INDEX_NOT_READABLE",
      details: { status: "writeOnly" },
    });
    // Meanwhile no more doubles come, and one that goes leaves the other's entry alone.
    await expect(cities.create({ id: -1, name: "x", rank: -3 })).rejects.toMatchObject({ code: "UNIQUE_VIOLATION" });
    await cities.patch(250, { name: "still a double" });
    await cities.delete(250);
    expect((await db.tenant(second).repository(Unique).list({ index: "byRank", equals: -3 })).length).toBe(1);
    expect((await db.migrate()).failures).toEqual([]);
    expect(await cities.list({ index: "byRank", equals: -3 })).toMatchObject([{ id: 3 }]);
    expect(await cities.verify()).toEqual([]);
  });

  test("an aborted or failed call is gone on with where it was", async () => {
    const db = await open({ engine, entities: [After] });
    const controller = new AbortController();
    const stopped = db.migrate({ concurrency: 1, signal: controller.signal, onProgress: () => controller.abort() });
    await expect(stopped).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
    const { records, failures } = await db.migrate();
    expect(failures).toEqual([]);
    expect(records).toBeLessThan(2 * count);
    for (const id of ids) expect(await db.tenant(id).repository(After).verify()).toEqual([]);
    expect(
      await db
        .tenant(ids[0] ?? newTenantId())
        .repository(After)
        .count({ index: "byTitle" }),
    ).toBe(count);
  });

  test("a step that throws, and a record that the schema refuses, fail their tenant alone", async () => {
    const Strict = entity("city", {
      version: 2,
      schema: V2.extend({ title: z.string().regex(/^city/) }),
      id: ["id"],
      migrations,
    });
    const [first = newTenantId()] = ids;
    await before.tenant(first).repository(Before).put({ id: 3, name: "town", rank: 0 });
    const db = await open({ engine, entities: [Strict] });
    const { failures, done } = await db.migrate();
    expect(done).toBe(3);
    expect(failures).toMatchObject([{ tenant: first, error: { code: "RECORD_INVALID" } }]);
    // Read all the same, as stored records are.
    expect(await db.tenant(first).repository(Strict).get(3)).toMatchObject({ title: "town" });
  });

  test("tenants that take no writes are skipped and counted; options are checked", async () => {
    const db = await open({ engine, entities: [After] });
    await db.tenants.suspend(ids[0] ?? newTenantId());
    expect(await db.migrate()).toMatchObject({ tenants: 2, skipped: 1, failures: [] });
    expect(await db.migrate({ tenants: ids.slice(0, 1) })).toMatchObject({
      failures: [{ tenant: ids[0], error: { code: "TENANT_UNAVAILABLE" } }],
    });
    for (const concurrency of [0, 65, 1.5]) {
      await expect(db.migrate({ concurrency })).rejects.toMatchObject({ code: "MIGRATION_OPTION_INVALID" });
    }
    await expect(db.migrate({ entities: [Before] })).rejects.toMatchObject({ code: "ENTITY_UNKNOWN" });
  });
});

describe("a transaction that goes by a state which changes meanwhile is run again", () => {
  /** Runs a transaction that waits in its first attempt until `meanwhile` is done; how many attempts it takes. */
  async function attemptsWith(
    db: Database,
    id: TenantId,
    fn: (tx: TransactionScope) => Promise<unknown>,
    meanwhile: () => Promise<unknown>,
  ): Promise<number> {
    const begun = signal();
    const go = signal();
    let attempts = 0;
    const running = db.tenant(id).transact(async (tx) => {
      attempts += 1;
      await fn(tx);
      if (attempts > 1) return;
      begun.resolve();
      await go.promise;
    });
    await begun.promise;
    await meanwhile();
    go.resolve();
    await running;
    return attempts;
  }

  test("a write that began before an index was built keeps its entries", async () => {
    const [id = newTenantId()] = ids;
    const byBoth = { fields: ["rank", "name"] } as const;
    const Added = entity("city", { version: 1, schema: V1, id: ["id"], indexes: { ...Before.indexes, byBoth } });
    const [db, other] = [await open({ engine, entities: [Added] }), await open({ engine, entities: [Added] })];
    const cities = db.tenant(id).repository(Added);
    await cities.patch(1, { rank: 1 }); // The state is known, and so is not read again.
    const write = (tx: TransactionScope) => tx.repository(Added).patch(2, { rank: 50 });
    // The builder writes none of the records: the state alone is in conflict.
    expect(await attemptsWith(db, id, write, () => other.migrate())).toBe(2);
    expect(await cities.verify()).toEqual([]);
    expect(await cities.list({ index: "byBoth", equals: 50 })).toMatchObject([{ id: 2 }]);
    // What happens in other tenants makes nothing run again.
    expect(await attemptsWith(db, id, write, () => other.migrate({ tenants: ids.slice(1) }))).toBe(1);
  });

  test("so does a first write, beside another first write", async () => {
    const [, , id = newTenantId()] = ids;
    const [db, other] = [await open({ engine, entities: [After] }), await open({ engine, entities: [Before] })];
    const write = (tx: TransactionScope) => tx.repository(After).create({ id: 2, title: "late", rank: 2 });
    const meanwhile = () => other.tenant(id).repository(Before).create({ id: 1, name: "first", rank: 1 });
    expect(await attemptsWith(db, id, write, meanwhile)).toBe(2);
    const cities = db.tenant(id).repository(After);
    await expect(cities.list({ index: "byTitle" })).rejects.toMatchObject({ code: "INDEX_NOT_READABLE" });
    await db.migrate();
    expect(await cities.list({ index: "byTitle" })).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  test("a decision made by an index does not hold once a program without it has written", async () => {
    const [id = newTenantId()] = ids;
    const Same = entity("city", { version: 1, schema: V1, id: ["id"], indexes: { byRank: { fields: ["rank"] } } });
    const [db, other] = [await open({ engine, entities: [Before] }), await open({ engine, entities: [Same] })];
    const begun = signal();
    const go = signal();
    const found: string[][] = [];
    await db.tenant(id).repository(Before).count({ index: "byName" });
    const running = db.tenant(id).transact(async (tx) => {
      const named = await tx.repository(Before).list({ index: "byName", equals: "new" });
      found.push(named.map(({ name }) => name));
      await tx.repository(Before).create({ id: 5_000, name: "decided", rank: named.length });
      begun.resolve();
      await go.promise;
    });
    await begun.promise;
    await other.tenant(id).repository(Same).create({ id: 6_000, name: "new", rank: 1 });
    go.resolve();
    await expect(running).rejects.toMatchObject({ code: "INDEX_NOT_READABLE" });
    expect(found).toEqual([[]]);
    expect(await db.tenant(id).repository(Before).get(5_000)).toBeUndefined();
  });
});

test("states cost a process nothing once it knows them, and are seen anew when they change", async () => {
  const watched = recording(engine);
  const db = await open({ engine: watched, entities: [After] });
  await db.migrate();
  const cities = db.tenant(ids[0] ?? newTenantId()).repository(After);
  const calls = async (work: () => Promise<unknown>): Promise<string[]> => {
    watched.take();
    await work();
    return watched.take().flatMap(({ kind, operation }) => (kind === "asked" ? [operation] : []));
  };
  await cities.first({ index: "byTitle" });
  expect(await calls(() => cities.first({ index: "byTitle" }))).toEqual(["get", "getRange", "get"]);
  expect(await calls(() => cities.patch(1, { title: "x" }))).toEqual(["get", "get"]);
  await db.tenants.provision({ name: "another" });
  // The metadata version is another: the tenant's record and the entity's state are read once more.
  expect(await calls(() => cities.patch(1, { title: "y" }))).toEqual(["get", "get", "get", "get"]);
  expect(await calls(() => cities.patch(1, { title: "z" }))).toEqual(["get", "get"]);
});
