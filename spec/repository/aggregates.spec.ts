/** Aggregates are what the records come to, whatever is done to these, and adding to them conflicts with nobody. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { aggregatePrefix, Keyspace } from "../../lib/keyspace/index.js";
import { open } from "../../lib/open.js";
import type { TransactionRepository } from "../../lib/repository/index.js";
import { entity, type Infer } from "../../lib/schema/index.js";
import { faulty, recording } from "../../lib/testing/index.js";
import { concatBytes, pack } from "../../lib/tuple/index.js";
import { untold } from "../engine/with-capabilities.js";
import { runs } from "../runs.js";
import { impatient, rates } from "./fault-mix.js";

const Sale = entity("sale", {
  version: 1,
  schema: z.object({
    id: z.int(),
    shop: z.string(),
    kind: z.enum(["a", "b"]).optional(),
    cents: z.int(),
    mass: z.bigint().optional(),
    place: z.object({ rack: z.int().nullable() }).optional(),
    tags: z.array(z.string()).default([]),
    code: z.string().optional(),
  }),
  id: ["id"],
  indexes: { byCode: { fields: ["code"], unique: true } },
  aggregates: {
    all: { count: true },
    perShop: { count: true, by: ["shop"] },
    perKind: { count: true, by: ["shop", { field: "kind", order: "descending" }] },
    tagged: { count: true, by: [{ each: "tags" }] },
    paid: { count: true, by: ["shop"], where: ({ cents }) => cents > 0 },
    cents: { sum: "cents", by: ["shop"] },
    mass: { sum: "mass" },
    racks: { sum: "place.rack", by: ["kind"] },
  },
});
type Sale = Infer<typeof Sale>;
type Repository = TransactionRepository<typeof Sale>;
type Name = keyof (typeof Sale)["aggregates"];

/** What each aggregate is, in plain JavaScript: the groups of a sale, and what it adds to them. */
const rules: Readonly<Record<Name, readonly [(sale: Sale) => unknown[][], (sale: Sale) => bigint]>> = {
  all: [() => [[]], () => 1n],
  perShop: [({ shop }) => [[shop]], () => 1n],
  perKind: [({ shop, kind }) => [[shop, kind ?? null]], () => 1n],
  tagged: [({ tags }) => [...new Set(tags)].map((tag) => [tag]), () => 1n],
  paid: [({ shop, cents }) => (cents > 0 ? [[shop]] : []), () => 1n],
  cents: [({ shop }) => [[shop]], ({ cents }) => BigInt(cents)],
  mass: [() => [[]], ({ mass }) => mass ?? 0n],
  racks: [({ kind }) => [[kind ?? null]], ({ place }) => BigInt(place?.rack ?? 0)],
};
const names = Object.keys(rules).filter((name): name is Name => name in rules);

function totals(name: Name, sales: Iterable<Sale>): Map<string, bigint> {
  const [groups, amount] = rules[name];
  const found = new Map<string, bigint>();
  for (const sale of sales) {
    for (const values of groups(sale)) {
      const key = JSON.stringify(values);
      found.set(key, (found.get(key) ?? 0n) + amount(sale));
    }
  }
  for (const [key, total] of found) if (total === 0n) found.delete(key);
  return found;
}

async function assertAgrees(repository: Repository, sales: readonly Sale[]): Promise<void> {
  for (const name of names) {
    const groups = await repository.groups(name);
    const read = new Map(groups.map(({ values, value }) => [JSON.stringify(values), BigInt(value)]));
    expect({ name, groups: read }).toEqual({ name, groups: totals(name, sales) });
  }
  expect(await repository.aggregate("all")).toBe(sales.length);
  expect(await repository.aggregate("mass")).toBe(sales.reduce((sum, { mass }) => sum + (mass ?? 0n), 0n));
  expect(await repository.verify()).toEqual([]);
}

const sales: fc.Arbitrary<Sale> = fc.record(
  {
    id: fc.nat(5),
    shop: fc.constantFrom("", "x", "x\0", "\uffff"),
    kind: fc.constantFrom("a" as const, "b" as const),
    cents: fc.constantFrom(0, 1, -1, 5, -5, 2 ** 45, -(2 ** 45)),
    mass: fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
    place: fc.record({ rack: fc.option(fc.integer({ min: -1, max: 1 }), { nil: null }) }),
    tags: fc.array(fc.constantFrom("t", "u", ""), { maxLength: 3 }),
    code: fc.constantFrom("c", "d"),
  },
  { requiredKeys: ["id", "shop", "cents", "tags"] },
);
const ways = ["create", "put", "putMany", "createMany", "patch", "update", "delete", "deleteMany"] as const;
type Step = readonly [(typeof ways)[number], readonly [Sale, ...Sale[]]];
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(fc.constantFrom(...ways), fc.tuple(sales, sales, sales)),
  { minLength: 1, maxLength: 15 },
);

