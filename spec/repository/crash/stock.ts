/** An entity with all that is kept beside records, and lanes of operations on it that a plain map can follow. */
import { z } from "zod";
import { isTenantryError } from "../../../lib/errors/index.js";
import { entity, type Infer } from "../../../lib/schema/index.js";
import type { Tenant } from "../../../lib/tenant-handle.js";

export const Stock = entity("stock", {
  version: 1,
  schema: z.object({
    id: z.int(),
    code: z.string().optional(),
    group: z.string(),
    rank: z.int(),
    live: z.boolean(),
    tags: z.array(z.string()),
    blob: z.string(),
    until: z.date().optional(),
  }),
  id: ["id"],
  recordBytesMax: 1_000_000,
  expires: "until",
  indexes: {
    plain: { fields: ["group", { field: "rank", order: "descending" }] },
    code: { fields: ["code"], unique: true },
    live: { fields: ["group", "code"], unique: true, where: ({ live }) => live, stored: ["rank"] },
    sparse: { fields: ["code"], sparse: true },
    tag: { fields: [{ each: "tags" }, "group"], stored: ["live"] },
  },
  aggregates: {
    all: { count: true },
    perGroup: { count: true, by: ["group"] },
    living: { count: true, by: ["group"], where: ({ live }) => live },
    ranks: { sum: "rank", by: ["group"] },
    tagged: { count: true, by: [{ each: "tags" }] },
  },
});
export type Stock = Infer<typeof Stock>;
export type Shelf = Map<number, Stock>;

/** Uniform in [0, 1), the same for the same seed. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is done to a tenant, and what it makes of a map: undefined when it is refused. */
export interface Step {
  readonly does: (tenant: Tenant) => Promise<unknown>;
  readonly makes: (shelf: Shelf) => Shelf | undefined;
}

const idsPerLane = 6;

const withAll = (shelf: Shelf, items: readonly Stock[]): Shelf =>
  new Map([...shelf, ...items.map((item) => [item.id, item] as const)]);
const without = (shelf: Shelf, gone: (item: Stock) => boolean): Shelf =>
  new Map([...shelf].filter(([, item]) => !gone(item)));

/** The steps of a lane: on ids that are its own alone, with unique values that all lanes share. */
export function lane(number: number, seed: number): () => Step {
  const roll = dice(seed * 1_000 + number);
  const below = (n: number): number => Math.floor(roll() * n);
  const first = number * 100;
  const id = (): number => first + below(idsPerLane);
  const code = (): { code?: string } => (roll() < 0.5 ? { code: `c${below(12)}` } : {});
  const item = (): Stock => ({
    id: id(),
    ...code(),
    group: `g${below(3)}`,
    rank: below(100) - 50,
    live: roll() < 0.5,
    tags: ["x", "y", "z"].filter(() => roll() < 0.5),
    ...(roll() < 0.5 ? { until: new Date(8.64e15 - below(1_000)) } : {}),
    blob: roll() < 0.15 ? `${number}`.repeat(120_000 + below(60_000)) : "",
  });
  const range = { from: first, to: first + idsPerLane };
  const steps: readonly (() => Step)[] = [
    () => {
      const made = item();
      return {
        does: (tenant) => tenant.repository(Stock).create(made),
        makes: (shelf) => (shelf.has(made.id) ? undefined : withAll(shelf, [made])),
      };
    },
    () => {
      const many = [item(), item(), item()];
      return {
        does: (tenant) => tenant.repository(Stock).putMany(many),
        makes: (shelf) => withAll(shelf, many),
      };
    },
    () => {
      const [at, { group, live, rank, tags }] = [id(), item()];
      return {
        does: (tenant) => tenant.repository(Stock).patch(at, { group, live, rank, tags }),
        makes: (shelf) => {
          const was = shelf.get(at);
          return was === undefined ? undefined : withAll(shelf, [{ ...was, group, live, rank, tags }]);
        },
      };
    },
    () => {
      const gone = [id(), id()];
      return {
        does: (tenant) => tenant.repository(Stock).deleteMany(gone),
        makes: (shelf) => without(shelf, (was) => gone.includes(was.id)),
      };
    },
    () => {
      const [at, made] = [id(), item()];
      // The one that goes gives up what the other takes.
      return {
        does: (tenant) =>
          tenant.transact(async (tx) => {
            await tx.repository(Stock).delete(at);
            await tx.repository(Stock).put(made);
          }),
        makes: (shelf) =>
          withAll(
            without(shelf, (was) => was.id === at),
            [made],
          ),
      };
    },
    () => ({
      does: (tenant) => tenant.repository(Stock).transform(range, (was) => ({ ...was, rank: was.rank + 1 })),
      makes: (shelf) => new Map([...shelf].map(([at, was]) => [at, { ...was, rank: was.rank + 1 }])),
    }),
    () => ({
      does: (tenant) => tenant.repository(Stock).deleteWhere(range, ({ rank }) => rank % 5 === 0),
      makes: (shelf) => without(shelf, ({ rank }) => rank % 5 === 0),
    }),
  ];
  return () => {
    const step = steps[below(steps.length)];
    if (step === undefined) throw new RangeError("no such step");
    return step();
  };
}

/** The code of a refusal, or "done". */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (isTenantryError(error, "RECORD_EXISTS", "RECORD_NOT_FOUND", "UNIQUE_VIOLATION")) return error.code;
    throw error;
  }
}

/** What the aggregates of some items come to, as `groups` gives them. */
export function groupsOf(
  items: Iterable<Stock>,
): Readonly<Record<"perGroup" | "living" | "ranks" | "tagged", unknown>> {
  const totals = (add: (item: Stock) => readonly (readonly [string, number])[]): unknown => {
    const sums = new Map<string, number>();
    for (const item of items) for (const [name, by] of add(item)) sums.set(name, (sums.get(name) ?? 0) + by);
    const left = [...sums].filter(([, value]) => value !== 0);
    return left.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ values: [name], value }));
  };
  return {
    perGroup: totals(({ group }) => [[group, 1]]),
    living: totals(({ group, live }) => (live ? [[group, 1]] : [])),
    ranks: totals(({ group, rank }) => [[group, rank]]),
    tagged: totals(({ tags }) => [...new Set(tags)].map((tag) => [tag, 1] as const)),
  };
}
