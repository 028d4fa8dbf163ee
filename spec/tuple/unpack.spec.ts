/** The strict decoder: what is no packed tuple throws, at the right place, and is never taken for another one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { pack, packWithVersionstamp, type TupleElement, TupleVersionstamp, unpack } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { normal, tuple } from "./elements.js";

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** The elements, or the details of the one error there may be. */
const attempt = (bytes: Uint8Array, offset?: number): TupleElement[] | { offset: number; reason: string } => {
  try {
    return unpack(bytes, offset);
  } catch (error) {
    if (isTenantryError(error, "TUPLE_BYTES_INVALID")) return error.details;
    throw error;
  }
};

const hasIncomplete = (elements: readonly TupleElement[]): boolean =>
  elements.some(
    (element) =>
      (element instanceof TupleVersionstamp && element.bytes === undefined) ||
      (Array.isArray(element) && hasIncomplete(element)),
  );

/** What decodes packs to the very same bytes: no tuple has two keys. */
function expectCanonical(bytes: Uint8Array): void {
  const elements = attempt(bytes);
  if (!Array.isArray(elements)) {
    expect(elements.offset).toBeGreaterThanOrEqual(0);
    expect(elements.offset).toBeLessThanOrEqual(bytes.length);
  } else if (!hasIncomplete(elements)) expect(pack(elements)).toEqual(bytes);
}

describe("unpack refuses", () => {
  test.each<[string, string, number, string]>([
    ["bytes without end", "01 61", 2, "truncated"],
    ["text without end", "02 61", 2, "truncated"],
    ["text that ends in an escape", "02 61 00 ff", 4, "truncated"],
    ["text with a wrong escape", "02 61 00 fe 00", 3, "unknownCode"],
    ["a nested tuple without end", "05 14", 2, "truncated"],
    ["a nested null without end", "05 00 ff", 3, "truncated"],
    ["an integer cut short", "16 01", 2, "truncated"],
    ["a negative integer cut short", "12 fe", 2, "truncated"],
    ["a long integer without length", "1d", 1, "truncated"],
    ["a long negative integer without length", "0b", 1, "truncated"],
    ["a long integer cut short", "1d 09 0100000000000000", 10, "truncated"],
    ["a float cut short", "20 80 00 00", 4, "truncated"],
    ["a double cut short", "21 80 00 00 00 00 00 00", 8, "truncated"],
    ["a UUID cut short", `30 ${"00".repeat(15)}`, 16, "truncated"],
    ["a versionstamp cut short", `33 ${"00".repeat(11)}`, 12, "truncated"],
    ["a leading zero", "16 00 01", 1, "nonMinimalInteger"],
    ["a zero of one byte", "15 00", 1, "nonMinimalInteger"],
    ["a negative leading zero", "12 ff fe", 1, "nonMinimalInteger"],
    ["a negative zero", "13 ff", 1, "nonMinimalInteger"],
    ["a long integer of 8 bytes", "1d 08 0100000000000000", 1, "nonMinimalInteger"],
    ["a long integer of no bytes", "1d 00", 1, "nonMinimalInteger"],
    ["a long integer with a leading zero", "1d 09 000100000000000000", 2, "nonMinimalInteger"],
    ["a long negative integer of 8 bytes", "0b f7 feffffffffffffff", 1, "nonMinimalInteger"],
    ["a long negative integer with a leading zero", "0b f6 fffeffffffffffffff", 2, "nonMinimalInteger"],
    ["a NaN of other bits", "21 fff8000000000001", 1, "nonCanonicalNaN"],
    ["a negative NaN", "21 0007ffffffffffff", 1, "nonCanonicalNaN"],
    ["a float NaN of other bits", "20 ffc00001", 1, "nonCanonicalNaN"],
    ["an overlong zero", "02 c080 00", 1, "invalidUtf8"],
    ["an overlong character", "02 61 e08080 00", 2, "invalidUtf8"],
    ["a surrogate in UTF-8", "02 eda080 00", 1, "invalidUtf8"],
    ["a character beyond Unicode", "02 f4908080 00", 1, "invalidUtf8"],
    ["a stray continuation byte", "02 80 00", 1, "invalidUtf8"],
    ["a character cut short", "02 61 c3 00", 2, "invalidUtf8"],
    ["the end inside a character", "02 e282 00", 1, "invalidUtf8"],
    ["bad text behind escaped zeros, by its place in the bytes", "02 00ff 00ff 61 80 00", 6, "invalidUtf8"],
    ["0xff", "14 ff", 1, "unknownCode"],
    ["an old kind of nested tuple", "03 00", 0, "unknownCode"],
    ["an arbitrary-precision decimal", "1e 00", 0, "unknownCode"],
    ["a 64-bit id", `31 ${"00".repeat(8)}`, 0, "unknownCode"],
    ["an 80-bit versionstamp", `32 ${"00".repeat(10)}`, 0, "unknownCode"],
    ["a user type", "40 00", 0, "unknownCode"],
    ["too deep a tuple", "05".repeat(33) + "00".repeat(33), 32, "tooDeep"],
    ["hostile depth", "05".repeat(200_000), 32, "tooDeep"],
  ])("%s", (_, hex, offset, reason) => {
    expect(attempt(bytesOf(hex))).toEqual({ offset, reason });
  });

  test("what is not bytes, or not there", () => {
    const outside = (value: unknown): Uint8Array => value as Uint8Array;
    expect(attempt(outside("abc"))).toMatchObject({ reason: "notBytes" });
    expect(attempt(outside([20]))).toMatchObject({ reason: "notBytes" });
    expect(attempt(outside(new Proxy(Uint8Array.of(20), {})))).toMatchObject({ reason: "notBytes" });
    expect(attempt(Uint8Array.of(20), -1)).toMatchObject({ reason: "truncated" });
    expect(unpack(new Uint8Array(0))).toEqual([]);
    expect(unpack(Uint8Array.of(20), 1)).toEqual([]);
  });
});

