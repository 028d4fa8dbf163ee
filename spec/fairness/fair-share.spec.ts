/** Fair shares in a database: a flood of one tenant, calls that wait and give up, and what a cluster is told. */
import { describe, expect, test } from "vitest";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { type Clock, type FairnessOptions, open } from "../../lib/index.js";
import { codeOf } from "../transaction/fixture.js";
import { manualClock } from "../transaction/manual-clock.js";

/** A database with two tenants, and calls that run until they are let go. */
async function stage(fairness: FairnessOptions, clock?: Clock) {
  const db = await open({ engine: memory(), entities: [], fairness, clock });
  const a = db.tenant((await db.tenants.provision({ name: "a" })).id);
  const b = db.tenant((await db.tenants.provision({ name: "b" })).id);
  const order: string[] = [];
  const goes: (() => void)[] = [];
  const hold = (tenant: typeof a, name: string, options = {}) =>
    tenant.read(async () => {
      order.push(name);
      await new Promise<void>((resolve) => {
        goes.push(resolve);
      });
    }, options);
  const next = async (): Promise<void> => {
    goes.shift()?.();
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return { db, a, b, order, hold, next };
}

describe("fair shares", () => {
  test("let tenants take turns, and background work of a tenant wait for its own", async () => {
    const { db, a, b, order, hold, next } = await stage({ running: 1 });
    const calls = [hold(a, "a1"), hold(a, "batch", { priority: "batch" }), hold(a, "batch", { priority: "batch" })];
    for (let i = 2; i < 6; i++) calls.push(hold(a, `a${i}`));
    await next();
    calls.push(hold(b, "b1"), hold(b, "b2"));
    for (let i = 0; i < 9; i++) await next();
    await Promise.all(calls);
    expect(order.indexOf("b1")).toBeLessThanOrEqual(3);
    expect(order.indexOf("b2")).toBeLessThanOrEqual(5);
    expect(order.at(-1)).toBe("batch");
    await db.close();
  });

  test("give a call up that is aborted or out of time while it waits, and take the next", async () => {
    const clock = manualClock();
    const { db, a, b, order, hold, next } = await stage({ running: 1, waitingPerTenant: 2 }, clock);
    const first = hold(a, "a1");
    const abort = new AbortController();
    const aborted = codeOf(hold(a, "aborted", { signal: abort.signal }));
    const late = codeOf(hold(a, "late", { deadline: 5 }));
    expect(await codeOf(hold(a, "one too many"))).toBe("TENANT_BUSY");
    abort.abort(new Error("gone"));
    for (const { ms, fire } of clock.timers) if (ms === 5) fire();
    expect(await aborted).toBe("TRANSACTION_ABORTED");
    expect(await late).toBe("TRANSACTION_DEADLINE_PASSED");
    const second = hold(b, "b1");
    await next();
    await next();
    await Promise.all([first, second]);
    expect(order).toEqual(["a1", "b1"]);
    // Everything was given back.
    await a.read(async () => {});
    await db.close();
  });

  test("hold no place for what follows a commit", async () => {
    const { db, a } = await stage({ running: 1 });
    let followed = false;
    await a.transact(async (tx) => {
      tx.afterCommit(async () => {
        await a.read(async () => {});
        followed = true;
      });
    });
    expect(followed).toBe(true);
    await db.close();
  });

  test("refuse bounds and weights that are none, and an unknown priority", async () => {
    for (const bad of [{ running: 0 }, { runningPerTenant: 1.5 }, { waitingPerTenant: Number.NaN }]) {
      expect(await codeOf(open({ engine: memory(), entities: [], fairness: bad }))).toBe("DATABASE_OPTION_INVALID");
    }
    const misspelt = { runing: 3 } as never;
    expect(await codeOf(open({ engine: memory(), entities: [], fairness: misspelt }))).toBe("OPTION_UNKNOWN");
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e-7, 1e7]) {
      const { db, a } = await stage({ weightOf: () => weight });
      expect(await codeOf(a.read(async () => {}))).toBe("DATABASE_OPTION_INVALID");
      await db.close();
    }
    const { db, a } = await stage({});
    expect(await codeOf(a.read(async () => {}, { priority: "low" as never }))).toBe("TRANSACTION_OPTION_INVALID");
    await db.close();
  });

  test("tag a cluster's transactions with their tenant, and mark background work", async () => {
    const engine = await openEngine(memory());
    const set: unknown[] = [];
    const noting: Engine = {
      name: engine.name,
      capabilities: engine.capabilities,
      begin() {
        const transaction = engine.begin();
        const { setOption } = transaction;
        transaction.setOption = (name, value) => {
          set.push(name, value);
          setOption.call(transaction, name, value);
        };
        return transaction;
      },
      close: () => engine.close(),
    };
    const db = await open({ engine: noting, entities: [], fairness: {} });
    const { id } = await db.tenants.provision({ name: "a" });
    const tag = id.replaceAll("-", "").slice(0, 16);
    set.length = 0;
    await db.tenant(id).transact(async () => {});
    expect(set).toEqual(["tag", tag]);
    set.length = 0;
    await db.tenant(id).read(async () => {}, { priority: "batch" });
    expect(set).toEqual(["priorityBatch", undefined, "tag", tag, "readYourWritesDisable", undefined]);
    await db.close();
    await engine.close();
  });
});
