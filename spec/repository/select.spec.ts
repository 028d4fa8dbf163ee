/** Queries over indexes of every kind: each gives what a filter gives, and costs what `explain` says. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import type { Query, TenantRepository } from "../../lib/repository/index.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";
import { runs } from "../runs.js";
import { claimsOf, type Entry, entriesOf, Item, inputOf, items, type Kind, kinds, type Scalar } from "./kinds.js";

type Name = keyof Item;
const names: readonly Name[] = ["id", "code", "group", "rank", "live", "spot", "tags", "lines", "seen"];

interface Shape {
  readonly kind: Kind;
  /** Which of the entries there are gives the values to ask for, and how many of them are fixed. */
  readonly at: number;
  readonly fixed: number;
  readonly prefix: number | undefined;
  readonly reverse: boolean;
  readonly limit: number | undefined;
  readonly select: readonly Name[] | undefined;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  kind: fc.constantFrom(...kinds),
  at: fc.nat(30),
  fixed: fc.nat(2),
  prefix: fc.option(fc.nat(2), { nil: undefined }),
  reverse: fc.boolean(),
  limit: fc.option(fc.nat(4), { nil: undefined }),
  select: fc.option(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }), { nil: undefined }),
});

/** Items that may be there together. */
const shops = fc.uniqueArray(items, { selector: ({ id }) => id, maxLength: 8 }).map((all) => {
  const claims = new Set<string>();
  return all.filter((item) => {
    const own = new Set(claimsOf(item));
    if ([...own].some((claim) => claims.has(claim))) return false;
    for (const claim of own) claims.add(claim);
    return true;
  });
});

const pick = (item: Item, select: readonly Name[] | undefined): Partial<Item> =>
  select === undefined
    ? item
    : Object.fromEntries(Object.entries(item).filter(([name]) => select.some((n) => n === name)));

/** A shape's query and the entries a filter gives for it. */
function asked(all: readonly Item[], shape: Shape): { query: Query<typeof Item>; entries: Entry[] } {
  const { kind, at, fixed, reverse, limit, select } = shape;
  const entries = entriesOf(kind, all);
  const sample: readonly Scalar[] = entries[at % Math.max(entries.length, 1)]?.values ?? [];
  const equals = sample.slice(0, fixed);
  const text = sample[equals.length];
  const prefix =
    shape.prefix !== undefined && typeof text === "string" ? [...text].slice(0, shape.prefix).join("") : undefined;
  const found = entries.filter(({ values }) => {
    if (!equals.every((value, index) => values[index] === value)) return false;
    const next = values[equals.length];
    return prefix === undefined || (typeof next === "string" && next.startsWith(prefix));
  });
  if (reverse) found.reverse();
  // The compiler has checked other queries (spec/types): here the values are what matters.
  const query = { index: kind, equals: equals.length > 0 ? equals : undefined, prefix, reverse, limit, select };
  return { query: query as Query<typeof Item>, entries: found };
}

