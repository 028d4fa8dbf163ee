/** Split values: they come together as they were, or not at all. */
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitHeadBytes, valueBytesMax } from "../../lib/limits/index.js";
import { chunkCount, isSplit, joinValue, splitValue } from "../../lib/records/split.js";
import { RecordCodec } from "../../lib/value/index.js";
import { runs } from "../runs.js";

const codec = new RecordCodec({ entity: "note", shapes: [{ fields: [], open: true }] }, 1);
const noise = (length: number): string =>
  Array.from({ length }, (_, at) => String.fromCharCode(33 + ((at * at) % 90))).join("");
const encoded = (length: number, revision: number): Uint8Array => codec.encode({ text: noise(length) }, revision);

/** Lengths around the edges of heads and chunks, and any others. */
const lengths = fc.oneof(
  fc.integer({ min: valueBytesMax - 40, max: valueBytesMax + 40 }),
  fc.integer({ min: splitHeadBytes + 2 * valueBytesMax - 60, max: splitHeadBytes + 2 * valueBytesMax + 10 }),
  fc.integer({ min: 0, max: 500_000 }),
);
const revisions = fc.constantFrom(1, 127, 128, 2 ** 40);

describe("a split value", () => {
  test("comes together as it was, from parts that each fit a key", () => {
    fc.assert(
      fc.property(lengths, revisions, (length, revision) => {
        const value = encoded(length, revision);
        const split = splitValue(value);
        expect(split === undefined).toBe(value.length <= valueBytesMax);
        expect(isSplit(value)).toBe(false);
        if (split === undefined) return;
        const { head, chunks } = split;
        expect(isSplit(head)).toBe(true);
        expect(head).toHaveLength(splitHeadBytes);
        expect(chunks).toHaveLength(chunkCount(head));
        expect(chunks.every((chunk) => chunk.length <= valueBytesMax && chunk.length > 1)).toBe(true);
        expect(Buffer.compare(joinValue(head, chunks), value)).toBe(0);
      }),
      { numRuns: runs(60) },
    );
  });

  test("never comes together from other parts than its own", () => {
    const value = encoded(350_000, 3);
    const older = splitValue(encoded(350_000, 2));
    const other = splitValue(codec.encode({ text: noise(350_000).replaceAll("a", "b") }, 3));
    const split = splitValue(value);
    if (split === undefined || older === undefined || other === undefined) return expect.unreachable();
    const { head, chunks } = split;
    const joined = (...parts: (Uint8Array | undefined)[]) =>
      joinValue(
        head,
        parts.filter((part) => part !== undefined),
      );
    const [a, b, c, d] = chunks;
    expect(chunks).toHaveLength(4);
    expect(() => joined(a, b, c)).toThrow(expect.objectContaining({ code: "VALUE_CORRUPT" }));
    expect(() => joined(a, c, b, d)).toThrow(expect.objectContaining({ code: "VALUE_CORRUPT" }));
    expect(() => joined(a, b, c, d, d)).toThrow(expect.objectContaining({ code: "VALUE_CORRUPT" }));
    expect(() => joined(a, b, other.chunks[2], d)).toThrow(expect.objectContaining({ code: "VALUE_CORRUPT" }));
    expect(() => joined(a, b, c, d?.subarray(0, -1))).toThrow(expect.objectContaining({ code: "VALUE_CORRUPT" }));
    expect(() => joined(a, b, c, Uint8Array.of(2, ...(d ?? []).slice(1)))).toThrow(
      expect.objectContaining({ code: "VALUE_FORMAT_UNKNOWN" }),
    );
    expect(() => joinValue(head.subarray(0, 9), chunks)).toThrow(expect.objectContaining({ code: "VALUE_CORRUPT" }));
    // The same payload under another revision is this record's, too: its head tells which.
    expect(joinValue(older.head, chunks)).toHaveLength(value.length);
  });

  test("has these bytes", () => {
    const split = splitValue(encoded(150_000, 1));
    if (split === undefined) return expect.unreachable();
    const whole = encoded(150_000, 1);
    const payload = whole.subarray(7);
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    const length = "000249fb"; // 150,011
    const checksum = crc32(payload).toString(16).padStart(8, "0");
    expect(hex(split.head.subarray(0, 15))).toBe(`1a${hex(whole.subarray(1, 7))}${length}${checksum}`);
    expect(hex(split.head.subarray(15))).toBe(hex(payload.subarray(0, 7_985)));
    expect(split.chunks.map(({ length: bytes }) => bytes)).toEqual([100_000, 1 + 150_011 - 7_985 - 99_999]);
    expect(hex(split.chunks[0]?.subarray(0, 9) ?? whole)).toBe(`01${hex(payload.subarray(7_985, 7_993))}`);
  });
});
