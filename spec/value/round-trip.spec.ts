/** What goes in comes out equal, whatever the layout, and only that. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordCodec, type RecordLayout } from "../../lib/value/index.js";
import { runs } from "../runs.js";
import { laidOut, storable } from "./storable.js";

const open: RecordLayout = {
  entity: "thing",
  shapes: [{ fields: [{ name: "value", optional: false, node: { kind: "value" } }], open: false }],
};
const codec = new RecordCodec(open, 1);
const thereAndBack = (value: unknown): unknown => Reflect.get(codec.decode(codec.encode({ value }, 1)).record, "value");

describe("values", () => {
  test("come back equal", () => {
    fc.assert(
      fc.property(storable, (value) => deepStrictEqual(thereAndBack(value), value)),
      { numRuns: runs(500) },
    );
  });

  test("keep what MessagePack codecs lose", () => {
    expect(thereAndBack(-0)).toBe(-0);
    expect(thereAndBack(Number.NaN)).toBeNaN();
    expect(thereAndBack(new Set([1]))).toStrictEqual(new Set([1]));
    expect(thereAndBack(new Map([[{ a: 1 }, 2n]]))).toStrictEqual(new Map([[{ a: 1 }, 2n]]));
    expect(thereAndBack({ a: undefined })).toStrictEqual({ a: undefined });
    expect(thereAndBack(new Date(-1))).toStrictEqual(new Date(-1));
    expect(thereAndBack(-(2n ** 4_000n))).toBe(-(2n ** 4_000n));
  });

  test("bytes are a Uint8Array of their own", () => {
    const stored = codec.encode({ value: Buffer.from("abc") }, 1);
    const back = Reflect.get(codec.decode(stored).record, "value");
    stored.fill(0);
    expect(back).toStrictEqual(new Uint8Array([97, 98, 99]));
    expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype);
  });

  test.each([
    ["a lone surrogate", { deep: ["\ud800"] }, ["value", "deep", "0"], "loneSurrogate"],
    ["a lone surrogate in a long text", `${"x".repeat(200)}\udfff`, ["value"], "loneSurrogate"],
    ["a lone surrogate in a name", { "\ud800": 1 }, ["value"], "loneSurrogate"],
    ["an invalid date", [new Date(Number.NaN)], ["value", "0"], "invalidDate"],
    ["a function", { f: () => 1 }, ["value", "f"], "function"],
    ["a symbol", Symbol("s"), ["value"], "symbol"],
    ["a symbol key", { [Symbol("s")]: 1 }, ["value"], "symbolKey"],
    ["an instance", new URL("http://a"), ["value"], "class"],
    ["a regular expression", /a/, ["value"], "class"],
    ["an error", new Error("e"), ["value"], "class"],
    ["a boxed string", Object("s"), ["value"], "class"],
    ["a promise", Promise.resolve(1), ["value"], "class"],
    ["a typed array", new Float64Array(2), ["value"], "typedArray"],
    ["a DataView", new DataView(new ArrayBuffer(2)), ["value"], "typedArray"],
    ["an ArrayBuffer", new ArrayBuffer(2), ["value"], "typedArray"],
    ["the name of the prototype", JSON.parse('{"__proto__":{"admin":true}}'), ["value"], "nameOfThePrototype"],
  ])("refuse %s, with its path", (_, value, path, reason) => {
    expect(() => codec.encode({ value }, 1)).toThrow(
      expect.objectContaining({ code: "VALUE_UNSUPPORTED", details: { path, reason } }),
    );
  });

  test("refuse cycles", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => codec.encode({ value: cycle }, 1)).toThrow(expect.objectContaining({ code: "VALUE_UNSUPPORTED" }));
    expect(thereAndBack(1)).toBe(1);
  });

  test("a getter that encodes on its own does not disturb", () => {
    const inner = { value: "inner" };
    const tricky = {
      get a() {
        return codec.encode(inner, 1).length;
      },
      b: "outer",
    };
    const back = codec.decode(codec.encode({ value: tricky }, 1)).record;
    expect(back).toStrictEqual({ value: { a: codec.encode(inner, 1).length, b: "outer" } });
  });
});

/** The names of a record in the order of its layout, further ones after them, as JavaScript lists them. */
function layoutOrder(layout: RecordLayout, record: object): string[] {
  const named = layout.shapes[0]?.fields.map(({ name }) => name) ?? [];
  const order = [...named, ...Object.keys(record)].filter((name) => Object.hasOwn(record, name));
  return Object.keys(Object.fromEntries(order.map((name) => [name, 0])));
}

describe("records", () => {
  test("of any layout come back equal, with their names in order", () => {
    fc.assert(
      fc.property(laidOut, fc.integer({ min: 1, max: 2 ** 40 }), ({ layout, record }, revision) => {
        const laid = new RecordCodec(layout, 1);
        const back = laid.decode(laid.encode(record, revision));
        deepStrictEqual(back, { record, revision, schemaVersion: 1, expiresAt: undefined });
        deepStrictEqual(Object.keys(back.record), layoutOrder(layout, record));
      }),
      { numRuns: runs(400) },
    );
  });

  test("are the same bytes with and without generated code", () => {
    fc.assert(
      fc.property(laidOut, ({ layout, record }) => {
        const generated = new RecordCodec(layout, 1);
        const interpreted = new RecordCodec(layout, 1, { generate: false });
        const bytes = generated.encode(record, 1);
        deepStrictEqual(interpreted.encode(record, 1), bytes);
        deepStrictEqual(interpreted.decode(bytes), generated.decode(bytes));
      }),
      { numRuns: runs(200) },
    );
  });

  test("decode from the middle of a page, and keep nothing of it", () => {
    fc.assert(
      fc.property(laidOut, fc.uint8Array({ maxLength: 40 }), ({ layout, record }, around) => {
        const laid = new RecordCodec(layout, 1);
        const bytes = laid.encode(record, 1);
        const page = Buffer.concat([around, bytes, around]);
        const { record: back } = laid.decode(page, around.length, around.length + bytes.length);
        page.fill(0xee);
        deepStrictEqual(back, record);
        const view = new Uint8Array(bytes);
        deepStrictEqual(laid.decode(view).record, record);
      }),
      { numRuns: runs(200) },
    );
  });

  test("hold their field names once, in the layout", () => {
    const names = ["population", "administrativeDivision"];
    const fields = names.map((name) => ({ name, optional: false, node: { kind: "value" } as const }));
    const laid = new RecordCodec({ entity: "city", shapes: [{ fields, open: false }] }, 1);
    // One byte of format and flags, four of the fingerprint, one each of version, revision and the two numbers.
    expect(laid.encode({ population: 1, administrativeDivision: 2 }, 1)).toHaveLength(9);
  });

  test("a missing field is refused", () => {
    expect(() => codec.encode({}, 1)).toThrow(expect.objectContaining({ details: { path: [], reason: "missing" } }));
  });
});
