/** Ids and index values: they round trip through bytes and text, and their order in bytes is their type's order. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { entity, type IndexModel, modelOf } from "../../lib/schema/index.js";
import { compareBytes, double, pack, TupleWriter } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";

type Compare = (a: never, b: never) => number;
interface Ordered {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly values: fc.Arbitrary<unknown>;
  readonly compare: (a: unknown, b: unknown) => number;
}
const ordered = <T>(
  name: string,
  schema: z.ZodType<T>,
  values: fc.Arbitrary<T>,
  compare: (a: T, b: T) => number,
): Ordered => ({
  name,
  schema,
  values,
  compare: compare as Compare as Ordered["compare"],
});

/** The packed values of a record's one entry. */
const entryOf = (index: IndexModel, record: unknown): Uint8Array =>
  index.valuesOf(record)[0]?.values ?? expect.unreachable("no entry");

const byValue = <T extends number | bigint | Date>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
/** The order of code points, which UTF-8 keeps. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const trickyText = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.constantFrom(
    "",
    "\0",
    "\0\0",
    "a\0",
    "a\0\xff",
    "/",
    "%",
    "%2F",
    "..",
    ".",
    "~",
    "~~",
    "~-",
    "a~~b",
    "1",
    "01",
    "-0",
    "1n",
    "null",
    "\u{10ffff}",
    "\uffff",
    "\ue000",
  ),
);
const trickyInt = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(0, -1, 255, 256, -255, -256, 2 ** 53 - 1, -(2 ** 53) + 1),
);
const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, 1.5, -1, 1e21, 5e-324, 1e308),
);

const types: readonly Ordered[] = [
  ordered("string", z.string(), trickyText, byCodePoint),
  ordered("branded uuid", z.uuid().brand("Id"), fc.uuid() as never, byCodePoint as never),
  ordered("int", z.int(), trickyInt, byValue),
  ordered(
    "refined int",
    z
      .number()
      .int()
      .min(-(2 ** 52)),
    trickyInt.filter((n) => n >= -(2 ** 52)),
    byValue,
  ),
  ordered(
    "bigint",
    z.bigint(),
    fc.oneof(fc.bigInt(), fc.constantFrom(0n, 2n ** 64n, -(2n ** 64n), 2n ** 53n)),
    byValue,
  ),
  ordered("number", z.number(), finite, byValue),
  ordered("boolean", z.boolean(), fc.boolean(), (a, b) => Number(a) - Number(b)),
  ordered("date", z.date(), fc.date({ noInvalidDate: true }), byValue),
  ordered("enum", z.enum(["b", "a", "c"]), fc.constantFrom("a", "b", "c"), byCodePoint),
  ordered("literals", z.union([z.literal(3), z.literal(-1)]), fc.constantFrom(3 as const, -1 as const), byValue),
  ordered("bytes", z.instanceof(Uint8Array), fc.uint8Array({ maxLength: 10 }) as never, compareBytes),
  ordered(
    "codec (by its encoded side)",
    z.codec(z.int(), z.date(), { decode: (ms) => new Date(ms), encode: (date) => date.getTime() }),
    fc.date({ noInvalidDate: true }),
    byValue,
  ),
];

/** −0 is stored as +0 in a key: the same place in the order. */
const plain = (value: unknown): unknown => (value === 0 ? 0 : value);

/** An entity whose id is made of fields of the types. */
function withId(chosen: readonly Ordered[]) {
  const names = chosen.map((_, index) => `f${index}`);
  const schema = z.object(Object.fromEntries(chosen.map((type, index) => [names[index] ?? "", type.schema])));
  const [first = "f0", ...more] = names;
  return entity("thing", { version: 1, schema, id: [first, ...more] as never });
}

