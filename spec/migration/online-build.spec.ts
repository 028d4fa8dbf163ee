/** Building while others write: no entry is missed, none is left over, whatever fails and whoever writes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { open } from "../../lib/open.js";
import { entity, type Infer } from "../../lib/schema/index.js";
import { newTenantId, type TenantId } from "../../lib/tenant/index.js";
import { faulty } from "../../lib/testing/index.js";
import { impatient, rates } from "../repository/fault-mix.js";
import { runs } from "../runs.js";

const V1 = z.object({ id: z.int(), code: z.int(), tags: z.array(z.string()), live: z.boolean() });
const V2 = z.object({ ...V1.shape, size: z.int() });
type Old = Infer<typeof Plain>;

/** A program of before, which knows one index, and keeps it under another definition. */
const Plain = entity("item", { version: 1, schema: V1, id: ["id"], indexes: { byTag: { fields: ["code"] } } });
const indexes = {
  byCode: { fields: ["code"], unique: true, stored: ["live"] },
  byTag: { fields: [{ each: "tags" }] },
  live: { fields: ["code"], where: ({ live }: Old) => live },
} as const;
const aggregates = {
  all: { count: true },
  perTag: { count: true, by: [{ each: "tags" }] },
  codes: { sum: "code", by: ["live"], where: ({ code }: Old) => code > 10 },
} as const;
const Indexed = entity("item", { version: 1, schema: V1, id: ["id"], indexes, aggregates });
const Stepped = entity("item", {
  version: 2,
  schema: V2,
  id: ["id"],
  indexes: { ...indexes, bySize: { fields: ["size"] } },
  aggregates,
  migrations: { 1: { schema: V1, up: (item) => ({ ...item, size: item.tags.length }) } },
});

const ids = fc.integer({ min: 0, max: 39 });
const change = fc.record({
  id: ids,
  // Few values: doubles are tried, and refused where the index is kept.
  code: fc.integer({ min: 0, max: 60 }),
  tags: fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 }),
  live: fc.boolean(),
  kind: fc.constantFrom("put", "patch", "delete", "both"),
  by: fc.nat(2),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What a writer may be told without anything being wrong. */
const expected = new Set([
  "UNIQUE_VIOLATION",
  "RECORD_NOT_FOUND",
  "SCHEMA_OUTDATED",
  "VALUE_VERSION_NEWER",
  "VALUE_LAYOUT_UNKNOWN",
  "INDEX_BUILD_OVERTAKEN",
  "TRANSACTION_ATTEMPTS_EXHAUSTED",
  "TRANSACTION_OUTCOME_UNKNOWN",
]);
const tolerate = (error: unknown): void => {
  if (!isTenantryError(error) || !expected.has(error.code)) throw error;
};

interface Program {
  readonly db: Database;
  readonly item: typeof Plain | typeof Indexed | typeof Stepped;
}

async function apply({ db, item }: Program, tenant: TenantId, { id, code, tags, live, kind }: Change): Promise<void> {
  // What the three have in common is what is written.
  const items = db.tenant(tenant).repository(item as typeof Plain);
  const record = { id, code, tags, live, size: tags.length };
  try {
    if (kind === "put") await items.put(record);
    else if (kind === "patch") await items.patch(id, { code, tags });
    else if (kind === "delete") await items.delete(id);
    else {
      await db.tenant(tenant).transact(async (tx) => {
        const both = tx.repository(item as typeof Plain);
        await Promise.all([both.delete(id), both.put({ ...record, id: id + 100 })]);
      });
    }
  } catch (error) {
    tolerate(error);
  }
}

/** Every index agrees with the records, and nothing is missed by a query. */
async function assertIndexed(db: Database, tenant: TenantId, item: typeof Indexed | typeof Stepped): Promise<void> {
  const items = db.tenant(tenant).repository(item as typeof Indexed);
  expect(await items.verify()).toEqual([]);
  const all = await items.list();
  expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
  const ordered = all.toSorted((a, b) => a.code - b.code);
  expect(await items.list({ index: "byCode" })).toEqual(ordered);
  expect(await items.list({ index: "live" })).toEqual(ordered.filter(({ live }) => live));
  const tagged = all.filter(({ tags }) => tags.includes("b"));
  expect(await items.list({ index: "byTag", equals: "b" })).toEqual(tagged);
  expect(await items.aggregate("all")).toBe(all.length);
  expect(await items.aggregate("perTag", { equals: "b" })).toBe(tagged.length);
  const codes = ordered.filter(({ live, code }) => live && code > 10);
  expect(await items.aggregate("codes", { equals: true })).toBe(codes.reduce((sum, { code }) => sum + code, 0));
}

test("writers, builders, faults and two programs: every index has exactly its entries", async () => {
  const inner = await openEngine(memory());
  // Several processes: each has caches of its own.
  const process = async (seed: number, item: Program["item"]): Promise<Program> => {
    const engine: Engine = faulty(inner, { seed, rates });
    return { db: await open({ engine, entities: [item], random: impatient }), item };
  };
  const scenario = fc.record({
    seed: fc.integer(),
    first: fc.array(change, { maxLength: 40 }),
    during: fc.array(change, { minLength: 10, maxLength: 60 }),
    older: fc.boolean(),
    stepped: fc.boolean(),
  });
  let built = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ seed, first, during, older, stepped }) => {
      const item = stepped ? Stepped : Indexed;
      const before = await process(seed, Plain);
      const tenant = newTenantId();
      await before.db.tenants.provision({ id: tenant, name: "t" });
      for (const each of first) await apply(before, tenant, each);
      const [one, two] = [await process(seed + 1, item), await process(seed + 2, item)];
      const programs = older ? [before, one, two] : [one, two, one];

      const writing = during.map(async (each, at) => {
        // Not all at once: some before, some while, some after it is built.
        for (let tick = 0; tick < (at % 12) * 3; tick++) await new Promise(setImmediate);
        await apply(programs[each.by] ?? one, tenant, each);
      });
      const build = async (db: Database): Promise<void> => {
        for (const { error } of (await db.migrate({ tenants: [tenant] })).failures) tolerate(error);
      };
      await Promise.all([...writing, build(one.db), build(two.db)]);

      // The older program is gone. Doubles that it left are resolved, as whoever runs a service would.
      const sane = await open({ engine: inner, entities: [item] });
      const items = sane.tenant(tenant).repository(item as typeof Indexed);
      const codes = new Set<number>();
      for (const { id, code } of await items.list()) {
        if (codes.has(code)) await items.delete(id);
        codes.add(code);
      }
      const { failures } = await sane.migrate({ tenants: [tenant] });
      expect(failures).toEqual([]);
      if ((await items.count()) > 0) built += 1;
      await assertIndexed(sane, tenant, item);
      // A process that was there all along sees it as well, and keeps it.
      await apply(one, tenant, { id: 1, code: 99, tags: ["b"], live: true, kind: "put", by: 1 });
      await assertIndexed(sane, tenant, item);
    }),
    { numRuns: runs(25) },
  );
  expect(built).toBeGreaterThan(5);
  await inner.close();
});
