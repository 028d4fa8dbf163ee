/** Stored bytes that are not what this library wrote: a typed error, and never another type, prototype or crash. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { Packr, pack, Unpackr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { isTenantryError } from "../../lib/errors/index.js";
import { layoutFingerprint, RecordCodec, type RecordLayout } from "../../lib/value/index.js";
import { runs } from "../runs.js";
import { laidOut, layouts, storable } from "./storable.js";

const layout: RecordLayout = {
  entity: "thing",
  shapes: [{ fields: [{ name: "value", optional: false, node: { kind: "value" } }], open: false }],
};
const codec = new RecordCodec(layout, 1);
const head = codec.encode({ value: null }, 1).subarray(0, 7);
const withPayload = (payload: Uint8Array): Uint8Array => Buffer.concat([head, payload]);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe("damage", () => {
  test("every truncation is an error", () => {
    fc.assert(
      fc.property(laidOut, ({ layout: any, record }) => {
        const laid = new RecordCodec(any, 1);
        const bytes = laid.encode(record, 1);
        for (let end = 0; end < Math.min(bytes.length, 200); end++) {
          expect(() => laid.decode(bytes, 0, end)).toThrow(code("VALUE_CORRUPT"));
        }
        expect(() => laid.decode(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(code("VALUE_CORRUPT"));
      }),
      { numRuns: runs(60) },
    );
  });

  test("bytes after a record's end are never read into it", () => {
    const whole = codec.encode({ value: ["secret of another tenant"] }, 1);
    for (let end = 0; end < whole.length; end++) {
      expect(() => codec.decode(whole, 0, end)).toThrow(code("VALUE_CORRUPT"));
    }
  });

  test("random payloads decode to storable values or throw a typed error", () => {
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.tuple(storable, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
        const payload = Uint8Array.from(codec.encode({ value }, 1).subarray(7));
        payload[at % payload.length] = byte;
        return payload;
      }),
    );
    fc.assert(
      fc.property(any, (payload) => {
        try {
          const { record } = codec.decode(withPayload(payload));
          codec.encode(record, 1);
        } catch (error) {
          expect(isTenantryError(error, "VALUE_CORRUPT")).toBe(true);
        }
      }),
      { numRuns: runs(3_000) },
    );
  });

  test("deep nesting and huge counts end in an error", () => {
    expect(() => codec.decode(withPayload(Buffer.alloc(50_000, 0x91)))).toThrow(code("VALUE_CORRUPT"));
    for (const head of [
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      [0xdf, 0x7f, 0xff, 0xff, 0xff],
      [0xc6, 0xff, 0xff, 0xff, 0xff],
    ]) {
      expect(() => codec.decode(withPayload(Buffer.from([...head, 0])))).toThrow(code("VALUE_CORRUPT"));
    }
  });
});

describe("revisions", () => {
  test("that could not be read back are refused", () => {
    const last = Number.MAX_SAFE_INTEGER;
    expect(codec.decode(codec.encode({ value: 1 }, last)).revision).toBe(last);
    for (const revision of [last + 1, Number.NaN, 1.5]) {
      expect(() => codec.encode({ value: 1 }, revision)).toThrow(code("VALUE_UNSUPPORTED"));
    }
  });
});

describe("other formats", () => {
  test("an unknown format, flag or layout has its own error", () => {
    const bytes = Uint8Array.from(codec.encode({ value: 1 }, 1));
    expect(() => codec.decode(Uint8Array.from([0x20, ...bytes.subarray(1)]))).toThrow(code("VALUE_FORMAT_UNKNOWN"));
    expect(() => codec.decode(Uint8Array.from([0x11, ...bytes.subarray(1)]))).toThrow(code("VALUE_SEALED"));
    bytes[2] = Number(bytes[2]) ^ 1;
    expect(() => codec.decode(bytes)).toThrow(code("VALUE_LAYOUT_UNKNOWN"));
    expect(() => codec.decode(new RecordCodec(layout, 2).encode({ value: 1 }, 1))).toThrow(code("VALUE_VERSION_NEWER"));
  });

  test("a row never decodes under another entity's or another layout", () => {
    fc.assert(
      fc.property(laidOut, layouts, ({ layout: mine, record }, { layout: other }) => {
        const bytes = new RecordCodec(mine, 1).encode(record, 1);
        fc.pre(JSON.stringify(mine) !== JSON.stringify(other));
        expect(() => new RecordCodec(other, 1).decode(bytes)).toThrow(code("VALUE_LAYOUT_UNKNOWN"));
        const renamed = { ...mine, entity: `${mine.entity}2` };
        expect(() => new RecordCodec(renamed, 1).decode(bytes)).toThrow(code("VALUE_LAYOUT_UNKNOWN"));
      }),
      { numRuns: runs(200) },
    );
  });

  test("the fingerprint is that of the layout alone", () => {
    fc.assert(
      fc.property(layouts, layouts, ({ layout: a }, { layout: b }) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(layoutFingerprint(a) === layoutFingerprint(b)).toBe(same);
        expect(layoutFingerprint(structuredClone(a))).toBe(layoutFingerprint(a));
      }),
      { numRuns: runs(200) },
    );
  });
});

describe("what other writers of MessagePack can store", () => {
  const rich = new Packr({ moreTypes: true, useRecords: false });
  const records = new Packr({ structures: [] });

  test.each([
    ["a RegExp", rich.pack(/a+/)],
    ["an Error", rich.pack(new TypeError("no"))],
    ["a typed array", rich.pack(new Float64Array([1.5]))],
    ["a record", records.pack({ a: 1 })],
    ["the tag nobody uses", Buffer.of(0xc1)],
    [
      "the prototype's name",
      Buffer.concat([Buffer.of(0x81), pack("__proto__"), Buffer.of(0x81), pack("admin"), Buffer.of(0xc3)]),
    ],
    ["a name that is no text", Buffer.of(0x81, 0x01, 0x02)],
    ["text that is no UTF-8", Buffer.of(0xa2, 0xc3, 0x28)],
    ["an extension longer than its content", Buffer.of(0x92, 0xc7, 0x02, 0x53, 0x90, 0x90)],
    ["a date of another length", Buffer.of(0xc7, 0x05, 0xff, 0, 0, 0, 0, 0)],
    ["a date there is not", Buffer.of(0xc7, 0x0c, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ["a bigint without digits", Buffer.of(0xc7, 0x00, 0x42)],
    ["an integer beyond the safe ones", Buffer.of(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ])("%s is refused", (_, payload) => {
    // Without the flag that all text is ASCII.
    const bytes = Uint8Array.from(withPayload(payload));
    bytes[0] = 0x10;
    expect(() => codec.decode(bytes)).toThrow(code("VALUE_CORRUPT"));
  });

  test("keys named as members of Object.prototype are plain own fields", () => {
    const value = { constructor: 1, toString: "x", hasOwnProperty: null };
    const { record } = codec.decode(codec.encode({ value }, 1));
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect(Reflect.get(record, "value")).toStrictEqual(value);
    expect(Reflect.get({}, "constructor")).toBe(Object);
  });
});

describe("MessagePack", () => {
  test("msgpackr reads our payloads", () => {
    const theirs = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
    const common = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"));
    fc.assert(
      fc.property(common, (value) => {
        const payload = codec.encode({ value }, 1).subarray(7);
        deepStrictEqual(theirs.unpack(Buffer.from(payload)), value);
      }),
      { numRuns: runs(300) },
    );
  });

  test("we read msgpackr's payloads", () => {
    const theirs = new Packr({ useRecords: false, encodeUndefinedAsNil: false });
    const common = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"));
    fc.assert(
      fc.property(common, (value) => {
        const bytes = Uint8Array.from(withPayload(theirs.pack(value)));
        bytes[0] = 0x10;
        // Not `value` itself: msgpackr turns −0 into 0.
        deepStrictEqual(Reflect.get(codec.decode(bytes).record, "value"), theirs.unpack(theirs.pack(value)));
      }),
      { numRuns: runs(300) },
    );
  });
});
