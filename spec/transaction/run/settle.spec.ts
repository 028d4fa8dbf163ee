/** Attempts and what is left of them: waits, stamps, markers, and the time it may take to find an outcome. */
import { describe, expect, test } from "vitest";
import { type Engine, EngineError, type EngineTransaction } from "../../../lib/engine/index.js";
import { outcomeGraceMs, retriesAtOnceMax } from "../../../lib/limits/index.js";
import type { TenantTransaction } from "../../../lib/transaction/index.js";
import { withCapabilities } from "../../engine/with-capabilities.js";
import { bytes, codeOf, dump, key, lost, openFixture, refused, scripted } from "../fixture.js";
import { liveTimers, manualClock } from "../manual-clock.js";

const deadline = 60_000;
const forever = (): Promise<never> => new Promise(() => {});
const put = (tx: TenantTransaction): void => tx.set(key("a"), bytes("x"));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock on which waits between attempts take no time, and deadlines come when told to. */
const hurried = () => manualClock((ms) => ms < outcomeGraceMs);
const random = { fraction: () => 0.5, bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
const waits = (clock: ReturnType<typeof manualClock>): number[] =>
  clock.timers.map(({ ms }) => ms).filter((ms) => ms < outcomeGraceMs);

describe("between attempts", () => {
  const conflicts = (count: number) => Array.from({ length: count }, () => refused(1020));

  test("a conflict is waited for, twice as long each time", async () => {
    const clock = hurried();
    await using fixture = await openFixture({ clock, random }, (engine) =>
      withCapabilities(scripted(engine, conflicts(3)), { retriesAtOnce: false }),
    );
    const id = await fixture.tenant();
    await fixture.runner.transact(id, async (tx) => put(tx), { deadline });
    expect(waits(clock)).toEqual([5, 10, 20]);
  });

  test("a conflict is not waited for at first where the engine says that this helps", async () => {
    const clock = hurried();
    await using fixture = await openFixture({ clock, random }, (engine) =>
      withCapabilities(scripted(engine, conflicts(retriesAtOnceMax + 1)), { retriesAtOnce: true }),
    );
    const id = await fixture.tenant();
    await fixture.runner.transact(id, async (tx) => put(tx), { deadline, attempts: 100 });
    expect(waits(clock)).toEqual([5]);
  });

  test("an error that only a commit may be tried again after ends the run when the function throws it", async () => {
    await using fixture = await openFixture({ clock: hurried() });
    const id = await fixture.tenant();
    let run = 0;
    const work = fixture.runner.transact(id, async (tx) => {
      run++;
      put(tx);
      throw new EngineError(1025);
    });
    await expect(work).rejects.toMatchObject({ fdbCode: 1025 });
    expect(run).toBe(1);
  });

  test("what is stopped is cancelled in the same tick", async () => {
    const calls: string[] = [];
    await using fixture = await openFixture({}, (engine) => scripted(engine, [], calls));
    const id = await fixture.tenant();
    const abort = new AbortController();
    const work = codeOf(fixture.runner.transact(id, forever, { signal: abort.signal }));
    await settled();
    await settled();
    abort.abort();
    expect(calls.at(-1)).toBe("cancel");
    expect(await work).toBe("TRANSACTION_ABORTED");
  });
});

describe("of an attempt that was not applied", () => {
  const stampOf = async (
    work: (run: (fn: (tx: TenantTransaction) => Promise<unknown>) => Promise<unknown>) => Promise<unknown>,
    script: Parameters<typeof scripted>[1] = [],
  ) => {
    const stamps: Promise<Uint8Array>[] = [];
    await using fixture = await openFixture({ clock: hurried() }, (engine) => scripted(engine, script));
    const id = await fixture.tenant();
    const before = (await dump(fixture.engine)).size;
    const run = (fn: (tx: TenantTransaction) => Promise<unknown>, options = {}) =>
      fixture.runner.transact(
        id,
        async (tx) => {
          stamps.push(tx.getVersionstamp());
          return fn(tx);
        },
        { deadline, ...options },
      );
    const code = await codeOf(work(run));
    const outcome = Promise.race([
      codeOf(Promise.resolve(stamps[0])),
      settled()
        .then(settled)
        .then(() => "pending"),
    ]);
    return {
      code,
      stamp: await outcome,
      runs: stamps.length,
      rows: (await dump(fixture.engine)).size - before,
      stamps,
    };
  };

  test("the stamp fails as the function did", async () => {
    const failed = await stampOf((run) =>
      run(async (tx) => {
        put(tx);
        throw new RangeError("mine");
      }),
    );
    expect(failed).toMatchObject({ code: "RangeError: mine", stamp: "RangeError: mine", rows: 0 });
  });

  test("the stamp fails when the result cannot be kept", async () => {
    const failed = await stampOf((run) =>
      (run as (fn: object, options: object) => Promise<unknown>)(
        async (tx: TenantTransaction) => {
          put(tx);
          return () => 1;
        },
        { idempotencyKey: "k" },
      ),
    );
    expect(failed).toMatchObject({ code: "IDEMPOTENT_RESULT_INVALID", stamp: "IDEMPOTENT_RESULT_INVALID", rows: 0 });
  });

  test("nothing is left when it wrote nothing: no marker, and its stamp fails", async () => {
    const lostReading = await stampOf((run) => run((tx) => tx.get(key("a"))), [refused(1021)]);
    expect(lostReading).toMatchObject({ code: undefined, stamp: "ENGINE", runs: 2, rows: 0 });
  });

  test("the stamp is no use once another attempt was applied", async () => {
    const second = await stampOf((run) => run(async (tx) => put(tx)), [refused(1021), lost(1021)]);
    expect(second).toMatchObject({ code: undefined, runs: 2, stamp: "TRANSACTION_ENDED" });
    await expect(second.stamps[0]).rejects.toMatchObject({ details: { operation: "getVersionstamp" } });
    await expect(second.stamps[1]).resolves.toHaveLength(10);
  });
});

describe("finding out whether a lost commit was applied", () => {
  /** An engine that loses its first commit, and then answers as `after` says. */
  const losing = (after: (inner: EngineTransaction) => Partial<EngineTransaction>, calls: string[] = []) => {
    let isLost = false;
    return (engine: Engine): Engine => {
      const inner = scripted(
        engine,
        [
          async () => {
            isLost = true;
            throw new EngineError(1021);
          },
        ],
        calls,
      );
      return {
        name: inner.name,
        capabilities: inner.capabilities,
        close: () => inner.close(),
        begin() {
          const begun = inner.begin();
          if (!isLost) return begun;
          const answers = after(begun);
          return new Proxy(begun, {
            get: (_, name) => (Object.hasOwn(answers, name) ? Reflect.get(answers, name) : Reflect.get(begun, name)),
          });
        },
      };
    };
  };

  test("takes a while and no longer: then the outcome is unknown, and no timer is left", async () => {
    const clock = hurried();
    const calls: string[] = [];
    await using fixture = await openFixture(
      { clock },
      losing(() => ({ get: forever }), calls),
    );
    const id = await fixture.tenant();
    const work = fixture.runner.transact(id, async (tx) => put(tx), { attempts: 1, deadline });
    const outcome = work.catch((error: unknown) => error);
    await expect.poll(() => liveTimers(clock)).toEqual([deadline, outcomeGraceMs]);
    await settled();
    clock.timers.find(({ ms }) => ms === outcomeGraceMs)?.fire();
    expect(calls.at(-1)).toBe("cancel");
    expect(await outcome).toMatchObject({
      code: "TRANSACTION_OUTCOME_UNKNOWN",
      details: { attempts: 1, fdbCode: undefined },
      cause: { code: "TRANSACTION_ATTEMPTS_EXHAUSTED" },
    });
    expect(liveTimers(clock)).toEqual([]);
  });

  test("is tried again after errors that pass, later each time", async () => {
    const clock = hurried();
    let left = 4;
    const failing = losing((inner) => ({
      get: (read, snapshot) => (left-- > 0 ? Promise.reject(new EngineError(1037)) : inner.get(read, snapshot)),
    }));
    await using fixture = await openFixture({ clock, random }, failing);
    const id = await fixture.tenant();
    const work = fixture.runner.transact(id, async (tx) => put(tx), { attempts: 1, deadline });
    expect(await codeOf(work)).toBe("TRANSACTION_ATTEMPTS_EXHAUSTED");
    expect(waits(clock)).toEqual([5, 10, 20, 40]);
    expect(liveTimers(clock)).toEqual([]);
  });

  test("is given up while errors that pass do not", async () => {
    const clock = manualClock((ms) => ms < 80);
    await using fixture = await openFixture(
      { clock, random },
      losing(() => ({ get: () => Promise.reject(new EngineError(1037)) })),
    );
    const id = await fixture.tenant();
    const outcome = fixture.runner
      .transact(id, async (tx) => put(tx), { attempts: 1, deadline })
      .catch((error: unknown) => error);
    await expect.poll(() => liveTimers(clock)).toEqual([deadline, outcomeGraceMs, 80]);
    clock.timers.find(({ ms }) => ms === outcomeGraceMs)?.fire();
    expect(await outcome).toMatchObject({
      code: "TRANSACTION_OUTCOME_UNKNOWN",
      details: { attempts: 1, fdbCode: undefined },
    });
  });

  test("is given up at once after an error that does not pass", async () => {
    const clock = hurried();
    await using fixture = await openFixture(
      { clock, random },
      losing(() => ({ get: () => Promise.reject(new EngineError(1510)) })),
    );
    const id = await fixture.tenant();
    const outcome = await fixture.runner
      .transact(id, async (tx) => put(tx), { attempts: 1, deadline })
      .catch((error: unknown) => error);
    expect(outcome).toMatchObject({
      code: "TRANSACTION_OUTCOME_UNKNOWN",
      details: { attempts: 1, fdbCode: 1510 },
      cause: { code: "TRANSACTION_ATTEMPTS_EXHAUSTED" },
    });
    expect(waits(clock)).toEqual([]);
  });
});
