/** Conditions of roles: what they hold for, against a naive evaluator, and which of them are refused. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { allow, forbid, type RecordCondition, roles } from "../../lib/access/index.js";
import { memory } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { roleConditionDepthMax, roleConditionsMax, roleConditionValuesMax } from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import { entity, type Infer } from "../../lib/schema/index.js";
import { newTenantId, tenantContext } from "../../lib/tenant/index.js";
import { runs } from "../runs.js";

const Deed = entity("deed", {
  version: 1,
  schema: z.object({
    id: z.int(),
    owner: z.string().nullable().optional(),
    size: z.number().optional(),
    price: z.bigint().nullable(),
    state: z.enum(["draft", "open", "closed"]),
    sealed: z.boolean().default(false),
    at: z.date().optional(),
    tags: z.array(z.string()).optional(),
    place: z.object({ city: z.string(), lat: z.number().nullable() }).nullable(),
    lines: z.array(z.object({ sku: z.string().optional(), count: z.int() })),
    party: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("person"), name: z.string() }),
      z.object({ kind: z.literal("firm"), vat: z.int() }),
    ]),
    extra: z.unknown(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  id: ["id"],
});
type Deed = Infer<typeof Deed>;
type Condition = RecordCondition<typeof Deed>;

const context = tenantContext({ tenant: newTenantId(), subject: "u1", roles: ["a"] });

const holds = (where: Condition, record: Deed): boolean => {
  const right = roles({ a: [allow("read", Deed, { where })] }).right(context, "deed", "read");
  return typeof right === "function" ? right(record) : right;
};

const refusalOf = (where: unknown): string | undefined => {
  const codeOf = (work: () => unknown): string | undefined => {
    try {
      work();
      return undefined;
    } catch (error) {
      return isTenantryError(error, "ROLES_INVALID") ? error.details.reason : String(error);
    }
  };
  const static_ = codeOf(() => allow("read", Deed, { where: where as Condition }));
  const made = roles({ a: [forbid("read", Deed, { where: () => where as Condition })] });
  // A function's condition is read when a context asks, and refused with the same words.
  expect(codeOf(() => made.right(context, "deed", "read"))).toBe(static_);
  return static_;
};

/** What stands at the end of a path, straight from the words of the guide: elements of arrays one by one. */
function naiveValues(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((element) => naiveValues(element, path));
  const [name, ...rest] = path;
  if (name === undefined) return [value ?? null];
  const fields = new Map(Object.entries((value as object | null | undefined) ?? {}));
  return fields.has(name) ? naiveValues(fields.get(name), rest) : [null];
}

function naiveExists(value: unknown, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return value !== undefined;
  if (Array.isArray(value)) return value.filter((element) => naiveExists(element, path)).length > 0;
  return value !== null && value !== undefined && naiveExists((value as Record<string, unknown>)[name], rest);
}

const plain = (value: unknown): unknown => (value instanceof Date ? `date ${value.getTime()}` : (value ?? null));

function naiveCompare(operator: string, value: unknown, bound: unknown): boolean {
  if (value === null || typeof value !== typeof bound) return false;
  const [a, b] = [value, bound] as [number, number];
  const answers: Record<string, boolean> = { $lt: a < b, $lte: a < b || !(a > b), $gt: a > b, $gte: a > b || !(a < b) };
  return answers[operator] === true;
}

function naiveField(record: unknown, path: string, condition: unknown): boolean {
  const steps = path.split(".");
  const values = naiveValues(record, steps);
  const isOperators = typeof condition === "object" && condition !== null && !(condition instanceof Date);
  const operators = isOperators ? Object.entries(condition) : [["$eq", condition] as const];
  return operators.every(([operator, operand]) => {
    const list = (Array.isArray(operand) ? operand : [operand]).map(plain);
    const among = values.filter((value) => list.includes(plain(value))).length > 0;
    if (operator === "$eq" || operator === "$in") return among;
    if (operator === "$ne" || operator === "$nin") return !among;
    if (operator === "$exists") return naiveExists(record, steps) === operand;
    return values.filter((value) => naiveCompare(operator, value, operand)).length > 0;
  });
}

function naive(record: unknown, condition: object): boolean {
  return Object.entries(condition).every(([name, value]) => {
    if (name === "$and") return (value as object[]).every((one) => naive(record, one));
    if (name === "$or") return (value as object[]).some((one) => naive(record, one));
    if (name === "$not") return !naive(record, value as object);
    return naiveField(record, name, value);
  });
}

