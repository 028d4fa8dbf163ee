/** What bytes and arrays say of themselves counts for nothing in a key, and a writer used before leaves nothing in one. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as tuple from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { lied, lies } from "../value/lies.js";

const secret = "the key of another tenant ".repeat(4);
const wrongLength = expect.objectContaining({ details: expect.objectContaining({ reason: "wrongLength" }) });

const plain = fc.letrec<{ element: tuple.TupleElement }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 3 },
    fc.uint8Array({ maxLength: 24 }),
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.integer(),
    fc.array(tie("element"), { maxLength: 3 }),
  ),
})).element;

describe("lying elements", () => {
  test("are packed as what they are", () => {
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 4 }), fc.constantFrom(...lies), (elements, lie) => {
        const honest = tuple.pack(elements);
        tuple.pack([secret]);
        deepStrictEqual(tuple.pack(lied(elements, lie) as tuple.TupleElement[]), honest);
      }),
      { numRuns: runs(300) },
    );
  });

  test("of fixed width are refused when they are not so wide", () => {
    const short = (size: number): Uint8Array => Object.defineProperty(new Uint8Array(0), "length", { value: size });
    expect(() => tuple.uuid(short(16))).toThrow(wrongLength);
    expect(() => tuple.versionstamp(short(10))).toThrow(wrongLength);
    // Also one that was made well and was changed since.
    const changed = Object.defineProperty(tuple.uuid(new Uint8Array(16)), "bytes", { value: short(16) });
    expect(() => tuple.pack([changed])).toThrow(wrongLength);
    const stamp = Object.defineProperty(tuple.versionstamp(new Uint8Array(10)), "bytes", { value: short(10) });
    expect(() => tuple.pack([stamp])).toThrow(wrongLength);
  });

  test("never bring along what a writer held before", () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.constantFrom(...lies), (length, lie) => {
        const writer = new tuple.TupleWriter();
        writer.string(secret).finish();
        const bytes = lied(new Uint8Array(length), lie) as Uint8Array;
        expect(Buffer.from(writer.packed(bytes).finish())).toStrictEqual(Buffer.alloc(length));
        expect(Buffer.from(new tuple.TupleWriter(bytes).finish())).toStrictEqual(Buffer.alloc(length));
      }),
      { numRuns: runs(100) },
    );
  });

  test("are read as long as they are", () => {
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 4 }), fc.constantFrom(...lies), (elements, lie) => {
        const packed = tuple.pack(elements);
        deepStrictEqual(tuple.unpack(lied(packed, lie) as Uint8Array), tuple.unpack(packed));
      }),
      { numRuns: runs(100) },
    );
  });
});