describe.each(types)("an id of $name", (type) => {
  const Thing = withId([type]);
  const model = modelOf(Thing);

  test("comes back from bytes and from text", () => {
    fc.assert(
      fc.property(type.values, (value) => {
        const id = value as never;
        deepStrictEqual(model.decodeId(model.encodeId(id)), plain(value));
        const text = Thing.formatId(id);
        expect(text).toMatch(/^[A-Za-z0-9_.~-]+$/);
        expect(decodeURIComponent(new URL(`http://h/a/${text}/b`).pathname)).toBe(`/a/${text}/b`);
        deepStrictEqual(Thing.parseId(text), plain(value));
      }),
      { numRuns: runs(100) },
    );
  });

  test("is ordered in bytes as its type is", () => {
    fc.assert(
      fc.property(type.values, type.values, (a, b) => {
        const inBytes = compareBytes(model.encodeId(a as never), model.encodeId(b as never));
        expect(Math.sign(inBytes)).toBe(Math.sign(type.compare(a, b)));
      }),
      { numRuns: runs(100) },
    );
  });

  test("is ordered the same way, or the other way round, in an index, with absent and null first", () => {
    const schema = z.object({ id: z.int(), at: z.object({ value: type.schema.nullable().optional() }).optional() });
    const indexed = (order: "ascending" | "descending") =>
      modelOf(
        entity("thing", {
          version: 1,
          schema,
          id: ["id"],
          indexes: { i: { fields: [{ field: "at.value" as never, order }] } },
        }),
      ).indexes.get("i");
    const up = indexed("ascending");
    const down = indexed("descending");
    if (up === undefined || down === undefined) throw new Error("the index is missing");
    const maybe = fc.option(type.values, { nil: undefined });
    fc.assert(
      fc.property(maybe, maybe, (a, b) => {
        const expected =
          a === undefined || b === undefined ? Number(a !== undefined) - Number(b !== undefined) : type.compare(a, b);
        const records = [a, b].map((value) => ({ id: 1, at: { value } }));
        const compare = (index: typeof up): number =>
          Math.sign(compareBytes(entryOf(index, records[0]), entryOf(index, records[1])));
        expect(compare(up)).toBe(Math.sign(expected));
        expect(compare(down)).toBe(Math.sign(expected) === 0 ? 0 : -Math.sign(expected));
        for (const index of [up, down]) {
          const bytes = entryOf(index, records[0]);
          deepStrictEqual(index.decodeValues(Buffer.concat([Buffer.of(9), bytes, Buffer.of(21, 7)]), 1), {
            values: [a === undefined ? null : plain(a)],
            end: bytes.length + 1,
          });
        }
      }),
      { numRuns: runs(60) },
    );
    expect(entryOf(up, { id: 1 })).toEqual(entryOf(up, { id: 1, at: { value: null } }));
  });
});

describe("composite ids", () => {
  const composite = fc
    .array(fc.constantFrom(...types), { minLength: 2, maxLength: 4 })
    .chain((chosen) =>
      fc.tuple(
        fc.constant(chosen),
        fc.tuple(...chosen.map(({ values }) => values)),
        fc.tuple(...chosen.map(({ values }) => values)),
      ),
    );

  test("come back, are unambiguous, and order by their first different field", () => {
    fc.assert(
      fc.property(composite, ([chosen, a, b]) => {
        const Thing = withId(chosen);
        const model = modelOf(Thing);
        deepStrictEqual(model.decodeId(model.encodeId(a as never)), a.map(plain));
        deepStrictEqual(Thing.parseId(Thing.formatId(a as never)), a.map(plain));
        const order = chosen.map(({ compare }, index) => compare(a[index], b[index])).find((sign) => sign !== 0) ?? 0;
        expect(Math.sign(compareBytes(model.encodeId(a as never), model.encodeId(b as never)))).toBe(Math.sign(order));
        expect(Thing.formatId(a as never) === Thing.formatId(b as never)).toBe(order === 0);
        const begun = Buffer.from(model.encodeIdValues(a.slice(0, 1)));
        expect(begun.equals(model.encodeId(a as never).subarray(0, begun.length))).toBe(true);
      }),
      { numRuns: runs(300) },
    );
  });

  test("a text reads as one id or is refused", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 3 }),
        fc.oneof(
          trickyText,
          fc.array(trickyText).map((parts) => parts.join("~~")),
        ),
        (chosen, text) => {
          const Thing = withId(chosen);
          let id: unknown;
          try {
            id = Thing.parseId(text);
          } catch (error) {
            expect(error).toMatchObject({ code: "RECORD_ID_INVALID" });
            return;
          }
          expect(Thing.formatId(id as never)).toBe(text);
        },
      ),
      { numRuns: runs(1_000) },
    );
  });
});

