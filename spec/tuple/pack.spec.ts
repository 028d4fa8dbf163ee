/** Whole tuples: round trips, order, the oracle, and what is refused. */
import fc from "fast-check";
import * as oracle from "fdb-tuple";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import {
  compareBytes,
  concatBytes,
  double,
  float,
  pack,
  packWithVersionstamp,
  type TupleElement,
  tupleRange,
  unpack,
  uuid,
  versionstamp,
} from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { compareTuples, element, normal, toOracle, tuple } from "./elements.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const refusal = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    if (isTenantryError(error)) return { code: error.code, ...error.details };
    throw error;
  }
  return undefined;
};

describe("pack", () => {
  // The examples of design/tuple.md, and integers at their edges.
  test.each<[TupleElement, string]>([
    [null, "00"],
    [Uint8Array.of(0x66, 0x6f, 0x6f, 0x00, 0x62, 0x61, 0x72), "01666f6f00ff62617200"],
    ["FÔO\0bar", "0246c3944f00ff62617200"],
    [[Uint8Array.of(0x66, 0x6f, 0x6f, 0x00, 0x62, 0x61, 0x72), null, []], "0501666f6f00ff6261720000ff050000"],
    [0, "14"],
    [-0, "14"],
    [1, "1501"],
    [255, "15ff"],
    [256, "160100"],
    [-1, "13fe"],
    [-255, "1300"],
    [-256, "12feff"],
    [-5551212, "11ab4b93"],
    [2 ** 32 - 1, "18ffffffff"],
    [2 ** 32, "190100000000"],
    [Number.MAX_SAFE_INTEGER, "1b1fffffffffffff"],
    [Number.MIN_SAFE_INTEGER, "0de0000000000000"],
    [2n ** 53n, "1b20000000000000"],
    [2n ** 64n - 1n, "1cffffffffffffffff"],
    [2n ** 64n, "1d09010000000000000000"],
    [-(2n ** 64n) + 1n, "0c0000000000000000"],
    [-(2n ** 64n), "0bf6feffffffffffffffff"],
    [float(-42), "203dd7ffff"],
    [double(-0), "217fffffffffffffff"],
    [double(0), "218000000000000000"],
    [double(Number.NaN), "21fff8000000000000"],
    [float(Number.NaN), "20ffc00000"],
    [false, "26"],
    [true, "27"],
    [uuid(new Uint8Array(16).fill(7)), `30${"07".repeat(16)}`],
    [versionstamp(new Uint8Array(10).fill(9), 258), `33${"09".repeat(10)}0102`],
  ])("packs as the specification says, example %#", (value, expected) => {
    expect(hex(pack([value]))).toBe(expected);
    expect(unpack(pack([value]))).toStrictEqual([normal(value)]);
  });

  test("assertRoundTrip: unpacking gives back what was packed, behind any prefix", () => {
    fc.assert(
      fc.property(tuple, fc.uint8Array({ maxLength: 30 }), (elements, prefix) => {
        const bytes = pack(elements, prefix);
        expect(bytes.subarray(0, prefix.length)).toEqual(prefix);
        expect(unpack(bytes, prefix.length)).toStrictEqual(elements.map(normal));
        expect(pack(unpack(bytes, prefix.length), prefix)).toEqual(bytes);
      }),
      { numRuns: runs(400) },
    );
  });

  test("assertOrderPreserved: packed tuples sort as their elements", () => {
    const near = fc.tuple(tuple, tuple, fc.nat(3)).map(([a, b, n]) => [a, [...a.slice(0, n), ...b]] as const);
    fc.assert(
      fc.property(fc.oneof(near, fc.tuple(fc.array(element, { maxLength: 1 }), tuple)), ([a, b]) => {
        const order = Math.sign(compareBytes(pack(a), pack(b)));
        expect(order + 0).toBe(Math.sign(compareTuples(a, b)) + 0);
        expect(order + 0).toBe(Buffer.compare(pack(a), pack(b)) + 0);
      }),
      { numRuns: runs(800) },
    );
  });

  test("agrees with the oracle, both ways", () => {
    fc.assert(
      fc.property(tuple, (elements) => {
        const bytes = pack(elements);
        const theirs = oracle.pack(elements.map(toOracle));
        expect(hex(bytes)).toBe(hex(theirs));
        expect(unpack(theirs)).toStrictEqual(elements.map(normal));
      }),
      { numRuns: runs(400) },
    );
  });

  test("is not disturbed by packing in between", () => {
    const sneaky: TupleElement[] = ["a", 0, "c"];
    Object.defineProperty(sneaky, 1, { get: () => pack(["inner", 12345]).length });
    expect(unpack(pack(sneaky))).toEqual(["a", 10, "c"]);
  });

  test("hands out bytes with nothing else behind them", () => {
    const bytes = pack(["a"]);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  });
});

