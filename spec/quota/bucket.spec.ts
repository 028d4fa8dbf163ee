/** Buckets of tokens: what they hold whatever the clock does. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBucket, drawn, encodeBucket, refilled, restored } from "../../lib/quota/rate/bucket.js";
import { runs } from "../runs.js";

const rates = fc
  .record({ burst: fc.integer({ min: 1, max: 10_000 }), perSecond: fc.integer({ min: 1, max: 100_000 }) })
  .map(({ burst, perSecond }) => ({ burst, perMs: perSecond / 1_000 }));

/** Steps of a clock, back and forth: most small, some of days. */
const steps = fc.oneof(
  fc.integer({ min: 0, max: 50 }),
  fc.integer({ min: -200_000_000, max: 200_000_000 }),
  fc.constantFrom(1e15, -1e15),
);

describe("a bucket", () => {
  test("never holds more than its burst nor less than nothing, and gives what it holds, whatever the clock does", () => {
    const uses = fc.array(fc.record({ step: steps, wanted: fc.integer({ min: 1, max: 20_000 }), back: fc.nat(50) }));
    fc.assert(
      fc.property(rates, uses, (rate, all) => {
        let now = 1_000_000;
        let bucket = refilled(undefined, rate, now);
        expect(bucket.tokens).toBe(rate.burst);
        for (const { step, wanted, back } of all) {
          const before = bucket;
          now = Math.max(-1e15, Math.min(1e15, now + step));
          const full = restored(refilled(bucket, rate, now), rate, back);
          expect(full.tokens).toBeLessThanOrEqual(rate.burst);
          // A clock set back adds nothing.
          if (now <= before.at) expect(full.tokens).toBeLessThanOrEqual(before.tokens + back);
          const { bucket: left, tokens, waitMs } = drawn(full, rate, Math.min(wanted, rate.burst), wanted);
          expect(left.tokens).toBeGreaterThanOrEqual(0);
          expect(left.tokens + tokens).toBeCloseTo(full.tokens, 6);
          expect(tokens === 0 ? waitMs > 0 : waitMs === 0).toBe(true);
          bucket = decodeBucket(encodeBucket(left));
          expect(bucket).toEqual(left);
        }
        // It never starves: after the wait it names, it gives, from whatever time the clock went on.
        const { waitMs } = drawn(bucket, rate, rate.burst, rate.burst);
        expect(drawn(refilled(bucket, rate, now + waitMs + 1), rate, rate.burst, rate.burst).tokens).toBe(rate.burst);
      }),
      { numRuns: runs(200) },
    );
  });

  test("of other bytes is corrupt", () => {
    const bad = [new Uint8Array(17), encodeBucket({ tokens: -1, at: 0 }), encodeBucket({ tokens: Number.NaN, at: 0 })];
    for (const bytes of bad) expect(() => decodeBucket(bytes)).toThrow(/usage/);
  });
});
