/** Operations whose first attempt is made at once: the same outcome as by the long way, whatever comes between. */
import { describe, expect, test } from "vitest";
import { EngineError } from "../../lib/engine/index.js";
import { subspaces } from "../../lib/keyspace/index.js";
import { silentMeter } from "../../lib/observe/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import {
  type Operation,
  resultOf,
  type TenantTransaction,
  type TransactionHook,
  valueAt,
} from "../../lib/transaction/index.js";
import { pack } from "../../lib/tuple/index.js";
import { withCapabilities } from "../engine/with-capabilities.js";
import {
  bytes,
  codeOf,
  count,
  dump,
  type Fixture,
  increment,
  key,
  openFixture,
  refused,
  type ScriptedCommit,
  scripted,
  terms,
} from "./fixture.js";

const counter = key("counter");

/** Reads a counter and sets it to one more. */
const counting = (runs: { ran: number }) =>
  function* (tx: TenantTransaction): Operation<number> {
    runs.ran++;
    const next = count(yield* valueAt(counter)) + 1;
    const value = new Uint8Array(8);
    new DataView(value.buffer).setBigUint64(0, BigInt(next), true);
    tx.set(counter, value);
    return next;
  };

const openTold = (script: ScriptedCommit[], calls: string[] = [], options: Parameters<typeof openFixture>[0] = {}) =>
  openFixture(options, (engine) => withCapabilities(scripted(engine, script, calls), { tellsOutcomes: true }));

/** A tenant's counter, read past the gate. */
async function read({ engine, keyspace }: Fixture, id: TenantId) {
  const transaction = engine.begin();
  const value = await transaction.get(keyspace.tenant(id).absolute(counter));
  transaction.cancel();
  return { value };
}

/** A tenant that this process has met: what it does not know it has to wait for. */
async function known(fixture: Fixture): Promise<TenantId> {
  const id = await fixture.tenant();
  await fixture.runner.read(id, (tx) => tx.get(counter));
  return id;
}

