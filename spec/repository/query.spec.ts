/** Queries: a range gives exactly the rows a plain filter gives, and pages give them without gaps or repeats. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import type { PageQuery, Query } from "../../lib/repository/index.js";
import { entity } from "../../lib/schema/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { runs } from "../runs.js";
import {
  Book,
  books,
  collect,
  compareBeginnings,
  compareScalars,
  fieldsOf,
  hardText,
  idOf,
  keyOf,
  neighbours,
  pageCounts,
  places,
  sorted,
  type Way,
  weights,
} from "./shelf.js";

type Scalar = string | number | null | undefined;

/** A query as data: the way, then what is fixed and bounded of the way's fields. */
interface Shape {
  readonly way: Way;
  readonly equals: readonly Scalar[];
  readonly from: readonly Scalar[];
  readonly to: readonly Scalar[];
  readonly reverse: boolean;
  readonly limit: number | undefined;
}

const titles = fc.option(hardText, { nil: undefined });

const fieldValues: Readonly<Record<Way, readonly fc.Arbitrary<Scalar>[]>> = {
  id: [hardText, places],
  byTitle: [titles],
  byWeight: [weights, titles],
  byPages: [pageCounts],
  byPlaceDown: [places],
};

/** Values for some fields from `start` on. */
const beginnings = (way: Way, start: number): fc.Arbitrary<readonly Scalar[]> => {
  const rest = fieldValues[way].slice(start);
  return fc.nat(rest.length).chain((length) => fc.tuple(...rest.slice(0, length)));
};

/** Whether `from` lies above `to`, both being given: in the order of values, whichever way the fields go. */
const isAbove = ({ from, to }: Pick<Shape, "from" | "to">): boolean =>
  from.length > 0 && to.length > 0 && (compareBeginnings(from, to) || from.length - to.length) > 0;

const shapes: fc.Arbitrary<Shape> = fc
  .constantFrom<Way>("id", "byTitle", "byWeight", "byPages", "byPlaceDown")
  .chain((way) =>
    beginnings(way, 0).chain((equals) =>
      fc.record({
        way: fc.constant(way),
        equals: fc.constant(equals),
        from: beginnings(way, equals.length),
        to: beginnings(way, equals.length),
        reverse: fc.boolean(),
        limit: fc.option(fc.nat(8), { nil: undefined }),
      }),
    ),
  )
  .map((shape) => (isAbove(shape) ? { ...shape, from: shape.to, to: shape.from } : shape));

/** What a filter over all books gives for a shape. */
function expected(all: readonly Book[], { way, equals, from, to, reverse, limit }: Shape): Book[] {
  const found = sorted(all, way).filter((book) => {
    const fields = fieldsOf[way](book);
    const rest = fields.slice(equals.length);
    if (compareBeginnings(fields, equals) !== 0) return false;
    if (from.length > 0 && compareBeginnings(rest, from) < 0) return false;
    // What has no value is below every value, and in a range only if that begins there. Bounds that begin alike are about
    // the first field they differ in.
    let at = 0;
    while (at < from.length && at < to.length - 1 && compareScalars(from[at], to[at]) === 0) at++;
    if (to.length > at && from.length === at && (rest[at] === null || rest[at] === undefined)) return false;
    return to.length === 0 || compareBeginnings(rest, to) < 0;
  });
  if (reverse) found.reverse();
  return found.slice(0, limit);
}

/** The query of a shape; the compiler has checked other queries (spec/types), here the values are what matters. */
function queryOf({ way, equals, from, to, reverse, limit }: Shape): Query<typeof Book> {
  const some = (values: readonly Scalar[]): readonly Scalar[] | undefined => (values.length > 0 ? values : undefined);
  return {
    ...(way === "id" ? {} : { index: way }),
    equals: some(equals),
    from: some(from),
    to: some(to),
    reverse,
    limit,
  } as Query<typeof Book>;
}

const distinct = fc.uniqueArray(books, { selector: (book) => keyOf(idOf(book)), maxLength: 20 });

let db: Database;
beforeAll(async () => {
  db = await open({ engine: memory(), entities: [Book] });
});
afterAll(() => db.close());

const tenant = async (): Promise<Tenant> => (await neighbours(db))[0];

