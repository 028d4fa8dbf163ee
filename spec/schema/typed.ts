/** Arbitraries for specs of schemas: zod schemas, each with an arbitrary of its input. */
import fc from "fast-check";
import { z } from "zod";
import { fieldName, storable, text } from "../value/storable.js";

/** A schema and what it takes. */
export interface Typed {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly inputs: fc.Arbitrary<unknown>;
}

const wellFormed = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: "binary", maxLength: 12 }));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const day = fc.date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9999-12-31") });

/** Every supported type that has no parts. */
export const leaves: readonly Typed[] = [
  { name: "string", schema: z.string(), inputs: text },
  { name: "trimmed string", schema: z.string().trim().toLowerCase(), inputs: wellFormed },
  { name: "uuid", schema: z.uuid(), inputs: fc.uuid() },
  { name: "email", schema: z.email(), inputs: fc.constantFrom("a@b.io", "x.y@example.com") },
  { name: "iso datetime", schema: z.iso.datetime(), inputs: day.map((date) => date.toISOString()) },
  { name: "number", schema: z.number(), inputs: finite },
  { name: "int", schema: z.int(), inputs: fc.maxSafeInteger() },
  { name: "int32", schema: z.int32(), inputs: fc.integer() },
  { name: "float32", schema: z.float32(), inputs: fc.float({ noNaN: true, noDefaultInfinity: true }) },
  {
    name: "number or infinite",
    schema: z.union([z.number(), z.literal(Infinity)]),
    inputs: fc.oneof(finite, fc.constant(Infinity)),
  },
  { name: "bigint", schema: z.bigint(), inputs: fc.bigInt() },
  { name: "int64", schema: z.int64(), inputs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { name: "boolean", schema: z.boolean(), inputs: fc.boolean() },
  { name: "date", schema: z.date(), inputs: fc.date({ noInvalidDate: true }) },
  { name: "null", schema: z.null(), inputs: fc.constant(null) },
  { name: "undefined", schema: z.undefined(), inputs: fc.constant(undefined) },
  { name: "void", schema: z.void(), inputs: fc.constant(undefined) },
  { name: "any", schema: z.any(), inputs: storable },
  { name: "unknown", schema: z.unknown(), inputs: storable },
  {
    name: "json",
    schema: z.json(),
    inputs: fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__")),
  },
  { name: "enum", schema: z.enum(["a", "b"]), inputs: fc.constantFrom("a", "b") },
  { name: "literal", schema: z.literal(["x", 1, 2n, true, null]), inputs: fc.constantFrom("x", 1, 2n, true, null) },
  { name: "template", schema: z.templateLiteral(["v", z.int()]), inputs: fc.integer().map((n) => `v${n}`) },
  { name: "bytes", schema: z.instanceof(Uint8Array), inputs: fc.uint8Array({ maxLength: 30 }) },
  { name: "custom", schema: z.custom<string>((value) => typeof value === "string"), inputs: wellFormed },
  { name: "pipe", schema: z.unknown().pipe(z.string()), inputs: wellFormed },
  { name: "stringbool", schema: z.stringbool(), inputs: fc.constantFrom("true", "false") },
  {
    name: "codec",
    schema: z.codec(z.iso.datetime(), z.date(), {
      decode: (iso) => new Date(iso),
      encode: (date) => date.toISOString(),
    }),
    inputs: day.map((date) => date.toISOString()),
  },
  {
    name: "codec of an object",
    schema: z.codec(z.object({ hex: z.string() }), z.bigint(), {
      decode: ({ hex }) => BigInt(`0x${hex}`),
      encode: (value) => ({ hex: value.toString(16) }),
    }),
    inputs: fc.bigInt({ min: 0n }).map((value) => ({ hex: value.toString(16) })),
  },
];

const wrap = (name: string, inner: Typed, schema: z.ZodType, inputs = inner.inputs): Typed => ({
  name: `${name}(${inner.name})`,
  schema,
  inputs,
});

/** Every supported wrapper of one type. */
export const wrappers: readonly ((inner: Typed) => Typed)[] = [
  (inner) => wrap("optional", inner, inner.schema.optional(), fc.option(inner.inputs, { nil: undefined })),
  (inner) => wrap("nullable", inner, inner.schema.nullable(), fc.option(inner.inputs, { nil: null })),
  (inner) => wrap("nullish", inner, inner.schema.nullish(), fc.oneof(inner.inputs, fc.constantFrom(null, undefined))),
  (inner) => wrap("array", inner, z.array(inner.schema), fc.array(inner.inputs, { maxLength: 3 })),
  (inner) => wrap("readonly array", inner, z.array(inner.schema).readonly(), fc.array(inner.inputs, { maxLength: 3 })),
  (inner) => wrap("brand", inner, inner.schema.brand("B")),
  (inner) =>
    wrap(
      "lazy",
      inner,
      z.lazy(() => inner.schema),
    ),
  (inner) => wrap("catch", inner, inner.schema.nullable().catch(null), fc.option(inner.inputs, { nil: null })),
  (inner) =>
    wrap(
      "default",
      inner,
      inner.schema.nullable().default(null),
      fc.oneof(inner.inputs, fc.constantFrom(null, undefined)),
    ),
  (inner) =>
    wrap(
      "record",
      inner,
      z.record(z.string(), inner.schema),
      fc.dictionary(fieldName, inner.inputs, { maxKeys: 3, noNullPrototype: true }),
    ),
  (inner) =>
    wrap(
      "map",
      inner,
      z.map(z.string(), inner.schema),
      fc.array(fc.tuple(wellFormed, inner.inputs), { maxLength: 3 }).map((entries) => new Map(entries)),
    ),
  (inner) =>
    wrap(
      "set",
      inner,
      z.set(inner.schema),
      fc.array(inner.inputs, { maxLength: 3 }).map((members) => new Set(members)),
    ),
  (inner) =>
    wrap(
      "tuple",
      inner,
      z.tuple([inner.schema, z.string()], z.int()),
      fc.tuple(inner.inputs, wellFormed, fc.integer()),
    ),
  (inner) =>
    wrap(
      "union",
      inner,
      z.union([z.object({ in: inner.schema }), z.string()]),
      fc.oneof(
        inner.inputs.map((value) => ({ in: value })),
        wellFormed,
      ),
    ),
  (inner) =>
    wrap(
      "discriminated union",
      inner,
      z.discriminatedUnion("type", [
        z.object({ type: z.literal("a"), in: inner.schema }),
        z.object({ type: z.literal("b") }),
      ]),
      fc.oneof(
        inner.inputs.map((value) => ({ type: "a", in: value })),
        fc.constant({ type: "b" }),
      ),
    ),
  (inner) =>
    wrap(
      "intersection",
      inner,
      z.intersection(z.object({ a: inner.schema }), z.object({ b: z.string() })),
      fc.record({ a: inner.inputs, b: wellFormed }),
    ),
  (inner) =>
    wrap(
      "object",
      inner,
      z.object({ a: inner.schema, b: z.string().optional() }),
      fc.record({ a: inner.inputs, b: wellFormed }, { requiredKeys: ["a"] }),
    ),
  (inner) =>
    wrap(
      "optional object",
      inner,
      z.object({ a: inner.schema }).optional(),
      fc.option(fc.record({ a: inner.inputs }), { nil: undefined }),
    ),
  (inner) => wrap("strict object", inner, z.strictObject({ a: inner.schema }), fc.record({ a: inner.inputs })),
  (inner) =>
    wrap(
      "catchall object",
      inner,
      z.object({ known: z.string() }).catchall(inner.schema),
      inner.inputs.map((value) => ({ known: "k", more: value })),
    ),
  (inner) =>
    wrap(
      "loose object",
      inner,
      z.looseObject({ a: inner.schema }),
      fc.tuple(inner.inputs, storable).map(([a, more]) => ({ a, more })),
    ),
];

/** Any supported type, to a small depth. */
export const typed: fc.Arbitrary<Typed> = fc
  .tuple(fc.constantFrom(...leaves), fc.array(fc.constantFrom(...wrappers), { maxLength: 3 }))
  .map(([leaf, around]) => around.reduce<Typed>((inner, wrapper) => wrapper(inner), leaf));