describe("pack refuses", () => {
  const deep = (depth: number): TupleElement => (depth === 0 ? 1 : [deep(depth - 1)]);
  const cyclic: TupleElement[] = [];
  cyclic.push(cyclic);
  const sparse: TupleElement[] = [];
  sparse[1] = 1;
  const outside = (value: unknown): TupleElement => value as TupleElement;

  test.each<[string, TupleElement, string]>([
    ["a fraction", 1.5, "unsafeNumber"],
    ["NaN", Number.NaN, "unsafeNumber"],
    ["infinity", Number.POSITIVE_INFINITY, "unsafeNumber"],
    ["an unsafe number", 2 ** 53, "unsafeNumber"],
    ["a negative unsafe number", -(2 ** 53), "unsafeNumber"],
    ["an integer of 256 bytes", 2n ** 2040n, "integerTooLarge"],
    ["a negative integer of 256 bytes", -(2n ** 2040n), "integerTooLarge"],
    ["a high surrogate alone", "a\ud800", "loneSurrogate"],
    ["a high surrogate before text", "\ud800a", "loneSurrogate"],
    ["a low surrogate alone", "\udc00a", "loneSurrogate"],
    ["two high surrogates", "\ud800\ud800\udc00", "loneSurrogate"],
    ["surrogates the wrong way round", "\udc00\ud800", "loneSurrogate"],
    ["undefined", outside(undefined), "unsupportedType"],
    ["a hole", sparse, "unsupportedType"],
    ["an object", outside({}), "unsupportedType"],
    ["a Date", outside(new Date()), "unsupportedType"],
    ["a symbol", outside(Symbol("x")), "unsupportedType"],
    ["another typed array", outside(new Uint16Array(2)), "unsupportedType"],
    ["a proxy of bytes", outside(new Proxy(new Uint8Array(2), {})), "unsupportedType"],
    ["too deep a tuple", deep(33), "tooDeep"],
    ["a cycle", cyclic, "tooDeep"],
    ["an incomplete versionstamp", versionstamp(), "incompleteVersionstamp"],
    ["too long a text", "a".repeat(100_000), "tooLarge"],
    ["far too long a text", "a".repeat(1_000_000), "tooLarge"],
    ["too long bytes", new Uint8Array(60_000), "tooLarge"],
  ])("%s", (_, value, reason) => {
    expect(refusal(() => pack([value]))).toMatchObject({ code: "TUPLE_ELEMENT_INVALID", reason });
    // And packs the next one as if nothing had been.
    expect(hex(pack([1]))).toBe("1501");
  });

  test("with the index of the outermost element", () => {
    expect(refusal(() => pack([1, "x", ["y", 1.5]]))).toMatchObject({ index: 2 });
    expect(refusal(() => pack([1, [1, 2, 3], null, 1.5]))).toMatchObject({ index: 3 });
  });

  test("wrappers of what they cannot hold", () => {
    const invalid = { code: "TUPLE_ELEMENT_INVALID" };
    expect(refusal(() => float(1e300))).toMatchObject({ ...invalid, reason: "floatOverflow" });
    expect(refusal(() => uuid(new Uint8Array(15)))).toMatchObject({ ...invalid, reason: "wrongLength" });
    expect(refusal(() => versionstamp(new Uint8Array(11)))).toMatchObject({ ...invalid, reason: "wrongLength" });
    for (const user of [-1, 65_536, 0.5, Number.NaN]) {
      expect(refusal(() => versionstamp(undefined, user))).toMatchObject({ reason: "userVersionOutOfRange" });
    }
    expect(float(0.1).value).toBe(Math.fround(0.1));
    expect(float(Number.NEGATIVE_INFINITY).value).toBe(Number.NEGATIVE_INFINITY);
  });

  test("nothing at its limits", () => {
    expect(unpack(pack([deep(32)]))).toEqual([deep(32)]);
    expect(unpack(pack(["a".repeat(99_998)]))).toEqual(["a".repeat(99_998)]);
    expect(unpack(pack([2n ** 2040n - 1n]))).toEqual([2n ** 2040n - 1n]);
  });
});

describe("packWithVersionstamp", () => {
  test("says where the stamp goes, as the oracle does", () => {
    fc.assert(
      fc.property(tuple, tuple, fc.integer({ min: 0, max: 0xffff }), fc.uint8Array(), (before, after, user, prefix) => {
        const elements = [...before, versionstamp(undefined, user), ...after];
        const bytes = packWithVersionstamp(elements, prefix);
        const theirs = oracle.packUnboundVersionstamp([
          ...before.map(toOracle),
          oracle.unboundVersionstamp(user),
          ...after.map(toOracle),
        ]);
        const at = new DataView(bytes.buffer).getUint32(bytes.length - 4, true);
        expect(at).toBe(prefix.length + theirs.stampPos);
        expect(hex(bytes.subarray(0, -4))).toBe(hex(concatBytes(prefix, theirs.data)));
        expect(unpack(bytes.subarray(0, -4), prefix.length)).toStrictEqual(elements.map(normal));
      }),
      { numRuns: runs(100) },
    );
  });

  test("takes exactly one incomplete versionstamp, nested or not", () => {
    expect(hex(packWithVersionstamp([[versionstamp()]]))).toBe(`0533${"ff".repeat(10)}00000002000000`);
    expect(refusal(() => packWithVersionstamp([1]))).toMatchObject({ reason: "noIncompleteVersionstamp" });
    expect(refusal(() => packWithVersionstamp([versionstamp(), versionstamp()]))).toMatchObject({
      reason: "twoIncompleteVersionstamps",
    });
    expect(versionstamp(new Uint8Array(10).fill(0xff)).bytes).toBeUndefined();
  });
});

test("tupleRange holds the longer tuples, and no others", () => {
  fc.assert(
    fc.property(tuple, tuple, (a, b) => {
      const { begin, end } = tupleRange(pack(a));
      const key = pack(b);
      const inside = compareBytes(begin, key) <= 0 && compareBytes(key, end) < 0;
      const longer = b.length > a.length && compareTuples(a, b.slice(0, a.length)) === 0;
      expect(inside).toBe(longer);
      expect(compareBytes(begin, pack([...a, ...b])) <= 0).toBe(b.length > 0);
    }),
    { numRuns: runs(200) },
  );
});
