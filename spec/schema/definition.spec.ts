/** What cannot be an entity is refused when it is defined, with the path and the reason. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { type ErrorDetails, isTenantryError } from "../../lib/errors/index.js";
import { type AnyEntity, entity, modelOf } from "../../lib/schema/index.js";
import { DefinitionPlace } from "../../lib/schema/zod/place.js";
import { StorageWalk } from "../../lib/schema/zod/storage.js";
import { layoutFingerprint, type RecordLayout } from "../../lib/value/index.js";
import { runs } from "../runs.js";
import { typed } from "./typed.js";

/** The details of the error a definition throws. */
function refusal(define: () => unknown): ErrorDetails<"ENTITY_INVALID"> | undefined {
  try {
    define();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    if (isTenantryError(error, "ENTITY_INVALID")) return error.details;
    throw error;
  }
  return undefined;
}

const withField = (field: z.ZodType) => () =>
  entity("thing", { version: 1, schema: z.object({ id: z.int(), field }), id: ["id"] });
/** Definitions a program without types could make. */
const untyped = entity as (name: unknown, options: unknown) => unknown;
const schema = z.object({
  id: z.int(),
  name: z.string(),
  note: z.string().optional(),
  tags: z.array(z.string()),
  at: z.object({ lat: z.number() }),
  mixed: z.union([z.string(), z.int()]),
  deep: z.object({ a: z.object({ b: z.object({ c: z.object({ d: z.int() }) }) }) }),
});

describe("a type that would not come back equal is refused", () => {
  test.each<[string, z.ZodType, string]>([
    ["a transform", z.string().transform((text) => text.length), "oneWayTransform"],
    ["preprocess", z.preprocess((value) => value, z.string()), "oneWayTransform"],
    ["success", z.success(z.string()), "oneWayTransform"],
    ["an overwrite that changes again", z.string().overwrite((text) => `${text}!`), "oneWayTransform"],
    ["an overwrite of numbers", z.number().overwrite((value) => value + 1), "oneWayTransform"],
    ["coerced string", z.coerce.string(), "coerce"],
    ["coerced number", z.coerce.number(), "coerce"],
    ["coerced bigint", z.coerce.bigint(), "coerce"],
    ["coerced boolean", z.coerce.boolean(), "coerce"],
    ["coerced date", z.coerce.date(), "coerce"],
    ["an async refinement", z.string().refine(async () => true), "asyncRefinement"],
    ["an async check", z.string().check(async () => {}), "asyncRefinement"],
    ["an async custom", z.custom(async () => true), "asyncRefinement"],
    [
      "an async codec",
      z.codec(z.string(), z.string(), { decode: async (text) => text, encode: (text) => text }),
      "asyncCodec",
    ],
    ["a symbol", z.symbol(), "symbol"],
    ["a function", z.unknown().or(z.function() as never), "function"],
    ["a promise", z.promise(z.string()), "promise"],
    ["NaN", z.nan(), "nan"],
    ["a file", z.file(), "class"],
    ["a typed array", z.instanceof(Float64Array), "class"],
    ["a Buffer", z.instanceof(Buffer), "class"],
    ["a class", z.instanceof(URL), "class"],
    ["readonly bytes", z.instanceof(Uint8Array).readonly(), "readonlyBytes"],
  ])("%s, wherever it is", (_, type, reason) => {
    expect(refusal(withField(type))).toEqual({
      entity: "thing",
      path: expect.stringMatching(/^schema\.field/),
      reason,
    });
    const places: Record<string, z.ZodType> = {
      "schema.field[]": z.array(type),
      "schema.field.a": z.object({ a: type }),
      "schema.field.a.b[]": z.object({ a: z.object({ b: z.array(type.optional()) }).nullable() }).optional(),
      "schema.field[value]": z.record(z.string(), type),
      "schema.field[0]": z.tuple([type]),
      "schema.field[1]": z.union([z.string(), type]),
      "schema.field[*]": z.object({}).catchall(type),
    };
    for (const [path, field] of Object.entries(places)) {
      expect(refusal(withField(field))?.path.startsWith(path)).toBe(true);
      expect(refusal(withField(field))?.reason).toBe(reason);
    }
    for (const field of [
      z.set(type),
      z.map(z.string(), type),
      z.lazy(() => type),
      type.default("x"),
      z.intersection(type, z.any()),
    ]) {
      expect(refusal(withField(field))?.reason).toBe(reason);
    }
  });

  test("so is zod/mini's", () => {
    const define = () =>
      entity("thing", {
        version: 1,
        schema: mini.object({ id: mini.int(), a: mini.array(mini.transform((x) => x)) }),
        id: ["id"],
      });
    expect(refusal(define)).toEqual({ entity: "thing", path: "schema.a[]", reason: "oneWayTransform" });
  });

  test("a refinement that turns out asynchronous is an error of the definition when it runs", () => {
    const field = z.string().refine(() => Promise.resolve(true));
    const model = modelOf(entity("thing", { version: 1, schema: z.object({ id: z.int(), field }), id: ["id"] }));
    expect(refusal(() => model.parse({ id: 1, field: "x" }))?.reason).toBe("asyncRefinement");
  });

  test("schemas without end are refused", () => {
    const endless = (): z.ZodType => z.array(z.lazy(endless));
    expect(refusal(withField(endless()))?.reason).toBe("tooDeep");
  });
});

