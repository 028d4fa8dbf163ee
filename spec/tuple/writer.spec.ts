/** Element by element: the reusable writer, the reader, and fields that sort the other way round. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import {
  compareBytes,
  pack,
  type TupleElement,
  TupleReader,
  TupleVersionstamp,
  TupleWriter,
  unpack,
  versionstamp,
} from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { compareElements, element, normal, tuple } from "./elements.js";

const code = (fn: () => unknown): unknown => {
  try {
    return fn();
  } catch (error) {
    if (isTenantryError(error, "TUPLE_BYTES_INVALID", "TUPLE_ELEMENT_INVALID")) return error.details;
    throw error;
  }
};

describe("TupleWriter", () => {
  test("packs one tuple after another behind its prefix", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(tuple, { maxLength: 4 }), (prefix, tuples) => {
        const writer = new TupleWriter(prefix);
        prefix.fill(0x77, 0, 0);
        for (const elements of tuples) {
          for (const value of elements) writer.element(value);
          expect(writer.finish()).toEqual(pack(elements, prefix));
        }
      }),
      { numRuns: runs(150) },
    );
  });

  test("has a method for each kind", () => {
    const stamp = versionstamp(new Uint8Array(10), 1);
    const all = new TupleWriter()
      .null()
      .boolean(true)
      .integer(5n)
      .float(0.5)
      .double(-0.5)
      .string("x")
      .bytes(Uint8Array.of(0))
      .uuid(new Uint8Array(16))
      .versionstamp(stamp)
      .nested([null, 1])
      .packed(pack([7]))
      .finish();
    const reader = new TupleReader(all);
    expect(reader.null()).toBe(true);
    expect(reader.boolean()).toBe(true);
    expect(reader.integer()).toBe(5);
    expect(reader.float()).toBe(0.5);
    expect(reader.double()).toBe(-0.5);
    expect(reader.string()).toBe("x");
    expect(reader.bytes()).toStrictEqual(Uint8Array.of(0));
    expect(reader.uuid()).toStrictEqual(new Uint8Array(16));
    expect(reader.versionstamp()).toStrictEqual(new TupleVersionstamp(new Uint8Array(10), 1));
    expect(reader.element()).toEqual([null, 1]);
    expect(reader.done).toBe(false);
    expect(code(() => reader.end())).toEqual({ offset: all.length - 2, reason: "trailingBytes" });
    expect(reader.integer()).toBe(7);
    expect(reader.offset).toBe(all.length);
    reader.end();
  });

  test("forgets what was given up or refused halfway", () => {
    const writer = new TupleWriter(pack(["p"]));
    writer.string("half").start();
    expect(unpack(writer.integer(1).finish())).toEqual(["p", 1]);
    expect(code(() => writer.string("half").nested([1, [1.5]]))).toEqual({ index: 1, reason: "unsafeNumber" });
    expect(writer.length).toBe(pack(["p"]).length);
    expect(unpack(writer.null().finish())).toEqual(["p", null]);
    expect(code(() => writer.versionstamp(versionstamp()).finish())).toMatchObject({
      reason: "incompleteVersionstamp",
    });
    expect(unpack(writer.finish())).toEqual(["p"]);
  });

  test("refuses values of the wrong kind", () => {
    const writer = new TupleWriter();
    const wrong = (value: unknown): never => value as never;
    expect(code(() => writer.string(wrong(1)))).toMatchObject({ reason: "unsupportedType" });
    expect(code(() => writer.bytes(wrong([1])))).toMatchObject({ reason: "unsupportedType" });
    expect(code(() => writer.double(wrong("1")))).toMatchObject({ reason: "unsupportedType" });
    expect(code(() => writer.float(wrong("1")))).toMatchObject({ reason: "unsupportedType" });
    expect(code(() => writer.float(1e39))).toMatchObject({ reason: "floatOverflow" });
    expect(code(() => writer.integer(wrong("1")))).toMatchObject({ reason: "unsafeNumber" });
    expect(code(() => writer.uuid(new Uint8Array(15)))).toMatchObject({ reason: "wrongLength" });
    expect(code(() => writer.uuid(wrong({ length: 16 })))).toMatchObject({ reason: "wrongLength" });
  });
});

describe("descending", () => {
  const down = (value: TupleElement): Uint8Array => {
    const writer = new TupleWriter();
    return writer.element(value).descending(0).finish();
  };

  test("assertOrderReversed: sorts the other way round, and reads back", () => {
    fc.assert(
      fc.property(element, element, tuple, (a, b, rest) => {
        const order = Math.sign(compareElements(a, b)) + 0;
        expect(Math.sign(compareBytes(down(a), down(b))) + 0).toBe(0 - order);
        // Whatever follows must not change the order of unequal fields.
        if (order !== 0) {
          expect(Math.sign(compareBytes(pack(rest, down(a)), down(b))) + 0).toBe(0 - order);
          expect(Math.sign(compareBytes(down(a), pack(rest, down(b)))) + 0).toBe(0 - order);
        }
        const outer = new TupleReader(pack(rest, down(a)));
        const inner = outer.descending();
        expect(inner.element()).toStrictEqual(normal(a));
        inner.end();
        for (const value of rest) expect(outer.element()).toStrictEqual(normal(value));
      }),
      { numRuns: runs(400) },
    );
  });

  test("is one byte string of the complement and a zero byte", () => {
    expect([...down("a")]).toEqual([0x01, 0xfd, 0x9e, 0xff, 0xff, 0x00]);
    // What is 0xff becomes zero and is escaped.
    expect([...down(255)]).toEqual([0x01, 0xea, 0x00, 0xff, 0xff, 0x00]);
    const several = new TupleWriter(pack(["p"]));
    const mark = several.length;
    expect(unpack(several.string("a").integer(1).descending(mark).integer(2).finish())).toEqual([
      "p",
      Uint8Array.of(0xfd, 0x9e, 0xff, 0xea, 0xfe, 0xff),
      2,
    ]);
  });

  test("refuses an incomplete versionstamp, and reading what is no complement", () => {
    const writer = new TupleWriter();
    expect(code(() => writer.versionstamp(versionstamp()).descending(0))).toMatchObject({
      reason: "incompleteVersionstamp",
    });
    expect(code(() => new TupleReader(pack([Uint8Array.of(1)])).descending())).toMatchObject({
      reason: "invalidComplement",
    });
    expect(code(() => new TupleReader(pack([new Uint8Array(0)])).descending())).toMatchObject({
      reason: "invalidComplement",
    });
    expect(code(() => new TupleReader(pack([1])).descending())).toMatchObject({ reason: "unexpectedType" });
  });
});

describe("TupleReader", () => {
  test("takes no element for one of another kind", () => {
    const kinds = ["boolean", "integer", "float", "double", "string", "bytes", "uuid", "versionstamp"] as const;
    const values: TupleElement[] = [
      ...unpack(new TupleWriter().boolean(false).integer(1).float(1).double(1).string("").finish()),
      new Uint8Array(0),
      ...unpack(
        new TupleWriter()
          .uuid(new Uint8Array(16))
          .versionstamp(versionstamp(new Uint8Array(10)))
          .finish(),
      ),
    ];
    values.forEach((value, at) => {
      kinds.forEach((kind, other) => {
        const read = code(() => new TupleReader(pack(["skip", value]), 6)[kind]());
        if (at !== other) expect(read).toEqual({ offset: 6, reason: "unexpectedType" });
      });
      expect(new TupleReader(pack([value])).null()).toBe(false);
    });
    for (const kind of kinds) {
      expect(code(() => new TupleReader(new Uint8Array(0))[kind]())).toEqual({ offset: 0, reason: "truncated" });
    }
    expect(new TupleReader(new Uint8Array(0)).null()).toBe(false);
  });
});
