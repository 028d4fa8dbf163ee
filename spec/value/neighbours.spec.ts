/** A damaged row is read as far as it goes: what comes of it follows from its own bytes, whoever's lie next to them. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expiryOfEntry } from "../../lib/indexes/index.js";
import { expiryOfRecord, isSplit } from "../../lib/records/index.js";
import { RecordCodec, type RecordLayout } from "../../lib/value/index.js";
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

/** A row that was cut, and of which bytes were changed: most often behind the head, where the payload's reader is met. */
const damage = fc.record({
  from: fc.constantFrom(0, 7, 7, 7),
  cut: fc.option(fc.nat()),
  flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
});
function damaged(
  row: Uint8Array,
  { from, cut, flips }: { from: number; cut: number | null; flips: readonly (readonly [at: number, byte: number])[] },
): Uint8Array {
  const copy = Uint8Array.from(row);
  for (const [at, byte] of flips) if (copy.length > from) copy[from + (at % (copy.length - from))] = byte;
  return cut === null ? copy : copy.subarray(0, from + (cut % Math.max(1, copy.length + 1 - from)));
}

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

  test("is read to its end, and no further, whatever it says of its length", () => {
    const layout: RecordLayout = {
      entity: "thing",
      shapes: [
        {
          fields: [
            { name: "at", optional: false, node: { kind: "value", of: "number" } },
            { name: "inner", optional: false, node: { kind: "shape", shape: 1, maybe: true } },
            { name: "sizes", optional: true, node: { kind: "list", item: { kind: "value", of: "number" } } },
            { name: "any", optional: false, node: { kind: "value" } },
          ],
          open: false,
        },
        { fields: [{ name: "text", optional: true, node: { kind: "value", of: "string" } }], open: false },
      ],
    };
    const number = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.float(), fc.nat(127));
    const record = fc.record({
      at: number,
      inner: fc.constantFrom(null, {}),
      sizes: fc.array(number, { maxLength: 3 }),
      any: fc.oneof(
        number,
        fc.date({ noInvalidDate: true }),
        fc.bigInt(),
        fc.array(number).map((all) => new Set(all)),
      ),
    });
    fc.assert(
      fc.property(record, damage, neighbour, fc.boolean(), (value, how, beside, generate) => {
        const codec = new RecordCodec(layout, 1, { generate });
        const { page, begin, end } = between(damaged(codec.encode(value, 1), how), beside);
        let [first, last] = [begin, begin - 1];
        const watched = new Proxy(page, {
          get: (target, name) => {
            const at = typeof name === "string" ? Number(name) : Number.NaN;
            if (at < first) first = at;
            if (at > last) last = at;
            const found: unknown = Reflect.get(target, name);
            return typeof found === "function" ? found.bind(target) : found;
          },
        });
        // Text is cut out by a function of Node's that takes no proxy: then this ends there.
        outcome(() => codec.decode(watched, begin, end));
        expect(first).toBeGreaterThanOrEqual(begin);
        expect(last).toBeLessThan(Math.max(end, begin));
      }),
      { numRuns: runs(600) },
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