describe("names, version and id", () => {
  test.each([
    [{ name: "" }, "name", "namePattern"],
    [{ name: "1a" }, "name", "namePattern"],
    [{ name: "a b" }, "name", "namePattern"],
    [{ name: "a\0" }, "name", "namePattern"],
    [{ name: "città" }, "name", "namePattern"],
    [{ name: 7 }, "name", "namePattern"],
    [{ name: "a".repeat(65) }, "name", "nameTooLong"],
    [{ version: 0 }, "version", "notAPositiveInteger"],
    [{ version: 1.5 }, "version", "notAPositiveInteger"],
    [{ version: undefined }, "version", "notAPositiveInteger"],
    [{ schema: {} }, "schema", "notAZod4Schema"],
    [{ schema: undefined }, "schema", "notAZod4Schema"],
    [{ schema: z.string() }, "schema", "notAnObject"],
    [{ id: [] }, "id", "noFields"],
    [{ id: "id" }, "id", "noFields"],
    [{ id: ["id", "id"] }, "id[1]", "duplicateField"],
    [{ id: ["missing"] }, "id[0]", "unknownField"],
    [{ id: ["constructor"] }, "id[0]", "unknownField"],
    [{ id: ["id", "note"] }, "id[1]", "notRequired"],
    [{ id: ["tags"] }, "id[0]", "notKeyable"],
    [{ id: ["at"] }, "id[0]", "notKeyable"],
    [{ id: ["mixed"] }, "id[0]", "notKeyable"],
    [{ indexes: { "a b": { fields: ["name"] } } }, "indexes.a b", "namePattern"],
    [{ indexes: { a: { fields: [] } } }, "indexes.a.fields", "noFields"],
    [{ indexes: { a: {} } }, "indexes.a.fields", "noFields"],
    [{ indexes: { a: { fields: ["name", "nme"] } } }, "indexes.a.fields[1]", "unknownField"],
    [
      { indexes: { a: { fields: ["name", { field: "name", order: "descending" }] } } },
      "indexes.a.fields[1]",
      "duplicateField",
    ],
    [{ indexes: { a: { fields: ["at"] } } }, "indexes.a.fields[0]", "notKeyable"],
    [{ indexes: { a: { fields: ["tags"] } } }, "indexes.a.fields[0]", "notKeyable"],
    [{ indexes: { a: { fields: ["name.length"] } } }, "indexes.a.fields[0]", "unknownField"],
    [{ indexes: { a: { fields: ["deep.a.b.c.d"] } } }, "indexes.a.fields[0]", "pathTooDeep"],
    [{ indexes: { a: { fields: [7] } } }, "indexes.a.fields[0]", "unknownField"],
    [{ indexes: { a: { fields: [{ each: "name" }] } } }, "indexes.a.fields[0]", "noArray"],
    [{ indexes: { a: { fields: [{ each: "nme" }] } } }, "indexes.a.fields[0]", "unknownField"],
    [{ indexes: { a: { fields: [{ each: "tags.x" }] } } }, "indexes.a.fields[0]", "unknownField"],
    [{ indexes: { a: { fields: [{ each: "tags" }, { each: "tags" }] } } }, "indexes.a.fields[1]", "duplicateField"],
    [{ indexes: { a: { fields: ["name"], stored: ["nme"] } } }, "indexes.a.stored[0]", "unknownField"],
    [{ indexes: { a: { fields: ["name"], stored: ["tags", "tags"] } } }, "indexes.a.stored[1]", "duplicateField"],
    [{ indexes: { a: { fields: ["name"], stored: "tags" } } }, "indexes.a.stored", "notAnArray"],
    [{ indexes: { a: { fields: ["name"], unique: 1 } } }, "indexes.a.unique", "notABoolean"],
    [{ indexes: { a: { fields: ["name"], sparse: "yes" } } }, "indexes.a.sparse", "notABoolean"],
    [{ indexes: { a: { fields: ["name"], where: { name: "x" } } } }, "indexes.a.where", "notAFunction"],
    [{ indexes: { a: { fields: [{ field: "name", order: "desc" }] } } }, "indexes.a.fields[0]", "notAnOrder"],
  ])("%j is refused", (change, path, reason) => {
    const { name, ...options } = { name: "thing", version: 1, schema, id: ["id"], ...change };
    expect(refusal(() => untyped(name, options))).toEqual({ entity: String(name), path, reason });
  });

  test.each([
    [{ verson: 2 }, "entity", "verson", "version"],
    [{ index: {} }, "entity", "index", "indexes"],
    [{ indexes: { a: { fields: ["name"], uniqe: true } } }, "indexes.a", "uniqe", "unique"],
    [{ indexes: { a: { fields: [{ feild: "name" }] } } }, "indexes.a.fields[0]", "feild", "field"],
    [{ aggregates: { a: { cuont: true } } }, "aggregates.a", "cuont", "count"],
    [{ version: 2, migrations: { 1: { schema, upp: () => ({}) } } }, "migrations.1", "upp", "up"],
  ])("%j has an option there is not", (change, of, option, nearest) => {
    const { name, ...options } = { name: "thing", version: 1, schema, id: ["id"], ...change };
    let error: unknown;
    try {
      untyped(name, options);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "OPTION_UNKNOWN", details: { of, option, nearest } });
  });

  test("what becomes of the definition afterwards changes nothing", () => {
    const fields: [string, ...string[]] = ["name"];
    const given = { version: 1, schema, id: ["id"] as [string], indexes: { a: { fields, unique: false } } };
    const made = entity("thing", given as never) as unknown as AnyEntity;
    given.version = 7;
    given.id[0] = "name";
    given.indexes.a.unique = true;
    fields[0] = "id";
    expect(made).toMatchObject({ version: 1, id: ["id"], indexes: { a: { fields: ["name"], unique: false } } });
    expect(Object.isFrozen(made.indexes) && Object.isFrozen(made.indexes["a"]) && Object.isFrozen(made.id)).toBe(true);
  });

  test("a second array in an index is refused", () => {
    const two = z.object({ id: z.int(), a: z.array(z.int()), b: z.array(z.object({ c: z.string() })) });
    const indexes = { i: { fields: [{ each: "a" }, { each: "b.c" }] } } as const;
    const made = refusal(() => entity("thing", { version: 1, schema: two, id: ["id"], indexes }));
    expect(made).toEqual({ entity: "thing", path: "indexes.i.fields[1]", reason: "secondArray" });
  });

  test("a predicate that does not answer with a boolean is refused when it runs", () => {
    const where = async (): Promise<boolean> => true;
    const indexes = { i: { fields: ["name"], where } } as const;
    // @ts-expect-error not a boolean
    const model = modelOf(entity("thing", { version: 1, schema, id: ["id"], indexes }));
    expect(refusal(() => model.indexes.get("i")?.valuesOf({ id: 1 }))).toEqual({
      entity: "thing",
      path: "indexes.i.where",
      reason: "notABoolean",
    });
  });

  test("an object that only looks like an entity has no model", () => {
    const City = entity("city", { version: 1, schema, id: ["id"] });
    expect(
      refusal(() => modelOf({ ...City, parseId: (text: string) => City.parseId(text) } as typeof City))?.reason,
    ).toBe("notMadeByEntity");
    expect(Object.isFrozen(City)).toBe(true);
  });
});