describe("what is no id", () => {
  const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
  const Line = entity("line", {
    version: 1,
    schema: z.object({ order: z.string(), line: z.int32().min(1), at: z.date() }),
    id: ["order", "line"],
  });
  const city = modelOf(City);
  const line = modelOf(Line);
  const refused = expect.objectContaining({ code: "RECORD_ID_INVALID" });

  test.each([[1.5], [Number.NaN], [2 ** 53], [Infinity], ["1"], [1n], [null], [undefined], [[1]], [{}], [new Date(0)]])(
    "%s is refused for an integer",
    (id) => {
      expect(() => city.encodeId(id as never)).toThrow(refused);
      expect(() => City.formatId(id as never)).toThrow(refused);
    },
  );

  test.each([
    [[]],
    [["a"]],
    [["a", 1, 2]],
    ["a"],
    [["\ud800", 1]],
    [[1, 1]],
    [["a", 0]],
    [["a", 2 ** 40]],
    [{ 0: "a", 1: 1, length: 2 }],
  ])("%j is refused for a composite", (id) => {
    expect(() => line.encodeId(id as never)).toThrow(refused);
  });

  test.each([
    [""],
    ["01"],
    ["+1"],
    ["1.0"],
    ["-0"],
    ["1e3"],
    [" 1"],
    ["1~~2"],
    ["9007199254740992"],
    ["٣"],
    ["1".repeat(10_000)],
    [7],
    [undefined],
  ])("the text %j is refused", (text) => {
    expect(() => City.parseId(text as never)).toThrow(refused);
  });

  test.each([
    ["a"],
    ["a~~0"],
    ["a~~01"],
    ["a~~1~~1"],
    ["~6A~~1"],
    ["~6a~~1"],
    ["~~1"],
    ["~C3~~1"],
    ["a b~~1"],
    ["é~~1"],
    [".~~1"],
  ])("the text %j is refused for a composite", (text) => {
    expect(() => Line.parseId(text)).toThrow(refused);
  });

  test("an id too long for a key is a typed error", () => {
    expect(() => line.encodeId(["x".repeat(1_900), 1])).toThrow(expect.objectContaining({ code: "KEY_TOO_LARGE" }));
    expect(() => line.encodeId(["x".repeat(1_000_000), 1])).toThrow(
      expect.objectContaining({ family: expect.stringMatching(/limit|input/) }),
    );
    expect(line.encodeId(["x".repeat(1_890), 1])).toHaveLength(1_894);
  });

  test("bytes that are no id of the entity are a typed error", () => {
    const foreign = expect.objectContaining({ code: "TUPLE_BYTES_INVALID" });
    for (const bytes of [pack([]), pack(["1"]), pack([1, 2]), pack([null])]) {
      expect(() => city.decodeId(bytes)).toThrow(foreign);
    }
  });

  test("a required field of an absent object is null in an index", () => {
    const schema = z.object({ id: z.int(), at: z.object({ lat: z.number() }).optional() });
    const model = modelOf(entity("thing", { version: 1, schema, id: ["id"], indexes: { i: { fields: ["at.lat"] } } }));
    expect(model.indexes.get("i")?.valuesOf({ id: 1 })[0]?.values).toEqual(pack([null]));
    expect(model.indexes.get("i")?.valuesOf({ id: 1, at: { lat: 0 } })[0]?.values).toEqual(pack([double(0)]));
  });

  test("a descending value holds one value and nothing else", () => {
    const schema = z.object({ id: z.int(), n: z.int() });
    const indexes = { i: { fields: [{ field: "n", order: "descending" }] } } as const;
    const index = modelOf(entity("thing", { version: 1, schema, id: ["id"], indexes })).indexes.get("i");
    const two = new TupleWriter().integer(1).integer(2).descending(0).finish();
    expect(() => index?.decodeValues(two)).toThrow(expect.objectContaining({ code: "TUPLE_BYTES_INVALID" }));
  });

  test("the elements are those of the tuple layer, by type", () => {
    expect(city.encodeId(7)).toEqual(pack([7]));
    expect(line.encodeId(["a", 1])).toEqual(pack(["a", 1]));
    expect(city.idOf({ id: 7, name: "x" })).toBe(7);
    expect(line.idOf({ order: "a", line: 1, at: new Date() })).toEqual(["a", 1]);
  });
});
