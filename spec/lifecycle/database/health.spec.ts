/** Health: asked without naming a tenant, answered even when the database is down. */
import { describe, expect, test } from "vitest";
import { type Engine, EngineError, memory, openEngine } from "../../../lib/engine/index.js";
import { open } from "../../../lib/index.js";
import { codeOf } from "../../transaction/fixture.js";

/** An engine whose gets or commits never come, or fail, once it breaks. */
function failing(engine: Engine, call: "get" | "commit", work: () => Promise<never>): Engine & { break(): void } {
  let isBroken = false;
  return {
    break() {
      isBroken = true;
    },
    name: engine.name,
    capabilities: engine.capabilities,
    begin: () =>
      new Proxy(engine.begin(), {
        get(target, name) {
          if (isBroken && name === call) return work;
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    close: () => engine.close(),
  };
}

describe("health", () => {
  test("is ok while the database answers, and says what keeps it from answering", async () => {
    const db = await open({ engine: memory(), entities: [] });
    expect(await db.health()).toMatchObject({ status: "ok", engine: "memory", failure: undefined });
    expect(await db.health({ write: true })).toMatchObject({ status: "ok" });
    await db.close();
    expect(await db.health()).toMatchObject({ status: "failing", failure: "DATABASE_CLOSED" });
  });

  test("fails within its timeout when nothing answers", async () => {
    const engine = await openEngine(memory());
    const silent = failing(engine, "get", () => new Promise(() => {}));
    const db = await open({ engine: silent, entities: [] });
    silent.break();
    const report = await db.health({ timeoutMs: 30 });
    expect(report).toMatchObject({ status: "failing", failure: "TRANSACTION_DEADLINE_PASSED" });
    expect(report.ms).toBeGreaterThanOrEqual(25);
    await db.close();
    await engine.close();
  });

  test("finds with a write what a read does not", async () => {
    const engine = await openEngine(memory());
    const full = failing(engine, "commit", () => Promise.reject(new EngineError(1510)));
    const db = await open({ engine: full, entities: [] });
    full.break();
    expect(await db.health({ write: true })).toMatchObject({ status: "failing", failure: "ENGINE" });
    await db.close();
    await engine.close();
  });

  test("refuses a timeout that is none", async () => {
    await using db = await open({ engine: memory(), entities: [] });
    for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(await codeOf(db.health({ timeoutMs }))).toBe("TRANSACTION_OPTION_INVALID");
    }
  });
});

describe("service levels of a database", () => {
  const objectives = { latencyMs: 1_000, fast: 0.99, available: 0.99, windowMs: 60_000 };

  test("count what tenants were served, and nothing for what they did wrong", async () => {
    await using db = await open({ engine: memory(), entities: [], serviceLevels: objectives });
    const { id } = await db.tenants.provision({ name: "a" });
    await db.tenant(id).read(async () => {});
    await codeOf(db.tenant(id).read(() => Promise.reject(new RangeError("mine"))));
    await codeOf(db.tenant(id).read(async () => {}, { signal: AbortSignal.abort() }));
    expect(db.serviceLevels.of(id)).toMatchObject({ calls: 1, failed: 0, fast: 1 });
    await codeOf(db.tenant(id).read(() => new Promise(() => {}), { deadline: 5 }));
    expect(db.serviceLevels.of(id)).toMatchObject({ calls: 2, failed: 1 });
    expect(db.serviceLevels.worst(10).map(({ tenant }) => tenant)).toEqual([id]);
  });

  test("are refused where none were promised, or what cannot be", async () => {
    await using db = await open({ engine: memory(), entities: [] });
    expect(await codeOf(() => db.serviceLevels)).toBe("SERVICE_LEVELS_OFF");
    for (const bad of [{ latencyMs: 0 }, { fast: 0 }, { fast: 1.1 }, { available: Number.NaN }, { windowMs: 1 }]) {
      const serviceLevels = { ...objectives, ...bad };
      expect(await codeOf(open({ engine: memory(), entities: [], serviceLevels }))).toBe("DATABASE_OPTION_INVALID");
    }
    for (const tenantLabels of [-1, 1.5, 10_000]) {
      expect(await codeOf(open({ engine: memory(), entities: [], tenantLabels }))).toBe("DATABASE_OPTION_INVALID");
    }
  });
});