describe("the layout", () => {
  const layoutOf = (type: z.ZodObject): RecordLayout => {
    const walk = new StorageWalk();
    walk.walk(type, new DefinitionPlace("thing", "schema"));
    return { entity: "thing", shapes: walk.shapes };
  };

  test("is a pure function of the definition", () => {
    fc.assert(
      fc.property(fc.array(typed, { maxLength: 5 }), (types) => {
        const make = () => z.object(Object.fromEntries(types.map(({ schema: type }, index) => [`f${index}`, type])));
        expect(layoutOf(make())).toEqual(layoutOf(make()));
        expect(layoutFingerprint(layoutOf(make()))).toBe(layoutFingerprint(layoutOf(make())));
      }),
      { numRuns: runs(100) },
    );
  });

  test("changes with names, their order, kinds of values, what is optional and what nests, and with nothing else", () => {
    const base = () => z.object({ a: z.string(), b: z.object({ c: z.int() }), d: z.array(z.object({ e: z.date() })) });
    const fingerprint = (type: z.ZodObject) => layoutFingerprint(layoutOf(type));
    const before = fingerprint(base());
    const same = [
      base().extend({ a: z.string().min(3).default("x") }),
      base().extend({ a: z.enum(["x"]) }),
      base().extend({ a: z.literal("x").nullable() }),
      base().extend({ b: z.object({ c: z.number() }).readonly() }),
      base().meta({ title: "t" }),
    ];
    const changed = [
      base().extend({ z: z.int() }),
      ...[z.int(), z.bigint(), z.boolean(), z.date(), z.instanceof(Uint8Array), z.unknown()].map((a) =>
        base().extend({ a }),
      ),
      base().omit({ a: true }),
      base().extend({ a: z.string().optional() }),
      base().extend({ b: z.object({ c: z.int() }).nullable() }),
      base().extend({ b: z.object({ c: z.int(), more: z.int() }) }),
      base().extend({ d: z.array(z.object({ f: z.date() })) }),
      base().loose(),
      z.object({ b: base().shape.b, a: z.string(), d: base().shape.d }),
    ];
    for (const type of same) expect(fingerprint(type)).toBe(before);
    expect(new Set([before, ...changed.map(fingerprint)]).size).toBe(changed.length + 1);
  });

  test("does not depend on what records hold", () => {
    const model = modelOf(entity("thing", { version: 1, schema, id: ["id"] }));
    const record = { id: 1, name: "a", tags: [], at: { lat: 1 }, mixed: 1, deep: { a: { b: { c: { d: 1 } } } } };
    const head = (input: object) => Buffer.from(model.encodeRecord(model.parse(input), 1).subarray(1, 6));
    const other = { ...record, note: "é".repeat(500), tags: ["a", "b"], mixed: "text" };
    expect(head(other)).toEqual(head(record));
  });
});
