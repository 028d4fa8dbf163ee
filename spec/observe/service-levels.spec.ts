/** Service levels: counted per tenant over a rolling window, in bounded space, with quantiles of a stated error. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { serviceLevelTenantsMax } from "../../lib/limits/index.js";
import { LatencyHistogram, ServiceLevels } from "../../lib/observe/index.js";
import { runs } from "../runs.js";
import { ManualClock } from "./manual-clock.js";

const objectives = { latencyMs: 10, fast: 0.9, available: 0.99, windowMs: 12_000 };

describe("a latency histogram", () => {
  test("tells quantiles that are at most 9 per cent too high", () => {
    const latency = fc.double({ min: 0.02, max: 100_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, q) => {
          const one = new LatencyHistogram();
          const two = new LatencyHistogram();
          all.forEach((ms, at) => {
            (at % 2 === 0 ? one : two).add(ms);
          });
          one.merge(two);
          expect(one.total).toBe(all.length);
          const sorted = [...all].sort((a, b) => a - b);
          const exact = Number(sorted[Math.max(1, Math.ceil(q * all.length)) - 1]);
          const told = Number(one.quantile(q));
          expect(told).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
          expect(told).toBeLessThanOrEqual(exact * 1.0906);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test("takes what is out of its range for its ends, and has no quantile of nothing", () => {
    const histogram = new LatencyHistogram();
    expect(histogram.quantile(0.5)).toBeUndefined();
    for (const ms of [0, 1e12]) histogram.add(ms);
    expect(histogram.quantile(0)).toBe(0.01);
    expect(histogram.quantile(1)).toBeGreaterThan(100_000);
  });
});

describe("service levels", () => {
  test("tell of calls, quantiles and what is left of the budgets", () => {
    const levels = new ServiceLevels(new ManualClock(), objectives);
    expect(levels.of("a")).toBeUndefined();
    for (let i = 0; i < 95; i++) levels.record("a", "served", 1);
    for (let i = 0; i < 5; i++) levels.record("a", "served", 100);
    levels.record("b", "served", 1);
    const level = levels.of("a");
    expect(level).toMatchObject({ tenant: "a", calls: 100, failed: 0, fast: 95, availabilityBudget: 1 });
    expect(level?.latencyBudget).toBeCloseTo(0.5);
    expect(level?.p50Ms).toBeLessThan(1.1);
    expect(level?.p99Ms).toBeGreaterThanOrEqual(100);
    for (let i = 0; i < 2; i++) levels.record("b", "failed", 1);
    expect(levels.of("b")).toMatchObject({ calls: 3, failed: 2, fast: 1, latencyBudget: 1 });
    expect(levels.of("b")?.availabilityBudget).toBeCloseTo(1 - 2 / 0.03);
    expect(levels.worst(10).map(({ tenant }) => tenant)).toEqual(["b", "a"]);
    expect(levels.worst(1)).toHaveLength(1);
  });

  test("have no budget where nothing may fail", () => {
    const levels = new ServiceLevels(new ManualClock(), { ...objectives, available: 1 });
    levels.record("a", "failed", 1);
    expect(levels.of("a")).toMatchObject({ availabilityBudget: Number.NEGATIVE_INFINITY, p50Ms: undefined });
  });

  test("forget what the window has left behind", () => {
    const clock = new ManualClock();
    const levels = new ServiceLevels(clock, objectives);
    levels.record("a", "served", 1);
    clock.move(6_000);
    levels.record("a", "served", 1);
    expect(levels.of("a")?.calls).toBe(2);
    clock.move(6_000);
    expect(levels.of("a")?.calls).toBe(1);
    clock.move(6_000);
    expect(levels.of("a")).toBeUndefined();
  });

  test("are kept of the tenants called last", () => {
    const levels = new ServiceLevels(new ManualClock(), objectives);
    levels.record("first", "served", 1);
    levels.record("busy", "served", 1);
    for (let i = 0; i < serviceLevelTenantsMax; i++) {
      levels.record(`t${i}`, "served", 1);
      levels.record("busy", "served", 1);
    }
    expect(levels.of("first")).toBeUndefined();
    expect(levels.of("busy")?.calls).toBe(serviceLevelTenantsMax + 1);
    expect(levels.worst(Number.POSITIVE_INFINITY)).toHaveLength(serviceLevelTenantsMax);
  });
});
