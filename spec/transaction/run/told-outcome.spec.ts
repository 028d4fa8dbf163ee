/** Engines that tell the outcome of every commit: no markers, and nothing applied twice all the same. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { faulty } from "../../../lib/engine/faults/index.js";
import { EngineError, memory, openEngine } from "../../../lib/engine/index.js";
import { tenantryError } from "../../../lib/errors/index.js";
import { outcomeGraceMs } from "../../../lib/limits/index.js";
import type { TenantTransaction } from "../../../lib/transaction/index.js";
import { withCapabilities } from "../../engine/with-capabilities.js";
import { runs } from "../../runs.js";
import {
  bytes,
  codeOf,
  dump,
  type Fixture,
  key,
  openFixture,
  refused,
  type ScriptedCommit,
  scripted,
} from "../fixture.js";
import { liveTimers, manualClock } from "../manual-clock.js";

const put = (tx: TenantTransaction): void => tx.set(key("a"), bytes("x"));

/** A runner over an engine that tells its outcomes, and whose first commits follow a script. */
const openTold = (script: ScriptedCommit[], calls: string[] = [], options: Parameters<typeof openFixture>[0] = {}) =>
  openFixture(options, (engine) => withCapabilities(scripted(engine, script, calls), { tellsOutcomes: true }));

/** A commit that goes on when it is let go. */
function held(): { readonly script: ScriptedCommit; readonly reached: Promise<void>; letGo(): void } {
  let reach = (): void => {};
  let go = (): void => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  const script: ScriptedCommit = async (commit) => {
    reach();
    await gone;
    await commit();
  };
  return { script, reached, letGo: () => go() };
}

const rowsOf = async (fixture: Fixture): Promise<number> => (await dump(fixture.engine)).size;

describe("an engine that tells the outcomes of commits", () => {
  test("is the embedded one, until faults are injected into it", async () => {
    const engine = await openEngine(memory());
    expect(engine.capabilities.tellsOutcomes).toBe(true);
    expect(faulty(engine, { seed: 1, rates: {} }).capabilities.tellsOutcomes).toBe(false);
    await engine.close();
  });

  test("is left no marker, but for an idempotency key", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const before = await rowsOf(fixture);
    await fixture.runner.transact(id, async (tx) => put(tx));
    expect(await rowsOf(fixture)).toBe(before + 1);
    const keyed = () => fixture.runner.transact(id, async (tx) => put(tx), { idempotencyKey: "k" });
    await keyed();
    await keyed();
    expect(await rowsOf(fixture)).toBe(before + 2);
  });

  test("is waited for when a call is stopped during its commit: what was applied is returned", async () => {
    const { script, reached, letGo } = held();
    const calls: string[] = [];
    await using fixture = await openTold([script], calls);
    const id = await fixture.tenant();
    const abort = new AbortController();
    const work = fixture.runner.transact(
      id,
      async (tx) => {
        put(tx);
        return "done";
      },
      { signal: abort.signal },
    );
    await reached;
    abort.abort();
    letGo();
    expect(await work).toBe("done");
    expect(calls.slice(calls.indexOf("commit"))).not.toContain("cancel");
  });

  test("is waited for when a call is stopped during its commit: what was not applied fails as it was stopped", async () => {
    const { script, reached, letGo } = held();
    const failing: ScriptedCommit = (commit) => script(commit).then(() => Promise.reject(new EngineError(1020)));
    await using fixture = await openTold([(commit) => failing(async () => void commit)]);
    const id = await fixture.tenant();
    const before = await rowsOf(fixture);
    const abort = new AbortController();
    const work = codeOf(fixture.runner.transact(id, async (tx) => put(tx), { signal: abort.signal }));
    await reached;
    abort.abort();
    letGo();
    expect(await work).toBe("TRANSACTION_ABORTED");
    expect(await rowsOf(fixture)).toBe(before);
  });

  test("is waited for a while and no longer", async () => {
    const clock = manualClock();
    const { script, reached, letGo } = held();
    await using fixture = await openTold([script], [], { clock });
    const id = await fixture.tenant();
    let stamp: Promise<Uint8Array> | undefined;
    const work = fixture.runner
      .transact(
        id,
        async (tx) => {
          stamp = tx.getVersionstamp();
          put(tx);
        },
        { deadline: 60_000 },
      )
      .catch((error: unknown) => error);
    await reached;
    clock.timers.find(({ ms }) => ms === 60_000)?.fire();
    await expect.poll(() => liveTimers(clock)).toContain(outcomeGraceMs);
    clock.timers.find(({ ms }) => ms === outcomeGraceMs)?.fire();
    expect(await work).toMatchObject({
      code: "TRANSACTION_OUTCOME_UNKNOWN",
      cause: { code: "TRANSACTION_DEADLINE_PASSED" },
    });
    expect(await codeOf(Promise.resolve(stamp))).toBeDefined();
    expect(liveTimers(clock)).toEqual([]);
    letGo();
  });

  test("is believed when it cannot know: nothing is tried again", async () => {
    await using fixture = await openTold([refused(1021)]);
    const id = await fixture.tenant();
    let ran = 0;
    const work = fixture.runner.transact(id, async (tx) => {
      ran++;
      put(tx);
    });
    await expect(work).rejects.toMatchObject({
      code: "TRANSACTION_OUTCOME_UNKNOWN",
      details: { attempts: 1, fdbCode: 1021 },
    });
    expect(ran).toBe(1);
  });

  test("is believed when a commit failed in any other way", async () => {
    const full = tenantryError("STORE_DISK_FULL", { path: "/data" });
    await using fixture = await openTold([() => Promise.reject(full), refused(1020)]);
    const id = await fixture.tenant();
    const before = await rowsOf(fixture);
    expect(await codeOf(fixture.runner.transact(id, async (tx) => put(tx)))).toBe("STORE_DISK_FULL");
    expect(await rowsOf(fixture)).toBe(before);
    let ran = 0;
    await fixture.runner.transact(id, async (tx) => {
      ran++;
      put(tx);
    });
    expect(ran).toBe(2);
  });

  test("applies each call once or not at all, whenever it is stopped", async () => {
    // Turns of the event loop, and ticks in the last of them.
    const moment = fc.record({ turns: fc.nat({ max: 6 }), ticks: fc.nat({ max: 40 }) });
    const aborts = fc.array(moment, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(aborts, async (moments) => {
        await using fixture = await openFixture();
        const id = await fixture.tenant();
        const one = Uint8Array.of(1, 0, 0, 0);
        const calls = moments.map(async ({ turns, ticks }) => {
          const abort = new AbortController();
          const work = codeOf(
            fixture.runner.transact(id, async (tx) => tx.atomic("add", key("n"), one), { signal: abort.signal }),
          );
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          for (let tick = 0; tick < ticks; tick++) await undefined;
          abort.abort();
          return work;
        });
        const codes = await Promise.all(calls);
        expect(codes.filter((code) => code !== undefined && code !== "TRANSACTION_ABORTED")).toEqual([]);
        const stored = await fixture.runner.read(id, (tx) => tx.get(key("n")));
        expect(stored?.[0] ?? 0).toBe(codes.filter((code) => code === undefined).length);
      }),
      { numRuns: runs(60) },
    );
  });
});
