/** Arbitrary tuple elements, the order they should have, and their form for the oracle. */
import fc from "fast-check";
import type { TupleItem } from "fdb-tuple";
import {
  compareBytes,
  double,
  float,
  TupleDouble,
  type TupleElement,
  TupleFloat,
  TupleUuid,
  TupleVersionstamp,
  uuid,
  versionstamp,
} from "../../lib/tuple/index.js";

/** Numbers around every size of an encoded integer. */
const edges = Array.from({ length: 12 }, (_, i) => 1n << BigInt(8 * i)).flatMap((n) => [n - 1n, n, n + 1n]);
const bigEdges = [...edges, (1n << 2040n) - 1n, 2n ** 53n, 2n ** 63n];

export const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(...bigEdges, ...bigEdges.map((n) => -n)),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.bigInt({ min: -(2n ** 2040n) + 1n, max: 2n ** 2040n - 1n }),
);

/** Well-formed text with zero bytes, marks, pairs of NFC and NFD, and characters of every UTF-8 length. */
export const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ unit: fc.constantFrom("\0", "\x01", "a", "\x7f", "\x80", "é", "e\u0301", "\ufeff", "\uffff", "😀") }),
  fc.string({ maxLength: 60 }),
);

export const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.array(fc.constantFrom(0, 1, 0xfe, 0xff), { maxLength: 6 }).map((list) => Uint8Array.from(list)),
);

const stamp = fc
  .tuple(fc.uint8Array({ minLength: 10, maxLength: 10 }), fc.integer({ min: 0, max: 0xffff }))
  .map(([stampBytes, user]) => versionstamp(stampBytes, user));

/** Elements that hold no others. */
export const scalar: fc.Arbitrary<TupleElement> = fc.oneof(
  fc.constant(null),
  bytes,
  text,
  integer,
  fc.boolean(),
  fc.oneof(fc.float(), fc.constantFrom(-0, Number.NaN)).map(float),
  fc.oneof(fc.double(), fc.constantFrom(-0, Number.NaN)).map(double),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuid),
  stamp,
);

export const element: fc.Arbitrary<TupleElement> = fc.letrec<{ element: TupleElement; nested: TupleElement[] }>(
  (tie) => ({
    element: fc.oneof({ depthSize: "small", withCrossShrink: true }, scalar, tie("nested")),
    nested: fc.array(tie("element"), { maxLength: 4 }),
  }),
).element;

export const tuple = fc.array(element, { maxLength: 5 });

const rank = (value: TupleElement): number => {
  if (value === null) return 0;
  if (value instanceof Uint8Array) return 1;
  if (typeof value === "string") return 2;
  if (Array.isArray(value)) return 3;
  if (typeof value === "number" || typeof value === "bigint") return 4;
  if (value instanceof TupleFloat) return 5;
  if (value instanceof TupleDouble) return 6;
  if (value === false) return 7;
  if (value === true) return 8;
  return value instanceof TupleUuid ? 9 : 10;
};

/** IEEE 754's total order, with one NaN, last. */
const compareFloats = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  if (a === 0 && b === 0) return Number(Object.is(b, -0)) - Number(Object.is(a, -0));
  return a < b ? -1 : a > b ? 1 : 0;
};

const stampKey = (value: TupleVersionstamp): Uint8Array =>
  Uint8Array.of(...(value.bytes ?? new Uint8Array(10).fill(0xff)), value.userVersion >> 8, value.userVersion & 0xff);

/** The order of elements as the tuple layer defines it: by kind, then by value. */
export function compareElements(a: TupleElement, b: TupleElement): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if ((typeof a === "number" || typeof a === "bigint") && (typeof b === "number" || typeof b === "bigint")) {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (a instanceof TupleFloat && b instanceof TupleFloat) return compareFloats(a.value, b.value);
  if (a instanceof TupleDouble && b instanceof TupleDouble) return compareFloats(a.value, b.value);
  if (a instanceof TupleUuid && b instanceof TupleUuid) return compareBytes(a.bytes, b.bytes);
  if (a instanceof TupleVersionstamp && b instanceof TupleVersionstamp) {
    return compareBytes(stampKey(a), stampKey(b));
  }
  if (Array.isArray(a) && Array.isArray(b)) return compareTuples(a, b);
  return 0;
}

export function compareTuples(a: readonly TupleElement[], b: readonly TupleElement[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareElements(a[i] ?? null, b[i] ?? null);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** What unpacking gives for an element: integers as numbers when safe, −0 as 0. */
export const normal = (value: TupleElement): TupleElement => {
  if (typeof value === "bigint" && BigInt.asIntN(54, value) === value && Number.isSafeInteger(Number(value))) {
    return Number(value);
  }
  if (typeof value === "number") return value + 0;
  return Array.isArray(value) ? value.map(normal) : value;
};

/** The oracle's form of an element. */
export const toOracle = (value: TupleElement): TupleItem => {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === "number") return value + 0;
  if (value instanceof TupleFloat) return { type: "float", value: value.value };
  if (value instanceof TupleDouble) return { type: "double", value: value.value };
  if (value instanceof TupleUuid) return { type: "uuid", value: Buffer.from(value.bytes) };
  if (value instanceof TupleVersionstamp) return { type: "versionstamp", value: Buffer.from(stampKey(value)) };
  if (Array.isArray(value)) return value.map(toOracle);
  if (value === null || typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") {
    return value as TupleItem;
  }
  throw new TypeError("no such element");
};
