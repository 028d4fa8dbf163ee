/** A damaged row is read as far as it goes: what comes of it follows from its own bytes, whoever's lie next to them. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expiryOfEntry } from "../../lib/indexes/index.js";
import { expiryOfRecord, isSplit } from "../../lib/records/index.js";
import { RecordCodec } from "../../lib/value/index.js";
import { runs } from "../runs.js";
import { laidOut } from "./storable.js";

/** What came of reading, so that two can be compared. */
function outcome(read: () => unknown): unknown {
  try {
    return { read: read() };
  } catch (error) {
    return { threw: error instanceof Error ? { ...error, message: error.message, stack: undefined } : error };
  }
}

/** A row between two neighbours. */
function between(
  row: Uint8Array,
  neighbour: Uint8Array,
): { readonly page: Buffer; readonly begin: number; readonly end: number } {
  const page = Buffer.concat([neighbour, row, neighbour]);
  return { page, begin: neighbour.length, end: neighbour.length + row.length };
}

/** Neighbours: rows of others, and bytes that would be taken for the rest of what is cut off. */
const neighbour = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.constantFrom(0x00, 0x7f, 0x91, 0xa4, 0xc4, 0xd9, 0xdf, 0xff).map((byte) => new Uint8Array(64).fill(byte)),
);

/** A row that was cut, and of which bytes were changed. */
const damage = fc.record({
  cut: fc.option(fc.nat()),
  flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
});
const damaged = (
  row: Uint8Array,
  { cut, flips }: { cut: number | null; flips: readonly (readonly [number, number])[] },
) => {
  const copy = Uint8Array.from(row);
  // The head is left: the payload's reader is to be met.
  for (const [at, byte] of flips) if (copy.length > 7) copy[7 + (at % (copy.length - 7))] = byte;
  return cut === null ? copy : copy.subarray(0, 7 + (cut % Math.max(1, copy.length - 6)));
};

describe("a damaged row", () => {
  test("is answered by its own bytes alone", () => {
    fc.assert(
      fc.property(
        laidOut,
        damage,
        neighbour,
        neighbour,
        fc.boolean(),
        ({ layout, record }, how, one, other, generate) => {
          const codec = new RecordCodec(layout, 1, { generate });
          const row = damaged(codec.encode(record, 1), how);
          const alone = outcome(() => codec.decode(row));
          for (const beside of [one, other]) {
            const { page, begin, end } = between(row, beside);
            deepStrictEqual(
              outcome(() => codec.decode(page, begin, end)),
              alone,
            );
          }
        },
      ),
      { numRuns: runs(80) },
    );
  });

  test("of any length is told to be split, or to expire, by its own bytes alone", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 16 }), neighbour, neighbour, (row, one, other) => {
        for (const read of [isSplit, expiryOfRecord, expiryOfEntry]) {
          const [first, second] = [one, other].map((beside) => {
            const { page, begin, end } = between(row, beside);
            return outcome(() => read(page, begin, end));
          });
          deepStrictEqual(first, second);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  test("that ends too early says so at its end", () => {
    const layout = { entity: "thing", shapes: [{ fields: [], open: true }] };
    const codec = new RecordCodec(layout, 1);
    const row = codec.encode({ a: ["text", 1.5, 70_000, { b: null }] }, 1);
    for (let end = 7; end < row.length; end++) {
      const { page, begin } = between(row.subarray(0, end), new Uint8Array(40).fill(0xa4));
      expect(() => codec.decode(page, begin, begin + end)).toThrow(
        expect.objectContaining({ code: "VALUE_CORRUPT", details: expect.objectContaining({ reason: "truncated" }) }),
      );
    }
  });
});