const run = async (repository: Repository, [how, given]: Step): Promise<unknown> => {
  const [first] = given;
  switch (how) {
    case "create":
    case "put":
      return repository[how](first);
    case "createMany":
    case "putMany":
      return repository[how](given);
    case "patch":
      return repository.patch(first.id, { shop: first.shop, tags: first.tags, cents: first.cents });
    case "update":
      return repository.update(first.id, () => first);
    case "delete":
      return repository.delete(first.id);
    case "deleteMany":
      return repository.deleteMany(given.map(({ id }) => id));
  }
};

/** What the store says no to is not what this is about, nor that faults may spoil every attempt of many steps. */
const expected = new Set(["RECORD_EXISTS", "RECORD_NOT_FOUND", "UNIQUE_VIOLATION", "TRANSACTION_ATTEMPTS_EXHAUSTED"]);
const attempt = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => {
    if (!isTenantryError(error) || !expected.has(error.code)) throw error;
  });

describe("aggregates", () => {
  let inner: Engine;
  let db: Database;
  beforeAll(async () => {
    inner = await openEngine(memory());
    db = await open({ engine: inner, entities: [Sale] });
  });
  afterAll(async () => {
    await db.close();
    await inner.close();
  });
  const shop = async () => {
    const { id } = await db.tenants.provision({ name: "shop" });
    return { id, tenant: db.tenant(id), repository: db.tenant(id).repository(Sale) };
  };
  const sale = (id: number, more: Partial<Sale> = {}): Sale => ({ id, shop: "x", cents: 10, tags: [], ...more });

  test("agree with the records after every operation", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const { repository } = await shop();
        for (const step of sequence) {
          await attempt(run(repository, step));
          await assertAgrees(repository, await repository.list());
        }
      }),
      { numRuns: runs(25) },
    );
  });

  test("agree on an engine that conflicts, ages and loses answers, whatever runs at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), steps, fc.boolean(), async (seed, sequence, together) => {
        const { id, repository } = await shop();
        const faults = faulty(inner, { seed, rates, delayMs: 2 });
        const troubled = await open({ engine: faults, entities: [Sale], random: impatient });
        const all = (on: Repository) => Promise.all(sequence.map((step) => attempt(run(on, step))));
        const tenant = troubled.tenant(id);
        if (together) await attempt(tenant.transact((tx) => all(tx.repository(Sale))));
        else await all(tenant.repository(Sale));
        await troubled.close();
        await faults.settled();
        await assertAgrees(repository, await repository.list());
      }),
      { numRuns: runs(12) },
    );
  });

  test("are read by group, by range of groups, and in the transaction that changes them", async () => {
    const { tenant, repository } = await shop();
    await repository.createMany([
      sale(1, { kind: "a", mass: 5n, place: { rack: 2 } }),
      sale(2, { shop: "y", cents: -3 }),
      sale(3, { shop: "y", kind: "b", tags: ["t", "t"] }),
    ]);
    expect(await repository.aggregate("perShop", { equals: "y" })).toBe(2);
    expect(await repository.aggregate("perShop", { equals: ["z"] })).toBe(0);
    expect(await repository.aggregate("perKind", { equals: ["y", undefined] })).toBe(1);
    expect(await repository.aggregate("cents", { equals: "y" })).toBe(7);
    expect(await repository.aggregate("mass")).toBe(5n);
    expect(await repository.groups("perKind", { equals: "y" })).toEqual([
      { values: ["y", "b"], value: 1 },
      { values: ["y", null], value: 1 },
    ]);
    expect(await repository.groups("perShop", { from: "x", to: "y" })).toEqual([{ values: ["x"], value: 1 }]);
    expect(await repository.groups("perShop", { prefix: "y" })).toEqual([{ values: ["y"], value: 2 }]);
    expect(await repository.groups("perShop", { reverse: true, limit: 1 })).toEqual([{ values: ["y"], value: 2 }]);
    await tenant.transact(async (tx) => {
      const inside = tx.repository(Sale);
      await inside.delete(2);
      expect(await inside.aggregate("perShop", { equals: "y" })).toBe(1);
      await inside.delete(3);
      expect(await inside.groups("perShop")).toEqual([{ values: ["x"], value: 1 }]);
    });
    expectTypeOf(repository.aggregate("mass")).resolves.toEqualTypeOf<bigint>();
    expectTypeOf(repository.aggregate("cents", { equals: "x" })).resolves.toEqualTypeOf<number>();
    // @ts-expect-error a group has to be named
    await expect(repository.aggregate("perShop")).rejects.toMatchObject({ code: "QUERY_INVALID" });
    // @ts-expect-error no such aggregate
    await expect(repository.aggregate("nothing")).rejects.toMatchObject({ code: "QUERY_INVALID" });
    // @ts-expect-error a shop is a text
    await expect(repository.aggregate("perShop", { equals: 1 })).rejects.toMatchObject({ code: "KEY_VALUE_INVALID" });
    // @ts-expect-error no such option
    await expect(repository.groups("perShop", { form: "x" })).rejects.toMatchObject({
      code: "OPTION_UNKNOWN",
      details: { nearest: "from" },
    });
  });

  test("are exact past what a number holds, and refuse what has more than 64 bits", async () => {
    const { repository } = await shop();
    const most = 2n ** 63n - 1n;
    await repository.createMany([1, 2, 3].map((id) => sale(id, { mass: most, cents: Number.MAX_SAFE_INTEGER })));
    expect(await repository.aggregate("mass")).toBe(3n * most);
    await expect(repository.aggregate("cents", { equals: "x" })).rejects.toMatchObject({
      code: "AGGREGATE_TOO_LARGE",
      details: { entity: "sale", aggregate: "cents" },
    });
    await expect(repository.patch(1, { mass: most + 1n })).rejects.toMatchObject({
      code: "AGGREGATE_VALUE_TOO_LARGE",
      details: { entity: "sale", aggregate: "mass", field: "mass" },
    });
    await repository.deleteMany([2, 3]);
    expect(await repository.aggregate("cents", { equals: "x" })).toBe(Number.MAX_SAFE_INTEGER);
    await expect(repository.delete(1)).resolves.toBe(true);
    expect(await repository.verify()).toEqual([]);
  });

  test("add without a read: many writers of one group never conflict", async () => {
    const engine = recording(untold(inner));
    const watched = await open({ engine, entities: [Sale] });
    const { id } = await watched.tenants.provision({ name: "busy" });
    const repository = watched.tenant(id).repository(Sale);
    await repository.create(sale(0));
    engine.take();
    await Promise.all(Array.from({ length: 64 }, (_, at) => repository.create(sale(at + 1))));
    const calls = engine.take().filter(({ kind }) => kind === "asked" || kind === "written");
    const count = (operation: string) => calls.filter((call) => call.operation === operation).length;
    // One attempt each: a get of the tenant's state and one of the record.
    expect([count("get"), count("setVersionstampedValue")]).toEqual([2 * 64, 64]);
    // all, perShop, perKind, paid and cents; a sum may come to nothing.
    expect([count("add"), count("compareAndClear")]).toEqual([5 * 64, 64]);
    expect(await repository.aggregate("all")).toBe(65);
    engine.take();
    await repository.patch(1, { code: "new" });
    expect(engine.take().some(({ operation }) => operation === "add")).toBe(false);
    await repository.aggregate("perShop", { equals: "x" });
    expect(
      engine
        .take()
        .filter(({ kind }) => kind === "asked")
        .map(({ operation }) => operation),
    ).toEqual(["get", "get"]);
    await repository.groups("perShop");
    const listed = engine.take().filter(({ kind }) => kind === "asked");
    expect(listed.map(({ operation }) => operation)).toEqual(["get", "getRange"]);
    await watched.close();
  });

  test("added later, are not read until they are counted", async () => {
    const { id, repository } = await shop();
    await repository.createMany([sale(1), sale(2, { shop: "y" }), sale(3, { shop: "y" })]);
    const { schema } = Sale;
    const Later = entity("sale", {
      version: 1,
      schema,
      id: ["id"],
      aggregates: { per: { count: true, by: ["shop"] } },
    });
    const later = await open({ engine: inner, entities: [Later] });
    const sales = later.tenant(id).repository(Later);
    expect(later.schemaChanges.filter(({ kind }) => kind === "aggregateAdded")).toEqual([
      { entity: "sale", kind: "aggregateAdded", name: "per", version: 1, safe: true },
    ]);
    await sales.delete(2);
    const details = { entity: "sale", aggregate: "per", status: "dropped" };
    const refused = { code: "AGGREGATE_NOT_READABLE", details };
    await expect(sales.groups("per")).rejects.toMatchObject(refused);
    await expect(sales.aggregate("per", { equals: "y" })).rejects.toMatchObject(refused);
    expect(await sales.verify()).toEqual([]);
    await Promise.all([sales.recount(), sales.create(sale(4)), sales.recount(), sales.delete(3)]);
    expect(await sales.groups("per")).toEqual([{ values: ["x"], value: 2 }]);
    expect(await sales.verify()).toEqual([]);
    await later.close();
  });

  test("damaged, are found", async () => {
    const { id, repository } = await shop();
    await repository.createMany([sale(1), sale(2, { shop: "y" })]);
    const range = new Keyspace().tenant(id);
    const key = (name: Name, ...values: string[]) =>
      range.absolute(concatBytes(aggregatePrefix("sale", name), pack(values)));
    const damage = async (work: (transaction: ReturnType<Engine["begin"]>) => void): Promise<void> => {
      const transaction = inner.begin();
      work(transaction);
      await transaction.commit();
    };
    const one = new Uint8Array(16).with(0, 1);
    await damage((transaction) => {
      transaction.clear(key("perShop", "x"));
      transaction.atomic("add", key("cents", "y"), one);
      transaction.set(key("tagged", "nobody's"), one);
      transaction.set(key("paid", "x"), Uint8Array.of(1));
    });
    expect(await repository.verify()).toEqual([
      { part: "aggregate", aggregate: "perShop", kind: "wrong", values: ["x"], stored: 0n, counted: 1n },
      { part: "aggregate", aggregate: "tagged", kind: "wrong", values: ["nobody's"], stored: 1n, counted: 0n },
      { part: "aggregate", aggregate: "paid", kind: "unreadable", values: ["x"], stored: 0n, counted: 1n },
      { part: "aggregate", aggregate: "cents", kind: "wrong", values: ["y"], stored: 11n, counted: 10n },
    ]);
    await expect(repository.aggregate("paid", { equals: "x" })).rejects.toMatchObject({ code: "AGGREGATE_CORRUPT" });
    await repository.recount();
    expect(await repository.verify()).toEqual([]);
  });

  test("are refused where they cannot be kept", () => {
    const schema = z.object({ id: z.int(), text: z.string(), ratio: z.number(), at: z.date() });
    const refused = (aggregates: object): unknown => {
      try {
        // The compiler refuses some of these, too.
        return entity("e", { version: 1, schema, id: ["id"], aggregates: aggregates as Record<never, never> });
      } catch (error) {
        return isTenantryError(error, "ENTITY_INVALID") ? [error.details.path, error.details.reason] : error;
      }
    };
    expect(refused({ a: {} })).toEqual(["aggregates.a", "countOrSum"]);
    expect(refused({ a: { count: true, sum: "id" } })).toEqual(["aggregates.a", "countOrSum"]);
    expect(refused({ a: { count: false } })).toEqual(["aggregates.a.count", "notTrue"]);
    expect(refused({ a: { sum: "ratio" } })).toEqual(["aggregates.a.sum", "notAnInteger"]);
    expect(refused({ a: { sum: "text" } })).toEqual(["aggregates.a.sum", "notAnInteger"]);
    expect(refused({ a: { sum: "nothing" } })).toEqual(["aggregates.a.sum", "unknownField"]);
    expect(refused({ a: { count: true, by: "id" } })).toEqual(["aggregates.a.by", "notAnArray"]);
    expect(refused({ a: { count: true, by: ["id", "id"] } })).toEqual(["aggregates.a.by[1]", "duplicateField"]);
    expect(refused({ a: { count: true, revison: 2 } })).toMatchObject({
      code: "OPTION_UNKNOWN",
      details: { of: "aggregates.a", option: "revison", nearest: "revision" },
    });
    expect(refused({ a: { count: true, where: 1 } })).toEqual(["aggregates.a.where", "notAFunction"]);
    expect(refused({ "a b": { count: true } })).toEqual(["aggregates.a b", "namePattern"]);
  });
});