describe("unpack", () => {
  test("keeps a byte-order mark and reads Buffers and parts of buffers", () => {
    expect(unpack(pack(["\ufeffa"]))).toEqual(["\ufeffa"]);
    const around = Buffer.concat([
      Buffer.from("xx"),
      pack(["é", 1, "a long text, all of it ASCII"]),
      Buffer.from("yy"),
    ]);
    expect(unpack(around.subarray(2, -2))).toEqual(["é", 1, "a long text, all of it ASCII"]);
    const [copy] = unpack(Buffer.from("01610000", "hex").subarray(0, 3));
    expect(copy).toStrictEqual(Uint8Array.of(0x61));
  });

  test("of a cut tuple gives its first elements or throws, and never reads on", () => {
    fc.assert(
      fc.property(tuple, fc.nat(), (elements, cut) => {
        const bytes = pack(elements);
        const length = cut % (bytes.length + 1);
        // Cut before an escape, a zero byte is an end: those bytes are another tuple's, which the format cannot tell.
        fc.pre(bytes[length] !== 0xff);
        // The rest is still there, behind the end of the view.
        const read = attempt(bytes.subarray(0, length));
        expect(read).toStrictEqual(attempt(bytes.slice(0, length)));
        if (Array.isArray(read)) expect(read).toStrictEqual(elements.slice(0, read.length).map(normal));
      }),
      { numRuns: runs(400) },
    );
  });

  test("takes each tuple in one form only, of whatever bytes", () => {
    const code = fc.constantFrom(
      0,
      1,
      2,
      5,
      0x0b,
      0x0c,
      0x13,
      0x14,
      0x15,
      0x1c,
      0x1d,
      0x20,
      0x21,
      0x26,
      0x30,
      0x33,
      0xff,
    );
    const noise = fc.array(fc.oneof(code, fc.integer({ min: 0, max: 255 })), { maxLength: 40 });
    fc.assert(
      fc.property(noise, (list) => expectCanonical(Uint8Array.from(list))),
      { numRuns: runs(3_000) },
    );
    fc.assert(
      fc.property(tuple, fc.nat(), fc.integer({ min: 0, max: 255 }), (elements, place, byte) => {
        const bytes = pack(elements);
        if (bytes.length > 0) bytes[place % bytes.length] = byte;
        expectCanonical(bytes);
      }),
      { numRuns: runs(2_000) },
    );
  });

  test("takes as text what TextDecoder takes, and no more", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const unit = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0xbf,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0x9f,
      0xa0,
      0xed,
      0xef,
      0xf0,
      0x8f,
      0x90,
      0xf4,
      0xf5,
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(unit, fc.integer({ min: 1, max: 255 })), { maxLength: 9 }), (list) => {
        const read = attempt(Uint8Array.of(2, ...list, 0));
        let theirs: string | undefined;
        try {
          theirs = strict.decode(Uint8Array.from(list));
        } catch {
          theirs = undefined;
        }
        expect(Array.isArray(read) ? read[0] : undefined).toBe(theirs);
      }),
      { numRuns: runs(3_000) },
    );
  });

  test("reads an incomplete versionstamp as one", () => {
    const bytes = packWithVersionstamp(["a", new TupleVersionstamp(undefined, 3)]).slice(0, -4);
    expect(unpack(bytes)).toStrictEqual(["a", new TupleVersionstamp(undefined, 3)]);
  });
});
