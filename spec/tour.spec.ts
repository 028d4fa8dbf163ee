/** The tour: what a newcomer writes, without an annotation, and what comes of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded, entity, open } from "tenantry";
import { afterAll, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";

const City = entity("city", {
  version: 1,
  schema: z.object({
    id: z.int(),
    name: z.string(),
    population: z.int(),
    at: z.object({ lat: z.number(), lon: z.number() }),
  }),
  id: ["id"],
  indexes: {
    byPopulation: { fields: ["population"] },
    byName: { fields: ["name", "population"] },
  },
});

const Account = entity("account", {
  version: 1,
  schema: z.object({ id: z.string(), cents: z.int().min(0), note: z.string().optional() }),
  id: ["id"],
});

const folder = mkdtempSync(join(tmpdir(), "tenantry-tour-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tour", async () => {
  const db = await open({ engine: embedded(join(folder, "data")), entities: [City, Account] });
  const { id } = await db.tenants.provision({ name: "France" });
  const france = db.tenant(id);
  const cities = france.repository(City);

  const created = await cities.create({
    id: 2988507,
    name: "Paris",
    population: 2138551,
    at: { lat: 48.85, lon: 2.35 },
  });
  expectTypeOf(created).toEqualTypeOf<{
    id: number;
    name: string;
    population: number;
    at: { lat: number; lon: number };
  }>();
  const patched = await cities.patch(2988507, { population: 2138552 });
  expect(patched).toEqual({ ...created, population: 2138552 });

  const entry = await cities.entry(2988507);
  const ifRevision = entry?.revision;
  await cities.update(2988507, (city) => ({ ...city, population: city.population + 1 }), { ifRevision });
  await expect(cities.update(2988507, (city) => city, { ifRevision })).rejects.toMatchObject({
    code: "REVISION_MISMATCH",
    details: { expected: 2, actual: 3 },
  });

  const paris = await cities.get(2988507);
  expectTypeOf(paris).toEqualTypeOf<typeof created | undefined>();
  expect(paris?.population).toBe(2138553);
  await expect(cities.require(1)).rejects.toMatchObject({ code: "RECORD_NOT_FOUND", details: { id: "1" } });

  await cities.createMany(
    Array.from({ length: 120 }, (_, i) => ({
      id: i,
      name: i % 2 === 0 ? "Saint-Denis" : `Ville ${i}`,
      population: i * 2_000,
      at: { lat: i / 7, lon: -i / 3 },
    })),
  );
  const names: string[] = [];
  for await (const city of cities.scan({ index: "byPopulation", from: 100_000, reverse: true, limit: 10 })) {
    names.push(city.name);
  }
  expect(names).toEqual([
    "Paris",
    ...Array.from({ length: 9 }, (_, i) => (i % 2 === 0 ? `Ville ${119 - i}` : "Saint-Denis")),
  ]);

  const pages: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await cities.page({ index: "byName", equals: ["Saint-Denis"], size: 50, cursor });
    expect(page.previous === undefined).toBe(cursor === undefined);
    pages.push(page.items.length);
    cursor = page.next;
  } while (cursor !== undefined);
  expect(pages).toEqual([50, 10]);

  await france.repository(Account).createMany([
    { id: "a1", cents: 500, note: "first" },
    { id: "a2", cents: 0 },
  ]);
  const order: string[] = [];
  const rest = await france.transact(async (tx) => {
    const accounts = tx.repository(Account);
    const from = await accounts.require("a1");
    tx.afterCommit(() => void order.push("committed"));
    await accounts.update("a2", (to) => ({ ...to, cents: to.cents + 200 }));
    await accounts.patch("a1", { cents: from.cents - 200, note: undefined });
    order.push("written");
    return from.cents - 200;
  });
  expectTypeOf(rest).toEqualTypeOf<number>();
  expect(order).toEqual(["written", "committed"]);
  expect(await france.repository(Account).list()).toEqual([
    { id: "a1", cents: 300 },
    { id: "a2", cents: 200 },
  ]);

  const both = await france.read(async (tx) => ({
    cities: await tx.repository(City).count(),
    accounts: await tx.repository(Account).count(),
  }));
  expect(both).toEqual({ cities: 121, accounts: 2 });
  await db.close();

  await using again = await open({ engine: embedded(join(folder, "data")), entities: [City, Account] });
  expect((await again.tenant(id).repository(City).require(2988507)).name).toBe("Paris");
  expect(await again.tenants.get(id)).toMatchObject({ name: "France", state: "active" });
});

test("what the tour leaves out does not compile", () => {
  // Never called: the compiler is the test.
  const misuse = async (db: Awaited<ReturnType<typeof open>>): Promise<void> => {
    const tenant = db.tenant((await db.tenants.provision({ name: "x" })).id);
    const cities = tenant.repository(City);
    // @ts-expect-error a misspelt field
    await cities.patch(1, { popluation: 1 });
    // @ts-expect-error a required field cannot be removed
    await cities.patch(1, { name: undefined });
    // @ts-expect-error an id is not patched
    await cities.patch(1, { id: 2 });
    // @ts-expect-error not an id of a city
    await cities.get("1");
    // @ts-expect-error no such index
    await cities.list({ index: "byMayor" });
    // @ts-expect-error a bound is a value of its field
    await cities.list({ index: "byPopulation", from: "many" });
    // @ts-expect-error more values than fields
    await cities.list({ index: "byPopulation", equals: [1, 2] });
    // @ts-expect-error the first field is a name
    await cities.list({ index: "byName", equals: [1] });
    // @ts-expect-error an update is synchronous
    await cities.update(1, async (city) => city);
    // @ts-expect-error reading work has no writes
    await tenant.read((tx) => tx.repository(City).delete(1));
    // @ts-expect-error text is no tenant id until it is parsed
    db.tenant("7b1985ce-0000-4000-8000-000000000000");
    // @ts-expect-error a handle has no way back
    tenant.database;
    // @ts-expect-error nor to the engine
    tenant.engine;
    await cities.list({ index: "byName", equals: "Saint-Denis", from: 1, to: [2] });
    await cities.list({ index: Math.random() < 0.5 ? "byName" : "byPopulation", reverse: true });
  };
  expect(misuse).toBeTypeOf("function");
});
