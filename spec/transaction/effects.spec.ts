/** Under faults, and with several processes, every transaction applies exactly once or not at all. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FaultRates, faulty } from "../../lib/engine/faults/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import type { TransactionOptions, TransactionRunner } from "../../lib/transaction/index.js";
import { runs } from "../runs.js";
import { bytes, count, hastyClock, increment, key, openFixture, text } from "./fixture.js";

const rate = fc.constantFrom(0, 0.05, 0.2, 0.5);
const rates = fc.record({
  conflict: rate,
  unknownApplied: rate,
  unknownNotApplied: rate,
  unknownLate: rate,
  tooOld: fc.constantFrom(0, 0.05),
  futureVersion: fc.constantFrom(0, 0.05),
  processBehind: fc.constantFrom(0, 0.05),
  timeout: fc.constantFrom(0, 0.05),
  slowRead: fc.constantFrom(0, 0.1),
});

/** One piece of work: adds one to a shared counter, and leaves its name and the number of the run that was applied. */
interface Work {
  readonly via: 0 | 1;
  readonly name: string;
  readonly reads: boolean;
  readonly throwsIn: number | undefined;
  readonly attempts: number | undefined;
  readonly abortAfterMs: number | undefined;
}

const work = fc.record({
  via: fc.constantFrom<(0 | 1)[]>(0, 1),
  reads: fc.boolean(),
  throwsIn: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 4 }),
  attempts: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 4 }),
  abortAfterMs: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined, freq: 5 }),
});

class Refused extends Error {}

interface Report {
  readonly outcome: "done" | "failed" | "unknown";
  readonly value: string | undefined;
  readonly followed: number;
}

async function perform(
  runner: TransactionRunner,
  tenantId: Parameters<TransactionRunner["transact"]>[0],
  { name, reads, throwsIn, attempts, abortAfterMs }: Work,
  options: TransactionOptions = {},
): Promise<Report> {
  let run = 0;
  let followed = 0;
  const abort = new AbortController();
  const timer = abortAfterMs === undefined ? undefined : setTimeout(() => abort.abort(), abortAfterMs);
  try {
    const value = await runner.transact(
      tenantId,
      async (tx) => {
        run++;
        const mine = `${name}:${run}`;
        if (reads) await tx.get(key("counter"));
        increment(tx, key("counter"));
        increment(tx, key("counted", name));
        tx.set(key("applied", name), bytes(mine));
        tx.afterCommit(() => {
          followed++;
        });
        if (run === throwsIn) throw new Refused();
        return mine;
      },
      { attempts, signal: abort.signal, ...options },
    );
    return { outcome: "done", value, followed };
  } catch (error) {
    const outcome = isTenantryError(error, "TRANSACTION_OUTCOME_UNKNOWN") ? "unknown" : "failed";
    if (outcome === "failed" && !(error instanceof Refused)) expect(isTenantryError(error)).toBe(true);
    return { outcome, value: undefined, followed };
  } finally {
    clearTimeout(timer);
  }
}

const underFaults = async (
  seed: number,
  faultRates: FaultRates,
  check: (fixture: Awaited<ReturnType<typeof openFixture>>) => Promise<(() => Promise<void>) | undefined>,
): Promise<void> => {
  let settle = async (): Promise<void> => {};
  await using fixture = await openFixture({ clock: hastyClock }, (engine) => {
    const bad = faulty(engine, { seed, rates: faultRates, delayMs: 2 });
    settle = async () => {
      bad.disarm();
      await bad.settled();
    };
    return bad;
  });
  const after = await check(fixture);
  await settle();
  await after?.();
};

describe("effects", () => {
  test("every transaction that reports success applied once, every other one not at all", async () => {
    let faults = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        rates,
        fc.array(work, { minLength: 1, maxLength: 12 }),
        async (seed, faultRates, list) => {
          await underFaults(seed, faultRates, async (fixture) => {
            const tenantId = await fixture.tenant();
            const runners = [fixture.runner, fixture.another().runner];
            const works = list.map((item, index): Work => ({ ...item, name: `w${index}` }));
            const reports = await Promise.all(
              works.map((item) => perform(runners[item.via] ?? fixture.runner, tenantId, item)),
            );
            return async () => {
              const clean = fixture.another({ engine: fixture.engine }).runner;
              const read = (...path: string[]) => clean.read(tenantId, (tx) => tx.get(key(...path)));
              let expected = 0;
              let unknown = 0;
              for (const [index, { name }] of works.entries()) {
                const { outcome, value, followed } = reports[index] ?? {
                  outcome: "failed",
                  value: undefined,
                  followed: 0,
                };
                const counted = count(await read("counted", name));
                expect(counted).toBeLessThanOrEqual(1);
                if (outcome === "unknown") unknown++;
                else expect({ name, counted }).toEqual({ name, counted: outcome === "done" ? 1 : 0 });
                // The value is that of the run that was applied, and only that one is followed up.
                if (outcome === "done") expect(text(await read("applied", name))).toBe(value);
                expect(followed).toBe(outcome === "done" ? 1 : 0);
                expected += counted;
              }
              expect(count(await read("counter"))).toBe(expected);
              expect(unknown).toBe(0);
              faults += expected;
            };
          });
        },
      ),
      { numRuns: runs(60) },
    );
    expect(faults).toBeGreaterThan(0);
  });

  test("with one idempotency key, all calls of all processes apply once and return the same", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        rates,
        fc.array(work, { minLength: 2, maxLength: 6 }),
        async (seed, faultRates, list) => {
          await underFaults(seed, faultRates, async (fixture) => {
            const tenantId = await fixture.tenant();
            const runners = [fixture.runner, fixture.another().runner];
            const reports = await Promise.all(
              list.map((item, index) =>
                perform(
                  runners[item.via] ?? fixture.runner,
                  tenantId,
                  { ...item, name: "shared", throwsIn: index === 0 ? item.throwsIn : undefined },
                  { idempotencyKey: "charge-1" },
                ),
              ),
            );
            return async () => {
              const clean = fixture.another({ engine: fixture.engine }).runner;
              const counted = count(await clean.read(tenantId, (tx) => tx.get(key("counted", "shared"))));
              const done = reports.filter(({ outcome }) => outcome === "done");
              expect(counted).toBe(done.length > 0 ? 1 : 0);
              expect(new Set(done.map(({ value }) => value)).size).toBe(counted);
              expect(reports.reduce((sum, { followed }) => sum + followed, 0)).toBe(counted);
              // Later, elsewhere: the same value, and nothing runs.
              if (counted === 0) return;
              const again = await fixture.another({ engine: fixture.engine }).runner.transact(
                tenantId,
                async () => {
                  throw new Refused();
                },
                { idempotencyKey: "charge-1" },
              );
              expect(again).toBe(done[0]?.value);
            };
          });
        },
      ),
      { numRuns: runs(40) },
    );
  });
});