const text = fc.constantFrom("", "a", "b", "Lyon", "é");
const number = fc.constantFrom(-1.5, -0, 0, 1, 2, 1e9, Number.POSITIVE_INFINITY);
const bigint = fc.constantFrom(-1n, 0n, 1n, 2n ** 70n);
const date = fc.constantFrom(0, 1, 1_700_000_000_000).map((time) => new Date(time));
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

const record = fc.record(
  {
    id: fc.integer({ min: 0, max: 3 }),
    owner: optional(nullable(text)),
    size: optional(number),
    price: nullable(bigint),
    state: fc.constantFrom("draft" as const, "open" as const, "closed" as const),
    sealed: fc.boolean(),
    at: optional(date),
    tags: optional(fc.array(text, { maxLength: 3 })),
    place: nullable(fc.record({ city: text, lat: nullable(number) })),
    lines: fc.array(fc.record({ sku: text, count: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: ["count"] }), {
      maxLength: 3,
    }),
    party: fc.oneof(
      fc.record({ kind: fc.constant("person" as const), name: text }),
      fc.record({ kind: fc.constant("firm" as const), vat: fc.integer({ min: 0, max: 3 }) }),
    ),
    extra: fc.oneof(text, number, fc.constant(null), fc.constant(undefined)),
    labels: optional(fc.dictionary(text, text)),
  },
  { requiredKeys: ["id", "price", "state", "sealed", "place", "lines", "party"] },
) as fc.Arbitrary<Deed>;

/** What conditions compare each path with: values it can have, and what has an order. */
const paths: Readonly<
  Record<string, { readonly equal: fc.Arbitrary<unknown>; readonly order?: fc.Arbitrary<unknown> }>
> = {
  id: { equal: fc.integer({ min: 0, max: 3 }), order: number },
  owner: { equal: nullable(text), order: text },
  size: { equal: nullable(number), order: number },
  price: { equal: nullable(bigint), order: bigint },
  state: { equal: fc.constantFrom("draft", "open", "closed"), order: text },
  sealed: { equal: fc.boolean() },
  at: { equal: nullable(date), order: date },
  tags: { equal: nullable(text), order: text },
  "place.city": { equal: nullable(text), order: text },
  "place.lat": { equal: nullable(number), order: number },
  "lines.sku": { equal: nullable(text), order: text },
  "lines.count": { equal: fc.integer({ min: 0, max: 3 }), order: number },
  "party.kind": { equal: fc.constantFrom("person", "firm") },
  "party.name": { equal: nullable(text), order: text },
  "party.vat": { equal: nullable(fc.integer({ min: 0, max: 3 })), order: number },
  extra: { equal: nullable(fc.oneof(text, number)), order: fc.oneof(text, number) },
};

const fieldCondition = fc.constantFrom(...Object.keys(paths)).chain((path) => {
  const { equal, order } = paths[path] ?? { equal: fc.constant(null) };
  const list = fc.array(equal, { maxLength: 4 });
  const ordered = order === undefined ? {} : { $lt: order, $lte: order, $gt: order, $gte: order };
  const all = { $eq: equal, $ne: equal, $in: list, $nin: list, $exists: fc.boolean(), ...ordered };
  const operator = fc.oneof(...Object.entries(all).map(([name, value]) => fc.tuple(fc.constant(name), value)));
  const operators = fc.array(operator, { minLength: 1, maxLength: 2 }).map((made) => Object.fromEntries(made));
  return fc.tuple(fc.constant(path), fc.oneof(equal, operators));
});

const { condition } = fc.letrec<{ condition: object }>((tie) => {
  const list = fc.array(tie("condition"), { minLength: 1, maxLength: 3 });
  return {
    condition: fc.oneof(
      { maxDepth: 3, depthIdentifier: "condition" },
      fc.array(fieldCondition, { minLength: 1, maxLength: 2 }).map((fields) => Object.fromEntries(fields)),
      fc
        .tuple(
          fc.array(fieldCondition, { maxLength: 1 }),
          fc.record({ $and: list, $or: list, $not: tie("condition") }, { requiredKeys: [] }),
        )
        .map(([fields, logical]) => ({ ...Object.fromEntries(fields), ...logical })),
    ),
  };
});