describe("an operation at once", () => {
  test("makes its reads and writes before anything else happens, in one engine transaction", async () => {
    const calls: string[] = [];
    await using fixture = await openTold([], calls);
    const id = await fixture.tenant();
    await fixture.runner.operate(id, counting({ ran: 0 }));
    calls.length = 0;
    const work = fixture.runner.operate(id, counting({ ran: 0 }));
    expect(calls).toEqual(["begin", "setOption", "visitKey", "visitKey", "addReadConflictRange", "set", "commit"]);
    expect(await work).toBe(2);
  });

  test("that loses to another is tried again, and counts its attempts", async () => {
    await using fixture = await openFixture();
    const id = await known(fixture);
    const runs = { ran: 0 };
    const values = await Promise.all(Array.from({ length: 20 }, () => fixture.runner.operate(id, counting(runs))));
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(runs.ran).toBeGreaterThan(20);
  });

  test("is observed as one call with all its attempts", async () => {
    const counted = new Map<string, number>();
    const meter = {
      ...silentMeter,
      createCounter: (name: string) => ({
        add: (amount: number) => void counted.set(name, (counted.get(name) ?? 0) + amount),
      }),
    };
    await using fixture = await openTold([refused(1020), refused(1020)], [], { meter });
    const id = await known(fixture);
    counted.clear();
    expect(await fixture.runner.operate(id, counting({ ran: 0 }))).toBe(1);
    expect(Object.fromEntries(counted)).toMatchObject({
      "tenantry.transactions": 1,
      "tenantry.transaction.attempts": 3,
      "tenantry.transaction.conflicts": 2,
    });
  });

  test("keeps to its attempts", async () => {
    const runs = { ran: 0 };
    await using fixture = await openTold(Array.from({ length: 9 }, () => refused(1020)));
    const id = await known(fixture);
    const work = fixture.runner.operate(id, counting(runs), terms({ attempts: 3 }));
    await expect(work).rejects.toMatchObject({ code: "TRANSACTION_ATTEMPTS_EXHAUSTED", details: { attempts: 3 } });
    expect(runs.ran).toBe(3);
  });

  test("fails as its function does, writes nothing and ends its engine transaction", async () => {
    const calls: string[] = [];
    await using fixture = await openTold([], calls);
    const id = await fixture.tenant();
    await fixture.runner.operate(id, counting({ ran: 0 }));
    const before = await dump(fixture.engine);
    calls.length = 0;
    const failing = fixture.runner.operate(id, function* (tx) {
      tx.set(key("a"), bytes("x"));
      yield* valueAt(counter);
      throw new RangeError("mine");
    });
    expect(await codeOf(failing)).toBe("RangeError: mine");
    expect(calls.at(-1)).toBe("cancel");
    expect(await dump(fixture.engine)).toEqual(before);
  });

  test("commits nothing after a violation, even one that was swallowed", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    await fixture.runner.operate(id, counting({ ran: 0 }));
    const before = await dump(fixture.engine);
    const work = fixture.runner.operate(id, function* (tx) {
      yield* resultOf(undefined);
      tx.set(key("a"), bytes("x"));
      try {
        tx.set(Uint8Array.of(), bytes("y"));
      } catch {}
    });
    expect(await codeOf(work)).toBe("ISOLATION_VIOLATION");
    expect(await dump(fixture.engine)).toEqual(before);
  });

  test("goes the long way after an engine's error that a retry helps against", async () => {
    let left = 1;
    await using fixture = await openFixture();
    const id = await known(fixture);
    const work = fixture.runner.operate(id, function* (tx) {
      if (left-- > 0) throw new EngineError(1007);
      return yield* counting({ ran: 0 })(tx);
    });
    expect(await work).toBe(1);
  });

  test("goes the long way when it has to wait, and is then done once", async () => {
    await using fixture = await openFixture();
    const id = await known(fixture);
    const work = fixture.runner.operate(id, function* (tx) {
      increment(tx, counter);
      return yield* resultOf(Promise.resolve("waited"));
    });
    expect(await work).toBe("waited");
    expect(count(await fixture.runner.read(id, (tx) => tx.get(counter)))).toBe(1);
  });

  test("is refused for suspended and unknown tenants, after a suspension that this process has not seen as well", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const other = fixture.another().runner;
    await fixture.runner.operate(id, counting({ ran: 0 }));
    await other.operate(id, counting({ ran: 0 }));
    const suspending = fixture.setState(id, "suspended");
    const meanwhile = Array.from({ length: 5 }, () => codeOf(other.operate(id, counting({ ran: 0 }))));
    await suspending;
    const codes = await Promise.all(meanwhile);
    for (const code of codes) expect([undefined, "TENANT_UNAVAILABLE"]).toContain(code);
    const stored = count((await read(fixture, id))?.value);
    expect(stored).toBe(2 + codes.filter((code) => code === undefined).length);
    expect(await codeOf(other.operate(id, counting({ ran: 0 })))).toBe("TENANT_UNAVAILABLE");
    expect(await codeOf(fixture.runner.operate(id, counting({ ran: 0 })))).toBe("TENANT_UNAVAILABLE");
  });

  test("is stopped before it begins, and refused by a closed database", async () => {
    await using fixture = await openFixture();
    const id = await fixture.tenant();
    const before = await dump(fixture.engine);
    const runs = { ran: 0 };
    const aborted = fixture.runner.operate(id, counting(runs), terms({ signal: AbortSignal.abort() }));
    expect(await codeOf(aborted)).toBe("TRANSACTION_ABORTED");
    await fixture.runner.close();
    expect(await codeOf(fixture.runner.operate(id, counting(runs)))).toBe("DATABASE_CLOSED");
    expect(runs.ran).toBe(0);
    expect(await dump(fixture.engine)).toEqual(before);
  });

  test("is waited for by a database that closes", async () => {
    let letGo = (): void => {};
    const gone = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await using fixture = await openTold([(commit) => gone.then(commit)]);
    const id = await known(fixture);
    const work = fixture.runner.operate(id, counting({ ran: 0 }));
    const closing = fixture.runner.close();
    letGo();
    expect(await work).toBe(1);
    await closing;
  });

  test("waits for the policies that stand in front of calls, and tells them of its end", async () => {
    const told: string[] = [];
    for (const wait of [false, true]) {
      const policies = [
        {
          name: "door",
          enter: () => {
            told.push("enter");
            const end = (): void => void told.push("end");
            return wait ? Promise.resolve(end) : end;
          },
        },
      ];
      await using fixture = await openFixture({ policies });
      const id = await known(fixture);
      told.length = 0;
      expect(await fixture.runner.operate(id, counting({ ran: 0 }))).toBe(1);
      expect(told).toEqual(["enter", "end"]);
    }
  });

  describe("is joined by hooks", () => {
    const mark = pack(["mark"]);
    const joined = async (hook: Pick<TransactionHook, "beforeCommit">) => {
      const calls: string[] = [];
      await using fixture = await openTold([], calls, {
        hooks: [{ name: "quota", subspace: subspaces.usage, ...hook }],
      });
      const id = await fixture.tenant();
      await fixture.runner.operate(id, counting({ ran: 0 })).catch(() => {});
      calls.length = 0;
      const runs = { ran: 0 };
      const code = await codeOf(fixture.runner.operate(id, counting(runs)));
      const rows = [...(await dump(fixture.engine)).keys()];
      const marked = rows.filter((row) => row.endsWith(Buffer.from(mark).toString("hex"))).length;
      return { code, marked, begun: calls.filter((call) => call === "begin").length, ran: runs.ran };
    };

    test("that are operations, in the same engine transaction", async () => {
      const hook = {
        *beforeCommit({ transaction }: Parameters<NonNullable<TransactionHook["beforeCommit"]>>[0]): Operation<void> {
          yield* valueAt(pack(["other"]));
          transaction.set(mark, bytes("x"));
        },
      };
      expect(await joined(hook)).toEqual({ code: undefined, marked: 1, begun: 1, ran: 1 });
    });

    test("that return at once", async () => {
      const hook: Pick<TransactionHook, "beforeCommit"> = {
        beforeCommit: ({ transaction }) => transaction.set(mark, bytes("x")),
      };
      expect(await joined(hook)).toEqual({ code: undefined, marked: 1, begun: 1, ran: 1 });
    });

    test("that take their time, by the long way", async () => {
      const hook: Pick<TransactionHook, "beforeCommit"> = {
        beforeCommit: async ({ transaction }) => {
          await transaction.get(mark);
          transaction.set(mark, bytes("x"));
        },
      };
      expect(await joined(hook)).toEqual({ code: undefined, marked: 1, begun: 2, ran: 2 });
    });

    test("that refuse it: then nothing is written", async () => {
      const hook = {
        // biome-ignore lint/correctness/useYield: it refuses before it reads
        *beforeCommit(): Operation<void> {
          throw new RangeError("no");
        },
      };
      expect(await joined(hook)).toMatchObject({ code: "RangeError: no", marked: 0 });
    });
  });
});