describe("a query", () => {
  let inner: Engine;
  let engine: RecordingEngine;
  let db: Database;
  beforeAll(async () => {
    inner = await openEngine(memory());
    engine = recording(inner);
    db = await open({ engine, entities: [Item] });
  });
  afterAll(async () => {
    await db.close();
    await inner.close();
  });

  const spare = { id: 0, group: "g", rank: 0, live: false };
  const shop = async (all: readonly Item[]): Promise<TenantRepository<typeof Item>> => {
    const repository = db.tenant((await db.tenants.provision({ name: "shop" })).id).repository(Item);
    await repository.createMany(all.map(inputOf));
    // An entity that was never written in a tenant has its state looked up by each query of an index.
    if (all.length === 0) await repository.deleteMany([(await repository.create(spare)).id]);
    return repository;
  };

  /** What `work` gives, and the gets and range reads it costs, the get of the metadata version apart. */
  async function costOf<T>(work: () => Promise<T>): Promise<{ value: T; gets: number; rangeReads: number }> {
    engine.take();
    const value = await work();
    const asks = engine.take().filter(({ kind }) => kind === "asked");
    // A scan that has nothing to read does not even begin.
    const gets = Math.max(asks.filter(({ operation }) => operation === "get").length - 1, 0);
    return { value, gets, rangeReads: asks.filter(({ operation }) => operation === "getRange").length };
  }

  test("gives the rows and the fields a filter gives, at the cost that explain tells", async () => {
    await fc.assert(
      fc.asyncProperty(shops, fc.array(shapes, { minLength: 1, maxLength: 15 }), async (all, many) => {
        const repository = await shop(all);
        for (const shape of many) {
          const { query, entries } = asked(all, shape);
          const rows = entries.slice(0, shape.limit).map(({ item }) => pick(item, shape.select));
          const plan = repository.explain(query);
          const { value, gets, rangeReads } = await costOf(() => repository.list(query));
          expect({ shape, value }).toEqual({ shape, value: rows });
          expect(rangeReads).toBe(plan.calls.rangeReads);
          expect(gets).toBe(rows.length * plan.calls.getsPerRow);
          expect(plan.covered).toBe(plan.calls.getsPerRow === 0);
          expect((await costOf(() => repository.first(query))).value).toEqual(rows[0]);
          const size = 3;
          const { limit: _, ...paged } = query;
          const page = await costOf(() => repository.page({ ...paged, size } as never));
          expect(page.value.items).toEqual(entries.slice(0, size).map(({ item }) => pick(item, shape.select)));
          expect(page.rangeReads).toBe(repository.explain(paged as typeof query).calls.rangeReads);
          const { select: __, ...counted } = query;
          const count = await costOf(() => repository.count(counted));
          expect(count).toMatchObject({ value: rows.length, gets: 0, rangeReads });
          const max = 2;
          expect(await repository.count({ ...counted, max } as never)).toEqual({
            count: Math.min(rows.length, max),
            exact: rows.length <= max,
          });
        }
      }),
      { numRuns: runs(30) },
    );
  });

  test("over ids takes a prefix where their next field is a text", async () => {
    const repository = await shop([]);
    await expect(repository.list({ prefix: "a" } as never)).rejects.toMatchObject({ code: "RECORD_ID_INVALID" });
  });

  test("reads the record for a field that its index cannot tell absent from null", async () => {
    const repository = await shop([
      { id: 1, group: "g", rank: 2, live: true, spot: { row: null }, tags: [] },
      { id: 2, code: "c", group: "g", rank: 2, live: true, tags: [] },
    ]);
    const query = { index: "code", select: ["id", "code"] } as const;
    expect(repository.explain(query).covered).toBe(false);
    expect(await repository.list(query)).toStrictEqual([{ id: 1 }, { id: 2, code: "c" }]);
  });

  test("over any kind of index is walked page by page, to the end and back", async () => {
    await fc.assert(
      fc.asyncProperty(shops, fc.constantFrom(...kinds), fc.boolean(), async (all, kind, reverse) => {
        const repository = await shop(all);
        const rows = entriesOf(kind, all).map(({ item }) => ({ id: item.id, rank: item.rank }));
        if (reverse) rows.reverse();
        const at = (cursor: string | undefined) =>
          repository.page({ index: kind, reverse, size: 2, cursor, select: ["id", "rank"] });
        const forward: { id: number; rank: number }[] = [];
        let page = await at(undefined);
        forward.push(...page.items);
        while (page.next !== undefined) {
          page = await at(page.next);
          forward.push(...page.items);
        }
        expect(forward).toEqual(rows);
        let back = [...page.items];
        while (page.previous !== undefined) {
          page = await at(page.previous);
          back = [...page.items, ...back];
        }
        expect(back).toEqual(rows);
      }),
      { numRuns: runs(30) },
    );
  });

  test("is typed by what it selects", async () => {
    const repository = await shop([{ id: 1, group: "g", rank: 2, live: true, tags: ["t"] }]);
    const [row] = await repository.list({ index: "covering", prefix: "g", select: ["rank", "id"] });
    expectTypeOf(row).toEqualTypeOf<Pick<Item, "rank" | "id"> | undefined>();
    expect(row).toEqual({ rank: 2, id: 1 });
    const first = await repository.first({ index: "tag", equals: "t" });
    expectTypeOf(first).toEqualTypeOf<Item | undefined>();
    expect(first?.tags).toEqual(["t"]);
    expect(await repository.first({ index: "tag", equals: "u" })).toBeUndefined();
    for await (const { group } of repository.scan({ select: ["group"] })) expect(group).toBe("g");
    // @ts-expect-error not selected
    expect(row?.group).toBeUndefined();
    // @ts-expect-error no such field
    await expect(repository.list({ select: ["grop"] })).rejects.toMatchObject({ code: "QUERY_INVALID" });
    // @ts-expect-error a prefix of a number
    await expect(repository.list({ index: "live", prefix: "1" })).rejects.toMatchObject({ code: "KEY_VALUE_INVALID" });
  });

  test("that is not one range is refused with the index it lacks, at no cost", async () => {
    const repository = await shop([]);
    const refused = async (query: unknown, details: object): Promise<void> => {
      const rejection = expect(repository.list(query as Query<typeof Item>)).rejects;
      await rejection.toMatchObject({ code: "QUERY_INVALID", details: { entity: "item", ...details } });
    };
    engine.take();
    await refused({ where: { rank: 1, live: true } }, { lacks: ["rank", "live"] });
    await refused({ rank: 1, "spot.row": 2 }, { lacks: ["rank", "spot.row"] });
    await refused({ index: "plain", equals: { seen: "x" } }, { lacks: ["seen"] });
    await refused({ where: { rank: 1, group: "g" } }, { lacks: undefined, reason: expect.stringContaining('"plain"') });
    await refused({ select: [] }, {});
    await expect(repository.count({ max: -1 })).rejects.toMatchObject({ code: "QUERY_INVALID" });
    const unknown = { code: "OPTION_UNKNOWN", details: { of: "list", option: "max" } };
    await expect(repository.list({ max: 1 } as never)).rejects.toMatchObject(unknown);
    await refused({ index: "plain", prefix: "a", from: "b" }, { index: "plain" });
    await refused({ index: "covering", equals: "a", prefix: "b" }, { index: "covering" });
    expect(engine.take()).toEqual([]);
  });

  test("is explained without a read", async () => {
    const repository = await shop([]);
    engine.take();
    expect(repository.explain({ index: "sku", equals: "g", reverse: true, limit: 5 })).toMatchObject({
      entity: "item",
      index: "sku",
      order: ["group", "lines.sku", "id"],
      reverse: true,
      limit: 5,
      covered: false,
      calls: { rangeReads: 1, getsPerRow: 1, rowsPerRead: 5 },
    });
    expect(repository.explain({ index: "sku", select: ["id", "group", "rank"] }).covered).toBe(true);
    expect(repository.explain({ from: 2, to: 2 })).toMatchObject({
      index: undefined,
      order: ["id"],
      covered: true,
      calls: { rangeReads: 0, getsPerRow: 0 },
    });
    expect(engine.take()).toEqual([]);
  });
});