describe("conditions", () => {
  test("hold for the records that a naive evaluator says", () => {
    let held = 0;
    fc.assert(
      fc.property(condition, fc.array(record, { minLength: 12, maxLength: 12 }), (where, records) => {
        const permission = allow("read", Deed, { where: where as Condition });
        const right = roles({ a: [permission] }).right(context, "deed", "read");
        for (const one of records) {
          const answer = naive(one, where);
          if ((typeof right === "function" ? right(one) : right) !== answer) expect({ where, one }).toBe(answer);
          if (answer && Object.keys(where).length > 0) held++;
        }
      }),
      { numRuns: runs(300) },
    );
    expect(held).toBeGreaterThan(300);
  });

  test("of a field that is absent compare with null, and are neither less nor more", () => {
    const bare: Deed = {
      id: 1,
      price: null,
      state: "open",
      sealed: false,
      place: null,
      lines: [],
      party: { kind: "firm", vat: 1 },
      extra: 1,
    };
    for (const where of [
      { size: { $lt: 5 } },
      { size: { $gt: 5 } },
      { price: { $lte: 0n } },
      { "place.lat": { $gte: -1 } },
    ]) {
      expect(holds(where as Condition, bare)).toBe(false);
      expect(holds({ $not: where as Condition }, bare)).toBe(true);
    }
    expect(holds({ size: null, owner: null, "place.city": null, "party.name": null }, bare)).toBe(true);
    expect(holds({ "lines.sku": null }, bare)).toBe(false);
  });

  test("read what a record has itself, and nothing that it inherits", () => {
    const bare = { id: 1 } as Deed;
    const inherits: Deed = Object.assign(Object.create({ sealed: true, size: 7 }), bare);
    for (const one of [bare, inherits]) {
      expect(holds({ sealed: true }, one)).toBe(false);
      expect(holds({ size: { $exists: true } }, one)).toBe(false);
    }
    const Odd = entity("odd", {
      version: 1,
      schema: z.object({ id: z.int(), valueOf: z.string().optional() }),
      id: ["id"],
    });
    const right = roles({ a: [allow("read", Odd, { where: { valueOf: null } as never })] }).right(
      context,
      "odd",
      "read",
    );
    expect(typeof right === "function" && right({ id: 1 })).toBe(true);
  });

  test("are copies: what becomes of the object they were given in changes nothing", () => {
    const where = { state: { $in: ["open"] as ("open" | "draft")[] }, at: new Date(5) };
    const right = roles({ a: [allow("read", Deed, { where })] }).right(context, "deed", "read");
    const one = { id: 1, state: "draft", at: new Date(9) };
    where.state.$in.push("draft");
    where.at.setTime(9);
    expect(typeof right === "function" && right(one)).toBe(false);
    expect(typeof right === "function" && right({ ...one, state: "open", at: new Date(5) })).toBe(true);
  });

  test("are read once from the object's own properties", () => {
    let asked = 0;
    const where = Object.defineProperty({}, "owner", { enumerable: true, get: () => (asked++ === 0 ? "u1" : "u2") });
    const right = roles({ a: [allow("read", Deed, { where })] }).right(context, "deed", "read");
    expect(typeof right === "function" && [right({ owner: "u1" }), right({ owner: "u2" })]).toEqual([true, false]);
    expect(asked).toBe(1);
  });
});

