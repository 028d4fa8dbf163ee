/** Ranges: the same values whichever way an index goes, and null only where it is asked for. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import type { Query } from "../../lib/repository/index.js";
import { entity, type Infer } from "../../lib/schema/index.js";
import { runs } from "../runs.js";

const Bill = entity("bill", {
  version: 1,
  schema: z.object({ id: z.int(), state: z.string().optional(), due: z.int().nullable(), each: z.array(z.int()) }),
  id: ["id"],
  indexes: {
    dueUp: { fields: ["due"] },
    dueDown: { fields: [{ field: "due", order: "descending" }] },
    bothUp: { fields: ["state", "due"] },
    bothDown: {
      fields: [
        { field: "state", order: "descending" },
        { field: "due", order: "descending" },
      ],
    },
    mixed: { fields: ["state", { field: "due", order: "descending" }] },
    eachUp: { fields: [{ each: "each" }] },
    eachDown: { fields: [{ each: "each", order: "descending" }] },
  },
  aggregates: {
    groupsUp: { count: true, by: ["due"] },
    groupsDown: { count: true, by: [{ field: "due", order: "descending" }] },
  },
});
type Bill = Infer<typeof Bill>;

const due = fc.option(fc.integer({ min: -2, max: 2 }), { nil: null });
const state = fc.option(fc.constantFrom("", "a", "a\0", "b"), { nil: undefined });
const bills = fc
  .array(fc.record({ state, due, each: fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 3 }) }), {
    maxLength: 12,
  })
  .map((some) => some.map((bill, id): Bill => ({ id, ...bill })));

let db: Database;
beforeAll(async () => {
  db = await open({ engine: memory(), entities: [Bill] });
});
afterAll(() => db.close());

async function billing(some: readonly Bill[]) {
  const { id } = await db.tenants.provision({ name: "billing" });
  const repository = db.tenant(id).repository(Bill);
  await repository.createMany(some);
  return repository;
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : error);
const ids = async (found: Promise<readonly Bill[]>): Promise<unknown> => {
  try {
    return (await found).map(({ id }) => id).sort((a, b) => a - b);
  } catch (error) {
    return codeOf(error);
  }
};

describe("a range", () => {
  test("has the same records in an ascending and in a descending index", async () => {
    const bound = fc.option(due, { nil: undefined });
    const pair = fc.oneof(fc.tuple(state), fc.tuple(state, due));
    const pairs = fc.option(pair, { nil: undefined });
    const asked = fc.record({ from: bound, to: bound, pairFrom: pairs, pairTo: pairs, within: state });
    await fc.assert(
      fc.asyncProperty(bills, fc.array(asked, { minLength: 1, maxLength: 8 }), async (all, queries) => {
        const repository = await billing(all);
        for (const { from, to, pairFrom, pairTo, within } of queries) {
          const isIn = ({ due }: Bill): boolean => {
            if (due === null) return (from === undefined && to === undefined) || (from === null && to !== null);
            return (
              due >= (from ?? Number.NEGATIVE_INFINITY) &&
              due < (to === undefined ? Number.POSITIVE_INFINITY : (to ?? Number.NEGATIVE_INFINITY))
            );
          };
          const isWrong = from !== undefined && to !== undefined && (to ?? -9) < (from ?? -9);
          const found = isWrong ? "QUERY_INVALID" : all.filter(isIn).map(({ id }) => id);
          expect(await ids(repository.list({ index: "dueUp", from, to }))).toEqual(found);
          expect(await ids(repository.list({ index: "dueDown", from, to }))).toEqual(found);

          const equals = [within] as const;
          const inState = isWrong
            ? found
            : all.filter((bill) => bill.state === within && isIn(bill)).map(({ id }) => id);
          for (const index of ["bothUp", "bothDown", "mixed"] as const) {
            expect(await ids(repository.list({ index, equals, from, to } as Query<typeof Bill>))).toEqual(inState);
            if (from === undefined || to === undefined) continue;
            const both = { from: [within, from], to: [within, to] } as const;
            expect(await ids(repository.list({ index, ...both }))).toEqual(inState);
          }

          const pairwise = { from: pairFrom, to: pairTo };
          expect(await ids(repository.list({ index: "bothDown", ...pairwise }))).toEqual(
            await ids(repository.list({ index: "bothUp", ...pairwise })),
          );
          if (from !== null && to !== null) {
            expect(await ids(repository.list({ index: "eachDown", from, to }))).toEqual(
              await ids(repository.list({ index: "eachUp", from, to })),
            );
          }
          if (isWrong) continue;
          const groups = await repository.groups("groupsUp", { from, to });
          expect(await repository.groups("groupsDown", { from, to })).toEqual(groups.toReversed());
          expect(groups.reduce((sum, { value }) => sum + value, 0)).toBe(all.filter(isIn).length);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  test("takes what both bounds begin with for what all of it begins with", async () => {
    const bill = (id: number, due: number | null, state = "open"): Bill => ({ id, due, state, each: [] });
    const repository = await billing([bill(0, null), bill(1, 1), bill(2, 2), bill(3, 3), bill(4, 1, "paid")]);
    for (const index of ["bothUp", "bothDown", "mixed"] as const) {
      expect(await ids(repository.list({ index, from: "open", to: ["open", 3] }))).toEqual([1, 2]);
      expect(await ids(repository.list({ index, from: ["open", 1], to: ["open", 3] }))).toEqual([1, 2]);
      expect(await ids(repository.list({ index, from: ["open", null], to: ["open", 3] }))).toEqual([0, 1, 2]);
      expect(await ids(repository.list({ index, from: ["open", 3], to: "open" }))).toEqual("QUERY_INVALID");
      for (const empty of [{ to: [] }, { from: [] }, { equals: "open", to: [] }] as object[]) {
        expect(await ids(repository.list({ index, ...empty } as Query<typeof Bill>))).toBe("QUERY_INVALID");
      }
    }
  });

  test("leaves out null, unless it begins with it", async () => {
    const bill = (id: number, due: number | null): Bill => ({ id, due, each: [] });
    const repository = await billing([bill(0, null), bill(1, 1), bill(2, 2), bill(3, 3)]);
    for (const index of ["dueUp", "dueDown"] as const) {
      expect(await ids(repository.list({ index, to: 3 }))).toEqual([1, 2]);
      expect(await ids(repository.list({ index, from: 2 }))).toEqual([2, 3]);
      expect(await ids(repository.list({ index, from: 1, to: 3 }))).toEqual([1, 2]);
      expect(await ids(repository.list({ index, from: null, to: 3 }))).toEqual([0, 1, 2]);
      expect(await ids(repository.list({ index, from: null }))).toEqual([0, 1, 2, 3]);
      expect(await ids(repository.list({ index, to: null }))).toEqual([]);
      expect(await ids(repository.list({ index, equals: null }))).toEqual([0]);
      expect(await ids(repository.list({ index }))).toEqual([0, 1, 2, 3]);
      expect(await repository.count({ index, to: 3 })).toBe(2);
    }
    expect(await repository.groups("groupsUp", { to: 2 })).toEqual([{ values: [1], value: 1 }]);
    await expect(repository.groups("groupsDown", { from: 2, to: 1 })).rejects.toMatchObject({
      code: "QUERY_INVALID",
      details: { index: "groupsDown", reason: expect.stringContaining("from is the lower value") },
    });
  });
});
