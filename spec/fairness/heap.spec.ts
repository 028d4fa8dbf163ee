/** The heap gives its items in order, whatever was put in, moved and taken out. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "../../lib/fairness/heap.js";
import { runs } from "../runs.js";

test("a heap's first is the least of what is in it", () => {
  const step = fc.tuple(fc.constantFrom("put", "move", "remove"), fc.nat(), fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Heap<{ place: number; key: number }>((a, b) => a.key < b.key);
      const items: { place: number; key: number }[] = [];
      for (const [what, at, key] of steps) {
        const item = items[at % Math.max(1, items.length)];
        if (what === "put" || item === undefined) {
          const fresh = { place: -1, key };
          items.push(fresh);
          heap.put(fresh);
        } else if (what === "move") {
          item.key = key;
          heap.put(item);
        } else {
          heap.remove(item);
          items.splice(items.indexOf(item), 1);
          expect(item.place).toBe(-1);
        }
        expect(heap.first?.key).toBe(items.length === 0 ? undefined : Math.min(...items.map((one) => one.key)));
      }
      const given: number[] = [];
      for (let first = heap.first; first !== undefined; first = heap.first) {
        given.push(first.key);
        heap.remove(first);
      }
      expect(given).toEqual(items.map((one) => one.key).sort((a, b) => a - b));
    }),
    { numRuns: runs(100) },
  );
});
