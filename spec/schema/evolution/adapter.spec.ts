/** Records of an earlier layout under a later definition: nothing changes that the definition does not change. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { entity, modelOf, type ObjectSchema } from "../../../lib/schema/index.js";
import { runs } from "../../runs.js";
import { typed } from "../typed.js";

const thing = (schema: ObjectSchema, version = 1) => modelOf(entity("thing", { version, schema, id: ["id"] } as never));

/** What a record written under one schema is under another. */
function under(before: ObjectSchema, after: ObjectSchema, input: object): unknown {
  const old = thing(before);
  const model = thing(after).knowing([old.history.current.codec.layout]);
  return model.decodeRecord(old.encodeRecord(old.parse(input), 3)).record;
}

const codec = z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() });
const at = new Date("2001-02-03T04:05:06.000Z");

/** Fields that may be added without a step, and what stands in them then. */
const additions = {
  optional: { field: z.string().optional(), fill: undefined },
  nullable: { field: z.object({ a: z.string() }).nullable(), fill: { value: null } },
  nullish: { field: z.int().nullish(), fill: undefined },
  default: { field: z.array(z.string()).default(["x"]), fill: { value: ["x"] } },
  prefault: { field: z.string().prefault("p"), fill: { value: "p" } },
  catch: { field: z.int().catch(7), fill: { value: 7 } },
  codec: { field: codec.default(at), fill: { value: at } },
  constructor: { field: z.string().default("odd name"), fill: { value: "odd name" } },
} as const;
const filled = Object.fromEntries(
  Object.entries(additions).flatMap(([name, { fill }]) => (fill === undefined ? [] : [[name, fill.value]])),
);
const added = Object.fromEntries(Object.entries(additions).map(([name, { field }]) => [name, field]));

describe("without a step", () => {
  test("fields that can be filled are added, others are moved, and every value stays", () => {
    const some = fc
      .tuple(typed, typed)
      .chain(([a, b]) => fc.tuple(fc.constant([a, b] as const), a.inputs, b.inputs, fc.string()));
    fc.assert(
      fc.property(some, ([[a, b], first, second, gone]) => {
        const inner = z.object({ a: a.schema, gone: z.string().optional() });
        const before = z.object({ id: z.int(), a: a.schema, in: inner, list: z.array(inner), b: b.schema });
        const wider = z.object({ ...added, a: a.schema });
        const after = z.object({ b: b.schema, ...added, list: z.array(wider), id: z.int(), in: wider, a: a.schema });
        const input = { id: 1, a: first, in: { a: first, gone }, list: [{ a: first }, { a: first, gone }], b: second };
        const old = thing(before);
        const { gone: _, ...kept } = old.parse(input)["in"] as { readonly gone?: string };
        const record = { ...old.parse(input), ...filled, in: { ...filled, ...kept } };
        const list = [
          { ...filled, ...kept },
          { ...filled, ...kept },
        ];
        deepStrictEqual(under(before, after, input), { ...record, list });
        // And what was read can be written.
        thing(after).check(under(before, after, input));
      }),
      { numRuns: runs(150) },
    );
  });

  test("open objects keep what they hold, and a further field that gets a type has to be of it", () => {
    const before = z.looseObject({ id: z.int(), a: z.string() });
    const after = z.looseObject({ id: z.int(), more: z.int().optional() });
    expect(under(before, after, { id: 1, a: "a", more: 2, rest: [null] })).toEqual({
      id: 1,
      a: "a",
      more: 2,
      rest: [null],
    });
    expect(() => under(before, after, { id: 1, a: "a", more: "2" })).toThrow("layout that this program does not know");
  });

  test("recursive schemas are followed", () => {
    const tree = <F extends z.ZodType>(field: F) => {
      const node = z.object({
        id: z.int(),
        field,
        get inside() {
          return z.array(node);
        },
      });
      return node;
    };
    const before = tree(z.string().optional());
    const after = tree(z.string().default("d"));
    const input = { id: 1, inside: [{ id: 2, field: "f", inside: [{ id: 3, inside: [] }] }] };
    expect(under(before, after, input)).toEqual({
      id: 1,
      field: "d",
      inside: [{ id: 2, field: "f", inside: [{ id: 3, field: "d", inside: [] }] }],
    });
  });

  test.each([
    ["a field that nothing fills", z.string(), { id: 1 }],
    ["a nested one", z.object({ b: z.string() }).optional(), { id: 1, a: {} }],
    ["another kind of value", z.string().optional(), { id: 1, a: { b: 1 } }],
    ["a list for an object", z.array(z.object({})).optional(), { id: 1, a: { b: 1 } }],
  ])("%s makes a record unreadable, and nothing else", (_name, a, input) => {
    const before = z.object({ id: z.int(), a: z.object({ b: z.number().optional() }).optional() });
    const after = z.object({ id: z.int(), a });
    expect(() => under(before, after, input)).toThrow("layout that this program does not know");
  });

  test("a scalar may become one of a union, not the other way round", () => {
    const one = z.object({ id: z.int(), a: z.string() });
    const many = z.object({ id: z.int(), a: z.union([z.string(), z.number()]) });
    const others = z.object({ id: z.int(), a: z.union([z.bigint(), z.number()]) });
    expect(under(one, many, { id: 1, a: "x" })).toEqual({ id: 1, a: "x" });
    expect(() => under(one, others, { id: 1, a: "x" })).toThrow("layout that this program does not know");
    expect(() => under(many, one, { id: 1, a: "x" })).toThrow("layout that this program does not know");
  });

  test("a layout that nobody told of is unknown", () => {
    const old = thing(z.object({ id: z.int() }));
    const bytes = old.encodeRecord(old.parse({ id: 1 }), 1);
    const model = thing(z.object({ id: z.int(), a: z.string().optional() }));
    expect(() => model.decodeRecord(bytes)).toThrow(expect.objectContaining({ code: "VALUE_LAYOUT_UNKNOWN" }));
    const newer = thing(z.object({ id: z.int() }), 2);
    const later = newer.encodeRecord(newer.parse({ id: 1 }), 1);
    expect(() => old.decodeRecord(later)).toThrow(
      expect.objectContaining({ code: "VALUE_VERSION_NEWER", details: { schemaVersion: 2, supported: 1 } }),
    );
    // The other way round there is no step, and none is needed.
    expect(newer.decodeRecord(bytes)).toMatchObject({ record: { id: 1 }, revision: 1 });
  });
});