describe("a query", () => {
  test("has the rows a filter has, in list, scan, batches and count, also inside a transaction", async () => {
    await fc.assert(
      fc.asyncProperty(distinct, fc.array(shapes, { minLength: 1, maxLength: 12 }), async (all, asked) => {
        const [own, other] = await neighbours(db);
        await own.repository(Book).createMany(all);
        await other.repository(Book).createMany(all.slice(0, 3));
        const repository = own.repository(Book);
        for (const shape of asked) {
          const query = queryOf(shape);
          const rows = expected(all, shape);
          expect(await repository.list(query)).toEqual(rows);
          expect(await collect(repository.scan(query))).toEqual(rows);
          expect((await collect(repository.scan(query).batches())).flat()).toEqual(rows);
          expect(await repository.count(query)).toBe(rows.length);
          const within = await own.read((tx) => collect(tx.repository(Book).scan(query)));
          expect(within).toEqual(rows);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  test("sees what its own transaction has written", async () => {
    await fc.assert(
      fc.asyncProperty(distinct, distinct, shapes, async (first, second, shape) => {
        const own = await tenant();
        await own.repository(Book).putMany(first);
        const all = new Map([...first, ...second].map((book) => [keyOf(idOf(book)), book]));
        await own.transact(async (tx) => {
          await tx.repository(Book).putMany(second);
          expect(await tx.repository(Book).list(queryOf(shape))).toEqual(expected([...all.values()], shape));
        });
      }),
      { numRuns: runs(60) },
    );
  });

  test("takes a bare value for a bound over one field", async () => {
    const repository = (await tenant()).repository(Book);
    const book: Book = { shelf: "a", place: 1, title: "t", weight: 2, size: { pages: 3 }, tags: [] };
    await repository.create(book);
    expect(await repository.list({ equals: "a" })).toEqual([book]);
    expect(await repository.list({ equals: ["a"], from: 1, to: 2 })).toEqual([book]);
    expect(await repository.list({ index: "byPages", from: 3 })).toEqual([book]);
    expect(await repository.list({ index: "byPages", to: 3 })).toEqual([]);
    expect(await repository.list({ index: "byWeight", equals: 2, from: "t" })).toEqual([book]);
  });

  test("bounds values, whichever way the index goes; what has none is left out, unless the range begins with null", async () => {
    const Task = entity("task", {
      version: 1,
      schema: z.object({ id: z.int(), due: z.int().nullable(), late: z.int().optional(), board: z.string() }),
      id: ["id"],
      indexes: {
        byDue: { fields: ["due"] },
        byDueDown: { fields: [{ field: "due", order: "descending" }] },
        byLateDown: { fields: ["board", { field: "late", order: "descending" }] },
        mixed: { fields: [{ field: "due", order: "descending" }, "late"] },
      },
      aggregates: { perDue: { count: true, by: [{ field: "due", order: "descending" }] } },
    });
    const own = await open({ engine: memory(), entities: [Task] });
    const tasks = own.tenant((await own.tenants.provision({ name: "a" })).id).repository(Task);
    const due = [3, null, 1, 2, null];
    await tasks.createMany(due.map((at, id) => ({ id, due: at, late: at ?? undefined, board: "b" })));
    const found = async (query: Query<typeof Task>) => (await tasks.list(query)).map((task) => task.due);
    expect(await found({ index: "byDue", to: 3 })).toEqual([1, 2]);
    expect(await found({ index: "byDue", from: 2 })).toEqual([2, 3]);
    expect(await found({ index: "byDue", from: null, to: 2 })).toEqual([null, null, 1]);
    expect(await found({ index: "byDue", from: null })).toEqual([null, null, 1, 2, 3]);
    expect(await found({ index: "byDue", to: null })).toEqual([]);
    expect(await found({ index: "byDue", equals: null })).toEqual([null, null]);
    expect(await found({ index: "byDueDown" })).toEqual([3, 2, 1, null, null]);
    expect(await found({ index: "byDueDown", from: 1, to: 3 })).toEqual([2, 1]);
    expect(await found({ index: "byDueDown", to: 3 })).toEqual([2, 1]);
    expect(await found({ index: "byDueDown", from: 2 })).toEqual([3, 2]);
    expect(await found({ index: "byDueDown", from: null, to: 2 })).toEqual([1, null, null]);
    expect(await found({ index: "byDueDown", from: 2, to: 2 })).toEqual([]);
    expect(await found({ index: "byDueDown", from: 1, to: 3, reverse: true })).toEqual([1, 2]);
    expect(await found({ index: "byLateDown", equals: "b", from: 1, to: 3 })).toEqual([2, 1]);
    expect(await found({ index: "byLateDown", equals: "b", to: 2 })).toEqual([1]);
    expect(await tasks.groups("perDue", { from: 1, to: 3 })).toEqual([
      { values: [2], value: 1 },
      { values: [1], value: 1 },
    ]);
    for (const query of [
      { index: "byDue", from: 3, to: 1 },
      { index: "byDueDown", from: 3, to: 1 },
      { index: "byLateDown", equals: "b", from: 3, to: null },
    ] as const) {
      const details = { index: query.index, reason: expect.stringContaining("from is the lower value") };
      await expect(found(query as never)).rejects.toMatchObject({ code: "QUERY_INVALID", details });
    }
    const mixed = { index: "mixed", from: [1, 1], to: [3, 1] } as const;
    await expect(found(mixed)).rejects.toMatchObject({ details: { reason: expect.stringContaining("one order") } });
    expect(await found({ index: "mixed", from: 1, to: 3 })).toEqual([2, 1]);
    await own.close();
  });

  test("that no range can answer is refused, naming what it lacks", async () => {
    const repository = (await tenant()).repository(Book);
    const refused = async (query: unknown, code: string, details: object): Promise<void> => {
      await expect(repository.list(query as Query<typeof Book>)).rejects.toMatchObject({ code, details });
    };
    await refused({ index: "byAuthor" }, "QUERY_INVALID", { entity: "book", index: "byAuthor" });
    await refused({ index: "byTitle", equals: ["a", "b"] }, "QUERY_INVALID", { index: "byTitle" });
    await refused({ equals: ["a"], from: [1, 2] }, "QUERY_INVALID", { index: undefined });
    await refused({ index: "toString" }, "QUERY_INVALID", { index: "toString" });
    await refused({ limit: -1 }, "QUERY_INVALID", {});
    await refused({ limit: 0.5 }, "QUERY_INVALID", {});
    await refused({ where: { title: "a" } }, "QUERY_INVALID", {});
    await refused({ index: "byWeight", from: Number.NaN }, "KEY_VALUE_INVALID", { field: "weight" });
    await refused({ index: "byWeight", from: "1" }, "KEY_VALUE_INVALID", { field: "weight" });
    await refused({ from: "\ud800" }, "RECORD_ID_INVALID", { field: "shelf" });
  });
});

describe("pages", () => {
  const cases = fc.record({
    all: distinct,
    shape: shapes,
    sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
    inserted: fc.array(books, { maxLength: 8 }),
    deleted: fc.array(fc.nat(19), { maxLength: 8 }),
  });

  const pageQuery = (shape: Shape, size: number, cursor: string | undefined): PageQuery<typeof Book> => {
    const { limit: _, ...query } = queryOf(shape);
    return { ...query, size, cursor } as PageQuery<typeof Book>;
  };

  test("walked to the end and back have every row once, whatever is inserted and deleted between them", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ all, shape, sizes, inserted, deleted }) => {
        const own = await tenant();
        const repository = own.repository(Book);
        await repository.createMany(all);
        const there = new Map(all.map((book) => [keyOf(idOf(book)), book]));
        const everThere = new Map(there);
        const stay = new Map(there);
        const inserts = [...inserted];
        const deletes = deleted.flatMap((at) => all[at] ?? []);

        // Rows that are only added or removed, never changed: a changed one may move past the cursor.
        const disturb = async (): Promise<void> => {
          const book = inserts.pop();
          if (book && !everThere.has(keyOf(idOf(book)))) {
            await repository.create(book);
            there.set(keyOf(idOf(book)), book);
            everThere.set(keyOf(idOf(book)), book);
          }
          const gone = deletes.pop();
          if (gone) {
            await repository.delete(idOf(gone));
            there.delete(keyOf(idOf(gone)));
            stay.delete(keyOf(idOf(gone)));
          }
        };

        const walk = async (direction: "next" | "previous", from: string | undefined) => {
          const rows: Book[] = [];
          let cursor = from;
          let last: string | undefined;
          for (let turn = 0; turn < 100; turn += 1) {
            const page = await repository.page(pageQuery(shape, sizes[turn % sizes.length] ?? 1, cursor));
            rows.push(...(direction === "next" ? page.items : page.items.toReversed()));
            if (turn === 0 && from === undefined) expect(page.previous).toBeUndefined();
            cursor = page[direction];
            if (cursor === undefined) return { rows, last };
            last = page[direction === "next" ? "previous" : "next"] ?? last;
            await disturb();
          }
          return expect.unreachable("the walk has no end");
        };

        const assertWalked = (rows: readonly Book[], stayed: readonly Book[], order: Shape): void => {
          const keys = rows.map((book) => keyOf(idOf(book)));
          expect(new Set(keys).size).toBe(keys.length);
          expect(keys).toEqual(expected(rows, order).map((book) => keyOf(idOf(book))));
          for (const book of expected(stayed, order)) expect(keys).toContain(keyOf(idOf(book)));
          for (const key of keys) expect(everThere.has(key)).toBe(true);
        };

        const whole = { ...shape, limit: undefined };
        const forward = await walk("next", undefined);
        assertWalked(forward.rows, [...stay.values()], whole);

        const before = new Map(stay);
        const end = await repository.page(pageQuery(shape, 1_000, undefined));
        expect(end.next).toBeUndefined();
        expect(end.items).toEqual(expected([...there.values()], whole));
        if (forward.last !== undefined) {
          const back = await walk("previous", forward.last);
          assertWalked(back.rows, [], { ...whole, reverse: !shape.reverse });
          expect(before.size).toBeGreaterThanOrEqual(stay.size);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  test("lead back to the page before", async () => {
    const repository = (await tenant()).repository(Book);
    const row = (place: number): Book => ({ shelf: "a", place, weight: place, size: { pages: null }, tags: [] });
    await repository.createMany([1, 2, 3, 4, 5, 6, 7].map(row));
    for (const range of [{}, { reverse: true }, { index: "byWeight" }, { index: "byWeight", reverse: true }] as const) {
      const at = (cursor: string | undefined) => repository.page({ ...range, size: 3, cursor });
      const first = await at(undefined);
      const second = await at(first.next);
      const third = await at(second.next);
      expect([first.items.length, second.items.length, third.items.length]).toEqual([3, 3, 1]);
      expect([first.previous, third.next]).toEqual([undefined, undefined]);
      expect((await at(third.previous)).items).toEqual(second.items);
      const again = await at((await at(third.previous)).previous);
      expect(again.items).toEqual(first.items);
      expect(again.previous).toBeUndefined();
      expect((await at(again.next)).items).toEqual(second.items);
    }
  });

  test("that have lost all their rows still know their neighbours", async () => {
    const repository = (await tenant()).repository(Book);
    const row = (place: number): Book => ({ shelf: "a", place, weight: place, size: { pages: null }, tags: [] });
    await repository.createMany([1, 2, 3, 4].map(row));
    const { next } = await repository.page({ size: 2 });
    await repository.deleteMany([
      ["a", 3],
      ["a", 4],
    ]);
    const empty = await repository.page({ size: 2, cursor: next });
    expect(empty).toMatchObject({ items: [], next: undefined });
    const back = await repository.page({ size: 2, cursor: empty.previous });
    expect(back).toMatchObject({ items: [row(1), row(2)], previous: undefined });
    await repository.create(row(5));
    expect((await repository.page({ size: 2, cursor: back.next })).items).toEqual([row(5)]);
  });

  test("take no cursor of another tenant, query, principal or entity, nor one that was changed", async () => {
    const [own, other] = await neighbours(db);
    const repository = own.repository(Book);
    const row = (place: number): Book => ({ shelf: "a", place, weight: place, size: { pages: null }, tags: [] });
    for (const side of [own, other]) await side.repository(Book).createMany([1, 2, 3].map(row));
    const { next } = await repository.page({ size: 1, principal: "ada" });
    expect((await repository.page({ size: 2, principal: "ada", cursor: next })).items).toHaveLength(2);
    const refused = [
      other.repository(Book).page({ size: 1, principal: "ada", cursor: next }),
      repository.page({ size: 1, cursor: next }),
      repository.page({ size: 1, principal: "bob", cursor: next }),
      repository.page({ size: 1, principal: "ada", cursor: next, reverse: true }),
      repository.page({ size: 1, principal: "ada", cursor: next, equals: "a" }),
      repository.page({ size: 1, principal: "ada", cursor: next, to: ["b"] }),
      repository.page({ size: 1, principal: "ada", cursor: next, from: ["a"] }),
      repository.page({ size: 1, principal: "ada", cursor: next, index: "byWeight" }),
      repository.page({ size: 1, principal: "ada", cursor: `${next}A` }),
      repository.page({ size: 1, principal: "ada", cursor: "" }),
    ];
    for (const page of refused) {
      await expect(page).rejects.toMatchObject({ code: "CURSOR_INVALID", details: {} });
    }
    for (const size of [0, -1, 1.5, 1_001, Number.NaN]) {
      await expect(repository.page({ size })).rejects.toMatchObject({ code: "PAGE_SIZE_INVALID" });
    }
  });

  test("keep their cursors over a rotation of the keys", async () => {
    const repository = (await tenant()).repository(Book);
    const row = (place: number): Book => ({ shelf: "a", place, weight: place, size: { pages: null }, tags: [] });
    await repository.createMany([1, 2, 3].map(row));
    const { next } = await repository.page({ size: 1 });
    await db.rotateCursorKeys();
    expect((await repository.page({ size: 5, cursor: next })).items).toHaveLength(2);
    for (let i = 0; i < 4; i += 1) await db.rotateCursorKeys();
    await expect(repository.page({ size: 5, cursor: next })).rejects.toMatchObject({ code: "CURSOR_INVALID" });
  });
});
