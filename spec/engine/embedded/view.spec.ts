/** The parts of a transaction's view: the ordered map, and the short way of reading against the long one. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combiningOps } from "../../../lib/engine/atomic-op.js";
import { applyAtomic } from "../../../lib/engine/embedded/atomic.js";
import { KeyMap, Place } from "../../../lib/engine/embedded/reading/key-map.js";
import { Budget, firstAtOrAfter, type Row } from "../../../lib/engine/embedded/reading/selection.js";
import { SnapshotCache } from "../../../lib/engine/embedded/reading/snapshot-cache.js";
import { SnapshotReader } from "../../../lib/engine/embedded/reading/snapshot-reader.js";
import { MergedCursor } from "../../../lib/engine/embedded/view/merged-cursor.js";
import { readBackward } from "../../../lib/engine/embedded/view/range-backward.js";
import { readForward } from "../../../lib/engine/embedded/view/range-forward.js";
import { View } from "../../../lib/engine/embedded/view/view.js";
import type { ViewSource } from "../../../lib/engine/embedded/view/view-source.js";
import { WriteMap } from "../../../lib/engine/embedded/view/write-map.js";
import { runs } from "../../runs.js";
import { naiveAtomic } from "../naive-atomic.js";

const text = (key: Uint8Array): string => Buffer.from(key).toString("latin1");
const shortKey = fc.uint8Array({ maxLength: 2, max: 5 });

describe("KeyMap", () => {
  test("is a sorted array, only quicker", () => {
    const change = fc.oneof(
      { weight: 5, arbitrary: fc.record({ insert: fc.uint8Array({ maxLength: 3 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ from: fc.uint8Array({ maxLength: 2 }), to: fc.uint8Array({ maxLength: 2 }) }),
      },
    );
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 1_500, size: "max" }),
        fc.uint8Array({ maxLength: 3 }),
        (changes, key) => {
          const first = new Uint8Array(0);
          const map = new KeyMap<{ key: Uint8Array }>([{ key: first }, { key: Uint8Array.of(255, 255, 255, 255) }]);
          let naive = ["", "\xff\xff\xff\xff"];
          for (const one of changes) {
            if ("insert" in one) {
              map.insert({ key: one.insert });
              naive = [...new Set([...naive, text(one.insert)])].sort();
            } else {
              // The first entry always stays.
              const from = one.from.length === 0 ? Uint8Array.of(0) : one.from;
              map.remove(from, one.to);
              naive = naive.filter((other) => other < text(from) || other >= text(one.to));
            }
          }
          const place = new Place(0, 0);
          map.floor(first, place);
          const walked = naive.map((_, i) => {
            if (i > 0) map.next(place);
            return text(map.at(place).key);
          });
          expect(walked).toEqual(naive);
          map.floor(key, place);
          const floor = naive.filter((other) => other <= text(key)).length - 1;
          expect(text(map.at(place).key)).toBe(naive[floor]);
          if (floor + 1 < naive.length) expect(text(map.after(place).key)).toBe(naive[floor + 1]);
          if (floor > 0) {
            expect(text(map.before(place).key)).toBe(naive[floor - 1]);
            map.previous(place);
            expect(text(map.at(place).key)).toBe(naive[floor - 1]);
          }
        },
      ),
      { numRuns: runs(60) },
    );
  });
});

describe("atomic operations", () => {
  test("are what their documentation says", () => {
    const op = fc.constantFrom(...combiningOps);
    const value = fc.uint8Array({ maxLength: 5 });
    fc.assert(
      fc.property(op, fc.option(value, { nil: undefined }), value, (one, old, operand) => {
        const result = applyAtomic(one, old, operand);
        const expected = naiveAtomic(one, old, operand);
        expect(result && [...result]).toEqual(expected && [...expected]);
      }),
      { numRuns: runs(2_000) },
    );
  });

  test("append only what fits", () => {
    const half = new Uint8Array(50_000);
    expect(applyAtomic("appendIfFits", half, half)?.length).toBe(100_000);
    expect(applyAtomic("appendIfFits", half, new Uint8Array(50_001))?.length).toBe(50_000);
  });
});

/** A reader over rows that do not change. */
const readerOf = (rows: readonly Row[]): SnapshotReader =>
  new SnapshotReader(() => ({
    version: 1n,
    get: (key) => rows.find(([other]) => text(other) === text(key))?.[1],
    *rows(begin, end, reverse) {
      const inside = rows.filter(([key]) => text(key) >= text(begin) && text(key) < text(end));
      yield* reverse ? inside.toReversed() : inside;
    },
    release: () => {},
  }));

describe("the short way of a range read", () => {
  test("gives what the long way gives", () => {
    const range = fc.record({
      ends: fc.tuple(shortKey, shortKey),
      limit: fc.constantFrom(-1, 1, 2, 5),
      bytes: fc.constantFrom(-1, 1, 60, 4_000),
      reverse: fc.boolean(),
    });
    const step = fc.oneof(range, fc.record({ get: shortKey }));
    fc.assert(
      fc.property(
        fc.uniqueArray(shortKey, { maxLength: 30, selector: text }),
        fc.array(step, { minLength: 1, maxLength: 8 }),
        (keys, steps) => {
          const rows = keys
            .toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
            .map((key): Row => [key, new Uint8Array(3)]);
          const reader = readerOf(rows);
          const view = new View(reader);
          const cache = new SnapshotCache((begin, end) => reader.all(begin, end));
          const writes = new WriteMap();
          const source: ViewSource = {
            cache,
            cursor: () => new MergedCursor(cache.cursor(), writes.cursor(), false),
            key: () => new Uint8Array(0),
            read: (begin, end, budget, reverse) => reader.range(begin, end, budget, reverse),
          };
          for (const one of steps) {
            if ("get" in one) {
              view.get(one.get, true);
              cache.addKey(one.get);
              continue;
            }
            const [a, b] = one.ends;
            const [low, high] = text(a) <= text(b) ? [a, b] : [b, a];
            if (text(low) === text(high) || (one.limit === -1 && one.bytes === -1)) continue;
            const [begin, end] = [firstAtOrAfter(low), firstAtOrAfter(high)];
            const short = view.range(begin, end, new Budget(one.limit, one.bytes), one.reverse, true);
            const read = one.reverse ? readBackward : readForward;
            const long = read(source, begin, end, new Budget(one.limit, one.bytes));
            const shape = (result: typeof short) => [result.rows.map(([key]) => text(key)), result.more];
            expect(shape(short)).toEqual(shape(long));
          }
        },
      ),
      { numRuns: runs(1_000) },
    );
  });
});
