/** Tenant labels: the busiest have one, and however many tenants come, few series are made. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tenantLabelsEverPerLabel, tenantLabelWindowMs } from "../../lib/limits/index.js";
import { otherTenants, TenantLabels } from "../../lib/observe/index.js";
import { runs } from "../runs.js";
import { ManualClock } from "./manual-clock.js";

const call = (labels: TenantLabels, tenant: string, times: number): void => {
  for (let i = 0; i < times; i++) labels.labelOf(tenant);
};

describe("tenant labels", () => {
  test("go to the first, and after a window to the busiest; who has one keeps it until another is twice as busy", () => {
    const clock = new ManualClock();
    const labels = new TenantLabels(clock, 2);
    expect(["a", "b", "c"].map((tenant) => labels.labelOf(tenant))).toEqual(["a", "b", otherTenants]);
    call(labels, "a", 10);
    call(labels, "b", 10);
    call(labels, "c", 19);
    clock.move(tenantLabelWindowMs);
    expect(labels.labelOf("c")).toBe(otherTenants);
    call(labels, "a", 10);
    call(labels, "b", 10);
    call(labels, "c", 30);
    clock.move(tenantLabelWindowMs);
    expect(labels.labelOf("c")).toBe("c");
    expect(["a", "b"].filter((tenant) => labels.labelOf(tenant) === tenant)).toHaveLength(1);
  });

  test("none are given where none are wanted", () => {
    expect(new TenantLabels(new ManualClock(), 0).labelOf("a")).toBe(otherTenants);
  });

  test("are few at once and few ever, and each is the caller's own", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.tuple(fc.nat(60), fc.nat(5), fc.boolean()), { maxLength: 400 }),
        (max, calls) => {
          const clock = new ManualClock();
          const labels = new TenantLabels(clock, max);
          const ever = new Set<string>();
          let window = new Set<string>();
          for (const [tenant, times, turn] of calls) {
            if (turn) {
              clock.move(tenantLabelWindowMs);
              window = new Set();
            }
            for (let i = 0; i < times; i++) {
              const label = labels.labelOf(`t${tenant}`);
              if (label === otherTenants) continue;
              expect(label).toBe(`t${tenant}`);
              ever.add(label);
              window.add(label);
            }
            expect(window.size).toBeLessThanOrEqual(max);
          }
          expect(ever.size).toBeLessThanOrEqual(max * tenantLabelsEverPerLabel);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test("find a busy tenant among very many", () => {
    const clock = new ManualClock();
    const labels = new TenantLabels(clock, 2);
    for (let i = 0; i < 5_000; i++) labels.labelOf(i % 2 === 0 ? "busy" : `t${i}`);
    clock.move(tenantLabelWindowMs);
    expect(labels.labelOf("busy")).toBe("busy");
  });
});
