import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare, pairedRatios, ratio } from "../../bench/runner/comparison.js";
import { interval } from "../../bench/runner/interval.js";
import { verdicts } from "../../bench/runner/targets.js";
import { runs } from "../runs.js";

const numRuns = runs(200);

describe("a comparison", () => {
  test("measures every candidate once a round, in turn, the first round not counting", async () => {
    const order: string[] = [];
    const candidate = (name: string) => ({
      name,
      async measure(round: number) {
        order.push(`${name}${round}`);
        return round;
      },
    });
    const outcome = await compare({
      name: "case",
      unit: "ops/s",
      rounds: 2,
      candidates: ["a", "b", "c"].map(candidate),
    });
    expect(order).toEqual(["a0", "b0", "c0", "b1", "c1", "a1", "c2", "a2", "b2"]);
    for (const { values, median, min, max } of outcome.measured) {
      expect(values).toEqual([1, 2]);
      expect([median, min, max]).toEqual([1.5, 1, 2]);
    }
  });

  test("gives the median of each round's ratio, above 1 where the subject is better", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (values, factor) => {
          const measured = [
            { candidate: "tenantry", values: values.map((value) => value * factor), median: 0, min: 0, max: 0 },
            { candidate: "peer", values, median: 0, min: 0, max: 0 },
          ];
          const rates = { name: "case", unit: "rows/s" as const, measured };
          expect(ratio(rates, "tenantry", "peer")).toBeCloseTo(factor, 6);
          expect(ratio({ ...rates, unit: "ms" }, "tenantry", "peer")).toBeCloseTo(1 / factor, 6);
          expect(ratio(rates, "tenantry", "absent")).toBeUndefined();
          expect(pairedRatios(rates, "tenantry", "peer")).toHaveLength(values.length);
        },
      ),
      { numRuns },
    );
  });
});

describe("the interval of paired ratios", () => {
  test("is that of Student's t on logarithms", () => {
    // log values 0, 1, 2: mean 1, deviation 1, t of 2 degrees of freedom 4.303.
    const { low, middle, high } = interval([1, Math.E, Math.E ** 2]);
    const half = 4.303 / Math.sqrt(3);
    expect(Math.log(middle)).toBeCloseTo(1, 9);
    expect(Math.log(low)).toBeCloseTo(1 - half, 9);
    expect(Math.log(high)).toBeCloseTo(1 + half, 9);
  });

  test("lies around the mean and turns round with the ratios", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.2, max: 5, noNaN: true }), { minLength: 2, maxLength: 40 }), (ratios) => {
        const { low, middle, high } = interval(ratios);
        expect(low).toBeLessThanOrEqual(middle);
        expect(high).toBeGreaterThanOrEqual(middle);
        // On logarithms, as the interval is: its ends may be of any size, and rounding is relative to it.
        expect(Math.log(interval(ratios.map((value) => 1 / value)).high)).toBeCloseTo(-Math.log(low), 9);
      }),
      { numRuns },
    );
  });
});

test("a target is judged only when its ratio was measured, and by the right side of its bound", () => {
  const judged = verdicts(
    new Map([
      ["scan/lmdb-loop", 1.4],
      ["memory/growth", 63],
    ]),
  );
  expect(judged.map(({ target, met }) => [target.ratio, met])).toEqual([
    ["scan/lmdb-loop", false],
    ["memory/growth", true],
  ]);
});
