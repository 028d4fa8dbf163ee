/** The runner: values, retries, bounds, misuse. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import type { TenantTransaction } from "../../lib/transaction/index.js";
import { untold } from "../engine/with-capabilities.js";
import { bytes, codeOf, dump, gate, hastyClock, key, lost, openFixture, refused, scripted, text } from "./fixture.js";

const put = (tx: TenantTransaction, value: string): void => tx.set(key("a"), bytes(value));

describe("values and retries", () => {
  test("the function's value comes back, and what it wrote is there", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    expect(
      await fixture.runner.transact(id, async (tx) => {
        put(tx, "1");
        return { seen: text(await tx.get(key("a"))) };
      }),
    ).toEqual({ seen: "1" });
    expect(await fixture.runner.read(id, async (tx) => text(await tx.get(key("a"))))).toBe("1");
  });

  test("a conflict reruns the function, and only the last run counts", async () => {
    await using fixture = await openFixture({ clock: hastyClock });
    const id = await fixture.tenant();
    const followed: number[] = [];
    let run = 0;
    await fixture.runner.transact(id, async (tx) => {
      const mine = ++run;
      await tx.get(key("a"));
      if (mine === 1) await fixture.another().runner.transact(id, async (other) => put(other, "other"));
      tx.set(key("b", mine), bytes("x"));
      tx.afterCommit(() => {
        followed.push(mine);
      });
    });
    expect(run).toBe(2);
    expect(followed).toEqual([2]);
    const keys = await fixture.runner.read(id, async (tx) => Promise.all([1, 2].map((n) => tx.get(key("b", n)))));
    expect(keys.map((value) => value !== undefined)).toEqual([false, true]);
  });

  test("engine errors that the function lets through are retried, others abort", async () => {
    await using fixture = await openFixture({ clock: hastyClock });
    const id = await fixture.tenant();
    let run = 0;
    await fixture.runner.transact(id, async (tx) => {
      put(tx, "x");
      if (++run < 4) throw new EngineError([1007, 1037, 1031][run - 1] ?? 0);
    });
    expect(run).toBe(4);
    const error = new Error("mine");
    run = 0;
    const work = fixture.runner.transact(id, async (tx) => {
      run++;
      put(tx, "y");
      throw error;
    });
    await expect(work).rejects.toBe(error);
    const fatal = fixture.runner.read(id, async () => {
      throw new EngineError(2004);
    });
    await expect(fatal).rejects.toMatchObject({ fdbCode: 2004 });
    expect(run).toBe(1);
    expect(await fixture.runner.read(id, async (tx) => text(await tx.get(key("a"))))).toBe("x");
  });

  test("attempts are bounded", async () => {
    await using fixture = await openFixture({ clock: hastyClock }, (engine) =>
      scripted(
        engine,
        Array.from({ length: 3 }, () => refused(1020)),
      ),
    );
    const id = await fixture.tenant();
    const work = fixture.runner.transact(id, async (tx) => put(tx, "x"), { attempts: 3 });
    await expect(work).rejects.toMatchObject({
      code: "TRANSACTION_ATTEMPTS_EXHAUSTED",
      details: { attempts: 3, fdbCode: 1020 },
      cause: { fdbCode: 1020 },
    });
  });

  test.each([
    { attempts: 0 },
    { attempts: 1.5 },
    { deadline: 0 },
    { deadline: Number.NaN },
    { deadline: 3_600_001 },
    { idempotencyKey: "" },
    { idempotencyKey: "\ud800" },
    { idempotencyKey: "é".repeat(128) },
  ])("refuses the options %o", async (options) => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const work = fixture.runner.transact(id, async () => 1, options);
    await expect(work).rejects.toThrow(TypeError);
    expect(await codeOf(work)).toBe("TRANSACTION_OPTION_INVALID");
  });
});

describe("unknown outcomes", () => {
  test.each([1021, 1039, 1031, 1025])("a lost commit (%i) is found applied, its value and stamp kept", async (code) => {
    await using fixture = await openFixture({ clock: hastyClock }, (engine) => scripted(engine, [lost(code)]));
    const id = await fixture.tenant();
    let run = 0;
    let followed = 0;
    let stamp: Promise<Uint8Array> | undefined;
    const value = await fixture.runner.transact(id, async (tx) => {
      tx.setVersionstampedValue(key("stamped"), new Uint8Array(14));
      stamp = tx.getVersionstamp();
      tx.afterCommit(() => {
        followed++;
      });
      return ++run;
    });
    expect([value, run, followed]).toEqual([1, 1, 1]);
    expect(await stamp).toEqual(await fixture.runner.read(id, (tx) => tx.get(key("stamped"))));
  });

  test("of several lost commits, the value is that of the one applied", async () => {
    for (const applied of [0, 1, 2]) {
      await using fixture = await openFixture({ clock: hastyClock }, (engine) =>
        scripted(
          engine,
          [0, 1, 2].map((n) => (n === applied ? lost(1021) : refused(1021))),
        ),
      );
      const id = await fixture.tenant();
      let run = 0;
      expect(
        await fixture.runner.transact(id, async (tx) => {
          put(tx, String(run));
          return run++;
        }),
      ).toBe(applied);
      expect(run).toBe(applied + 1);
    }
  });

  test("a retry that writes nothing still keeps out the commit that was lost", async () => {
    let land = async (): Promise<void> => {};
    await using fixture = await openFixture({ clock: hastyClock }, (engine) =>
      scripted(engine, [
        async (commit) => {
          land = commit;
          throw new EngineError(1021);
        },
      ]),
    );
    const id = await fixture.tenant();
    let run = 0;
    const value = await fixture.runner.transact(id, async (tx) => {
      if (++run === 1) put(tx, "x");
      return run;
    });
    expect(value).toBe(2);
    expect(await codeOf(land)).toBe("ENGINE");
    expect(await fixture.runner.read(id, (tx) => tx.get(key("a")))).toBeUndefined();
  });

  test("an error after a lost commit is only thrown once that commit can't land any more", async () => {
    let land = async (): Promise<void> => {};
    await using fixture = await openFixture({ clock: hastyClock }, (engine) =>
      scripted(engine, [
        async (commit) => {
          land = commit;
          throw new EngineError(1039);
        },
      ]),
    );
    const id = await fixture.tenant();
    let run = 0;
    const work = fixture.runner.transact(id, async (tx) => {
      put(tx, "x");
      if (++run === 2) throw new RangeError("mine");
    });
    await expect(work).rejects.toThrow(RangeError);
    expect(await codeOf(land)).toBe("ENGINE");
    expect(await fixture.runner.read(id, (tx) => tx.get(key("a")))).toBeUndefined();
  });

  test("an outcome that can't be found out is an error of its own", async () => {
    await using fixture = await openFixture({ clock: hastyClock }, (engine) => {
      let dead = false;
      const inner = scripted(engine, [
        async () => {
          dead = true;
          throw new EngineError(1021);
        },
      ]);
      return {
        ...inner,
        begin() {
          if (dead) throw new EngineError(1510);
          return inner.begin();
        },
      };
    });
    const id = await fixture.tenant();
    let stamp: Promise<Uint8Array> | undefined;
    const work = fixture.runner.transact(id, async (tx) => {
      put(tx, "x");
      stamp = tx.getVersionstamp();
    });
    expect(await codeOf(work)).toBe("TRANSACTION_OUTCOME_UNKNOWN");
    await expect(stamp).rejects.toMatchObject({ code: "TRANSACTION_OUTCOME_UNKNOWN" });
  });

  test("markers are used again, and transactions that only read leave none", async () => {
    await using fixture = await openFixture({}, untold);
    const id = await fixture.tenant();
    const before = (await dump(fixture.engine)).size;
    await fixture.runner.transact(id, (tx) => tx.get(key("a")));
    expect((await dump(fixture.engine)).size).toBe(before);
    for (let i = 0; i < 20; i++) await fixture.runner.transact(id, async (tx) => put(tx, String(i)));
    expect((await dump(fixture.engine)).size).toBe(before + 2);
    await Promise.all(Array.from({ length: 8 }, () => fixture.runner.transact(id, async (tx) => put(tx, "x"))));
    expect((await dump(fixture.engine)).size).toBeLessThanOrEqual(before + 9);
  });
});

describe("deadline and signal", () => {
  const forever = (): Promise<never> => new Promise(() => {});

  test("a deadline ends what hangs, and what retries", async () => {
    await using fixture = await openFixture({}, (engine) =>
      scripted(
        engine,
        Array.from({ length: 1_000 }, () => refused(1020)),
      ),
    );
    const id = await fixture.tenant();
    const begun = performance.now();
    expect(await codeOf(fixture.runner.transact(id, forever, { deadline: 30 }))).toBe("TRANSACTION_DEADLINE_PASSED");
    expect(await codeOf(fixture.runner.read(id, forever, { deadline: 30 }))).toBe("TRANSACTION_DEADLINE_PASSED");
    const retrying = fixture.runner.transact(id, async (tx) => put(tx, "x"), { deadline: 60, attempts: 1_000 });
    await expect(retrying).rejects.toMatchObject({ code: "TRANSACTION_DEADLINE_PASSED", details: { deadlineMs: 60 } });
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test("a signal ends it before, in the function, between attempts", async () => {
    await using fixture = await openFixture({}, (engine) =>
      scripted(
        engine,
        Array.from({ length: 1_000 }, () => refused(1020)),
      ),
    );
    const id = await fixture.tenant();
    const reason = new Error("gone");
    let ran = false;
    const before = fixture.runner.transact(
      id,
      async () => {
        ran = true;
      },
      { signal: AbortSignal.abort(reason) },
    );
    await expect(before).rejects.toMatchObject({ code: "TRANSACTION_ABORTED", cause: reason });
    expect(ran).toBe(false);
    for (const fn of [forever, async (tx: TenantTransaction) => put(tx, "x")]) {
      const abort = new AbortController();
      const work = fixture.runner.transact(id, fn, { signal: abort.signal, attempts: 1_000 });
      await delay(30);
      abort.abort(reason);
      await expect(work).rejects.toMatchObject({ code: "TRANSACTION_ABORTED", cause: reason });
    }
  });

  test("an abort that comes too late, during a commit that is applied, does not hide the value", async () => {
    const abort = new AbortController();
    await using fixture = await openFixture({}, (engine) =>
      scripted(engine, [
        async (commit) => {
          await commit();
          abort.abort();
          await forever();
        },
      ]),
    );
    const id = await fixture.tenant();
    const work = fixture.runner.transact(
      id,
      async (tx) => {
        put(tx, "x");
        return "done";
      },
      { signal: abort.signal },
    );
    expect(await work).toBe("done");
  });

  test("after its end a transaction's operations are refused, also in a function that goes on", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    let late: string | undefined;
    let lateDone: Promise<void> | undefined;
    const work = fixture.runner.transact(
      id,
      async (tx) => {
        await delay(60);
        lateDone = (async () => {
          late = await codeOf(tx.get(key("a")));
        })();
        await lateDone;
      },
      { deadline: 20 },
    );
    expect(await codeOf(work)).toBe("TRANSACTION_DEADLINE_PASSED");
    await delay(80);
    await lateDone;
    expect(late).toBe("TRANSACTION_ENDED");
  });
});

describe("misuse", () => {
  test("a transaction used after its end, or after its attempt", async () => {
    await using fixture = await openFixture({ clock: hastyClock }, (engine) => scripted(engine, [refused(1020)]));
    const id = await fixture.tenant();
    const kept: TenantTransaction[] = [];
    await fixture.runner.transact(id, async (tx) => {
      for (const other of kept) {
        expect(await codeOf(() => put(other, "x"))).toBe("TRANSACTION_ENDED");
        expect(await codeOf(other.get(key("a")))).toBe("TRANSACTION_ENDED");
      }
      kept.push(tx);
      put(tx, "x");
    });
    expect(kept.length).toBe(2);
    const [, tx] = kept;
    if (tx === undefined) throw new Error("no transaction");
    const range = { begin: key("a"), end: key("b") };
    const selector = { key: key("a"), orEqual: false, offset: 1 };
    for (const use of [
      () => tx.get(key("a")),
      () => tx.getKey(selector),
      () => tx.getRange(range),
      () => tx.getReadVersion(),
      () => tx.getEstimatedRangeSizeBytes(range),
      () => tx.getRangeSplitPoints(range, 1_000),
      () => tx.getApproximateSize(),
      () => tx.set(key("a"), bytes("")),
      () => tx.clear(key("a")),
      () => tx.clearRange(range),
      () => tx.atomic("add", key("a"), bytes("1")),
      () => tx.setVersionstampedKey(new Uint8Array(30), bytes("")),
      () => tx.setVersionstampedValue(key("a"), new Uint8Array(14)),
      () => tx.addReadConflictKey(key("a")),
      () => tx.addReadConflictRange(range),
      () => tx.addWriteConflictKey(key("a")),
      () => tx.addWriteConflictRange(range),
      () => tx.watch(key("a")),
      () => tx.getVersionstamp(),
      () => tx.afterCommit(() => {}),
    ]) {
      expect([use.toString(), await codeOf(use)]).toEqual([use.toString(), "TRANSACTION_ENDED"]);
    }
  });

  test("an operation left unawaited: nothing is written, and nothing is left unhandled", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const work = fixture.runner.transact(id, async (tx) => {
      put(tx, "x");
      tx.get(key("a"));
      tx.get(key("b"));
    });
    await expect(work).rejects.toMatchObject({ code: "TRANSACTION_OPERATION_PENDING", details: { pending: 2 } });
    await expect(work).rejects.toThrow(TypeError);
    const reading = fixture.runner.read(id, async (tx) => {
      tx.getRange({ begin: key("a"), end: key("b") });
    });
    expect(await codeOf(reading)).toBe("TRANSACTION_OPERATION_PENDING");
    expect(await fixture.runner.read(id, (tx) => tx.get(key("a")))).toBeUndefined();
  });

  test("nesting, in every combination; but not what runs side by side, later, or after the commit", async () => {
    await using fixture = await openFixture();
    const { runner, system } = fixture;
    const [a, b] = [await fixture.tenant(), await fixture.tenant()];
    const inner = [
      () => runner.transact(a, async (tx) => put(tx, "x")),
      () => runner.read(b, async () => 1),
      () => system.system(async () => 1),
      () => runner.openReadSession(a).read(async () => 1),
    ];
    for (const nested of inner) {
      const codes = [
        await runner.transact(a, async () => codeOf(nested())),
        await runner.transact(a, async (tx) => {
          await tx.get(key("a"));
          await delay(1);
          return codeOf(Promise.all([nested()]));
        }),
        await runner.read(a, async () => codeOf(nested())),
        await system.system(async () => codeOf(nested())),
      ];
      expect(codes).toEqual(codes.map(() => "TRANSACTION_NESTED"));
    }
    await Promise.all(inner.map((work) => work()));
    let later: Promise<unknown> | undefined;
    let after: unknown;
    const [ended, second] = [gate(), gate()];
    await runner.transact(a, async (tx) => {
      put(tx, "x");
      later = ended.opened.then(() => runner.read(a, async () => 1));
      tx.afterCommit(async () => {
        after = await runner.read(a, async (read) => text(await read.get(key("a"))));
      });
    });
    ended.open();
    expect(await later).toBe(1);
    expect(after).toBe("x");
    // Nor what a function left behind starts while others run.
    let begun: Promise<unknown> | undefined;
    await runner.read(a, async () => {
      begun = second.opened.then(() => runner.read(a, async () => 3));
    });
    await runner.read(a, async () => {
      second.open();
      expect(await begun).toBe(3);
    });
    // Another database's transaction is no nesting.
    expect(await runner.transact(a, () => fixture.another().runner.read(a, async () => 2))).toBe(2);
  });

  test("a violation can't be swallowed", async () => {
    const violations: unknown[] = [];
    await using fixture = await openFixture({ onViolation: (violation) => void violations.push(violation) });
    const id = await fixture.tenant();
    const work = fixture.runner.transact(id, async (tx) => {
      put(tx, "x");
      await tx.get(Uint8Array.of(0xff, 1)).catch(() => {});
    });
    expect(await codeOf(work)).toBe("ISOLATION_VIOLATION");
    expect(await fixture.runner.read(id, (tx) => tx.get(key("a")))).toBeUndefined();
    expect(violations).toMatchObject([{ tenantId: id, operation: "get" }]);
  });
});

describe("after the commit", () => {
  test("functions run in order, awaited; what they throw is logged and changes nothing", async () => {
    const logged: unknown[] = [];
    const quiet = (): void => {};
    const error = (fields: unknown): void => void logged.push(fields);
    await using fixture = await openFixture({ logger: { debug: quiet, info: quiet, warn: quiet, error } });
    const id = await fixture.tenant();
    const order: string[] = [];
    const value = await fixture.runner.transact(id, async (tx) => {
      tx.afterCommit(async () => {
        await delay(5);
        order.push("first");
      });
      tx.afterCommit(() => {
        throw new Error("boom");
      });
      tx.afterCommit(() => {
        order.push("last");
      });
      return "value";
    });
    expect([value, order]).toEqual(["value", ["first", "last"]]);
    expect(logged).toMatchObject([{ tenant: id, err: { code: "AFTER_COMMIT_FAILED", cause: { message: "boom" } } }]);
  });

  test("nothing runs when the function fails", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    let ran = false;
    const work = fixture.runner.transact(id, async (tx) => {
      tx.afterCommit(() => {
        ran = true;
      });
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    expect(ran).toBe(false);
  });
});

describe("the log", () => {
  test("says who, what, how often, how much and how long; never keys or values", async () => {
    const lines: Record<string, unknown>[] = [];
    const quiet = (): void => {};
    const debug = (fields: Readonly<Record<string, unknown>>): void => void lines.push(fields);
    await using fixture = await openFixture(
      { clock: hastyClock, logger: { debug, info: quiet, warn: quiet, error: quiet } },
      (engine) => scripted(engine, [refused(1020)]),
    );
    const id = await fixture.tenant();
    lines.length = 0;
    const secret = "s3cret";
    await fixture.runner.transact(
      id,
      async (tx) => {
        tx.set(key(secret), bytes(secret));
        await tx.getRange({ begin: key(), end: Uint8Array.of(0xff) });
      },
      { label: { entity: "city", operation: "create" } },
    );
    await codeOf(
      fixture.runner.read(id, async () => {
        throw new Error(secret);
      }),
    );
    expect(lines).toMatchObject([
      { tenant: id, kind: "transact", entity: "city", operation: "create", attempts: 2, rows: 2 },
      { tenant: id, kind: "read", attempts: 1, rows: 0, failure: "other" },
    ]);
    for (const { ms } of lines) expect(ms).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(isTenantryError(lines[0])).toBe(false);
  });
});