describe("refused when roles are made", () => {
  const cyclic: { $not?: unknown } = {};
  cyclic.$not = cyclic;
  const many = Array.from({ length: Math.max(roleConditionValuesMax, roleConditionsMax) + 1 }, () => "a");
  test.each([
    ["a field that the entity has not", { privat: true }, "no field"],
    ["one that all objects inherit", { toString: "x" }, "no field"],
    ["a nested one", { "place.street": "x" }, "no field"],
    ["one below a scalar", { "owner.name": "x" }, "no field"],
    ["one of what is no object", { "labels.a": "x" }, "no field"],
    ["an operator at the top", { $nor: [{ sealed: true }] }, "no field"],
    ["an operator there is none of", { owner: { $regex: "u" } }, "no operator"],
    ["a nested object", { place: { city: "Lyon" } }, "named by its path"],
    ["an array", { tags: ["a"] }, "no text, number"],
    ["nothing", { owner: {} }, "says nothing"],
    ["undefined", { owner: undefined }, "undefined"],
    ["undefined in a list", { owner: { $in: [undefined] } }, "undefined"],
    ["a hole in a list", { owner: { $in: new Array(1) } }, "undefined"],
    ["a list that is none", { owner: { $in: new Set(["a"]) } }, "list"],
    ["a long list", { owner: { $in: many } }, "list"],
    ["a value of another type", { id: "1" }, "cannot have"],
    ["a bigint for a number", { size: 1n }, "cannot have"],
    ["a value that an enum has not", { state: "publc" }, "cannot have"],
    ["one in a list", { state: { $nin: ["draft", "publc"] } }, "cannot have"],
    ["null for a field that is always there", { id: null }, "cannot have"],
    ["a bound of another type", { id: { $gt: "1" } }, "type"],
    ["a bound without an order", { sealed: { $gt: false } }, "takes a text"],
    ["null as a bound", { owner: { $lt: null } }, "takes a text"],
    ["NaN", { size: Number.NaN }, "NaN"],
    ["a date that is none", { at: new Date(Number.NaN) }, "none"],
    ["a regular expression", { owner: /u/ }, "no text, number"],
    ["a function", { owner: () => "u1" }, "no text, number"],
    ["$exists of what is no boolean", { owner: { $exists: 1 } }, "$exists"],
    ["an empty $or", { $or: [] }, "conditions"],
    ["an $and that is no list", { $and: { sealed: true } }, "conditions"],
    ["too many conditions", { $or: many }, "conditions"],
    ["a $not of a list", { $not: [{ sealed: true }] }, "plain object"],
    ["one that goes round", cyclic, `${roleConditionDepthMax} deep`],
    ["a field in an $or", { $or: [{ sealed: true }, { privat: true }] }, "no field"],
    ["text", "owner", "plain object"],
    ["null", null, "plain object"],
    ["a promise", Promise.resolve({ owner: "u1" }), "plain object"],
    ["a map", new Map([["owner", "u1"]]), "plain object"],
  ])("a condition on %s", (_, where, reason) => {
    expect(refusalOf(where)).toContain(reason);
  });

  test("what nobody made a permission of", () => {
    const forged = { forbids: false, actions: ["manage"], subject: "#all" } as const;
    expect(() => roles({ a: [forged] })).toThrow(expect.objectContaining({ code: "ROLES_INVALID" }));
    expect(() => roles({ a: "manage" as never })).toThrow(expect.objectContaining({ code: "ROLES_INVALID" }));
    expect(() => allow("read", "everything" as never)).toThrow(expect.objectContaining({ code: "ROLES_INVALID" }));
    const misspelt = { wehre: { sealed: true } } as never;
    expect(() => forbid("read", Deed, misspelt)).toThrow(expect.objectContaining({ code: "OPTION_UNKNOWN" }));
  });

  test("and roles for another entity of the name when the database is opened", async () => {
    const Other = entity("deed", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });
    const opening = open({ engine: memory(), entities: [Other], roles: roles({ a: [allow("read", Deed)] }) });
    await expect(opening).rejects.toMatchObject({ code: "DATABASE_OPTION_INVALID", details: { option: "roles" } });
  });
});

test("conditions compile for the paths and the values of their entity alone", () => {
  const fits: readonly Condition[] = [
    { owner: null, size: { $gt: 1 }, price: { $lt: 5n }, at: { $gte: new Date(0) }, tags: "a", sealed: true },
    { "place.city": "Lyon", "place.lat": null, "lines.count": { $in: [1] }, "party.kind": "firm", "party.vat": 1 },
    { $or: [{ state: "open" }, { $not: { state: { $ne: "draft" } } }], $and: [{ labels: { $exists: true } }] },
  ];
  expect(fits.map(refusalOf)).toEqual(fits.map(() => undefined));
  const ofContexts = [
    allow("read", Deed, {
      where: ({ subject }) => ({ $or: [{ owner: subject }, { state: "open", "place.city": "a" }] }),
    }),
    allow("read", Deed, { where: () => ({ state: { $in: ["open", "draft"] }, $not: { state: "closed" } }) }),
    // @ts-expect-error no such field
    allow("read", Deed, { where: () => ({ privat: true }) }),
    // @ts-expect-error no such field beside one there is
    allow("read", Deed, { where: ({ subject }) => ({ owner: subject, privat: true }) }),
    // @ts-expect-error not a value of the enum
    allow("read", Deed, { where: () => ({ $or: [{ state: "publc" }] }) }),
    // @ts-expect-error no condition
    allow("read", Deed, { where: async () => ({ owner: "u1" }) }),
  ];
  expect(ofContexts.map(({ subject }) => subject)).toEqual(ofContexts.map(() => "deed"));
  const misses: readonly Condition[] = [
    // @ts-expect-error no such field
    { privat: true },
    // @ts-expect-error no such nested field
    { "place.street": "x" },
    // @ts-expect-error below a scalar
    { "owner.name": "x" },
    // @ts-expect-error not a value of the enum
    { state: "publc" },
    // @ts-expect-error an object is named by its paths
    { place: { city: "Lyon" } },
    // @ts-expect-error no order
    { sealed: { $gt: false } },
    // @ts-expect-error always there
    { id: null },
    // @ts-expect-error of another type
    { "lines.count": "1" },
    // @ts-expect-error within a list, too
    { $or: [{ privat: true }] },
    // @ts-expect-error no such operator
    { owner: { $regex: "u" } },
  ];
  expect(misses.map((where) => typeof refusalOf(where))).toEqual(misses.map(() => "string"));
});
