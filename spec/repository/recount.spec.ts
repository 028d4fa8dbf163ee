/** Recounts: totals become what the records come to, while writers and other recounts go on, under faults and crashes. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { aggregatePrefix, Keyspace, subspacePrefix, subspaces } from "../../lib/keyspace/index.js";
import { open } from "../../lib/open.js";
import { entity, type Infer } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { faulty } from "../../lib/testing/index.js";
import { concatBytes, pack, tupleRange } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { impatient, rates } from "./fault-mix.js";

const schema = z.object({ id: z.int(), shop: z.int(), cents: z.int(), tags: z.array(z.string()) });
const aggregates = {
  all: { count: true },
  perShop: { count: true, by: ["shop"] },
  cents: { sum: "cents", by: ["shop"] },
  tagged: { count: true, by: [{ each: "tags" }] },
} as const;
const Sale = entity("sale", { version: 1, schema, id: ["id"], aggregates });
type Sale = Infer<typeof Sale>;
const Plain = entity("sale", { version: 1, schema, id: ["id"] });

const sale = (id: number, more: Partial<Sale> = {}): Sale => ({ id, shop: id % 7, cents: id, tags: ["t"], ...more });

/** What a writer may be told under faults without anything being wrong. */
const tolerated = new Set(["TRANSACTION_ATTEMPTS_EXHAUSTED", "TRANSACTION_OUTCOME_UNKNOWN", "INDEX_BUILD_OVERTAKEN"]);
const tolerate = (error: unknown): void => {
  if (!isTenantryError(error) || !tolerated.has(error.code)) throw error;
};

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

async function shop(records: readonly Sale[]): Promise<TenantId> {
  const { id } = await db.tenants.provision({ name: "shop" });
  if (records.length > 0) await db.tenant(id).repository(Sale).createMany(records);
  return id;
}

/** Adds to stored totals, and puts one there that is none. */
async function damage(id: TenantId, groups: readonly number[]): Promise<void> {
  const range = new Keyspace().tenant(id);
  const transaction = inner.begin();
  for (const group of groups) {
    const key = range.absolute(concatBytes(aggregatePrefix("sale", "perShop"), pack([group])));
    if (group === 3) transaction.set(key, Uint8Array.of(1));
    else transaction.atomic("add", key, new Uint8Array(16).with(0, 5));
  }
  await transaction.commit();
}

/** Keys of a count that is under way. */
async function leftOf(id: TenantId): Promise<number> {
  const range = new Keyspace().tenant(id);
  const { begin, end } = tupleRange(range.absolute(subspacePrefix(subspaces.aggregates, 3)));
  const at = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
  return (await inner.begin().getRange(at(begin), at(end))).rows.length;
}

const change = fc.record({
  id: fc.integer({ min: 0, max: 30 }),
  shop: fc.integer({ min: 0, max: 8 }),
  cents: fc.constantFrom(0, 1, -1, 7),
  tags: fc.uniqueArray(fc.constantFrom("t", "u", "v")),
  kind: fc.constantFrom("put", "delete", "patch"),
});

describe("a recount", () => {
  test("makes totals right beside writers, other recounts and faults, and leaves nothing behind", async () => {
    const scenario = fc.record({
      seed: fc.integer(),
      changes: fc.array(change, { maxLength: 40 }),
      damaged: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
      plain: fc.boolean(),
    });
    let ends = 0;
    await fc.assert(
      fc.asyncProperty(scenario, async ({ seed, changes, damaged, plain }) => {
        const id = await shop(Array.from({ length: 25 }, (_, at) => sale(at)));
        await damage(id, damaged);
        const processes = await Promise.all(
          [seed, seed + 1].map((of) =>
            open({ engine: faulty(inner, { seed: of, rates }), entities: [Sale], random: impatient }),
          ),
        );
        // A program without the aggregates, in one run of two.
        const older = plain ? await open({ engine: inner, entities: [Plain] }) : undefined;
        const writing = changes.map(async ({ kind, ...given }, at) => {
          for (let tick = 0; tick < (at % 15) * 4; tick++) await new Promise(setImmediate);
          const program = at % 9 === 8 ? (older ?? processes[0]) : processes[at % 2];
          const sales = program?.tenant(id).repository(program === older ? (Plain as unknown as typeof Sale) : Sale);
          const work = kind === "put" ? sales?.put(given) : kind === "delete" ? sales?.delete(given.id) : undefined;
          await work?.catch(tolerate);
          if (kind !== "patch") return;
          await sales?.patch(given.id, { shop: given.shop }).catch((error: unknown) => {
            if (!isTenantryError(error, "RECORD_NOT_FOUND")) tolerate(error);
          });
        });
        const counting = processes.map((each) =>
          each
            .tenant(id)
            .repository(Sale)
            .recount()
            .then(() => true, tolerate),
        );
        const [ended] = await Promise.all([Promise.all(counting), ...writing]);
        await older?.close();
        const sales = db.tenant(id).repository(Sale);
        if (older === undefined && ended.includes(true)) ends += 1;
        else await sales.recount();
        expect(await sales.verify()).toEqual([]);
        const all = await sales.list();
        expect(await sales.aggregate("all")).toBe(all.length);
        const perShop = new Map<number, number>();
        for (const { shop: of } of all) perShop.set(of, (perShop.get(of) ?? 0) + 1);
        const groups = await sales.groups("perShop");
        expect(new Map(groups.map(({ values, value }) => [values[0], value]))).toEqual(perShop);
        expect(await leftOf(id)).toBe(0);
        // Writers go on from there.
        await sales.put(sale(100, { shop: 100 }));
        expect(await sales.verify()).toEqual([]);
      }),
      { numRuns: runs(25) },
    );
    expect(ends).toBeGreaterThan(5);
  });

  test("ends beside a writer that never stops", async () => {
    const id = await shop(Array.from({ length: 900 }, (_, at) => sale(at, { shop: at })));
    const sales = db.tenant(id).repository(Sale);
    let going = true;
    let writes = 0;
    const writer = (async () => {
      while (going) {
        await sales.put(sale(writes % 900, { cents: writes + 1, shop: (writes + 1) % 900 }));
        writes += 1;
        await new Promise(setImmediate);
      }
    })();
    await damage(id, [1, 2, 3]);
    await sales.recount();
    going = false;
    await writer;
    expect(writes).toBeGreaterThan(5);
    expect(await sales.verify()).toEqual([]);
  });

  test("is read all the while where the totals could be read before", async () => {
    const id = await shop(Array.from({ length: 600 }, (_, at) => sale(at)));
    const sales = db.tenant(id).repository(Sale);
    let done = false;
    const counting = sales.recount().then(() => {
      done = true;
    });
    while (!done) {
      expect(await sales.aggregate("all")).toBe(600);
      await new Promise(setImmediate);
    }
    await counting;
  });

  test("of an entity without records has nothing to do", async () => {
    const sales = db.tenant(await shop([])).repository(Sale);
    await sales.recount();
    expect(await sales.aggregate("all")).toBe(0);
  });

  test("after all records are gone forgets what an older program left", async () => {
    const id = await shop([sale(1)]);
    const older = await open({ engine: inner, entities: [Plain] });
    await older.tenant(id).repository(Plain).delete(1);
    const sales = db.tenant(id).repository(Sale);
    expect(await sales.aggregate("all")).toBe(0);
    await sales.create(sale(2));
    expect(await sales.aggregate("all")).toBe(1);
    expect(await sales.verify()).toEqual([]);
    await older.close();
  });
});
