/** Provisioning: one tenant for each external key, each seed applied once, whatever fails and whoever else provisions. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Keyspace } from "../../lib/keyspace/index.js";
import type { Seed } from "../../lib/lifecycle/index.js";
import { entity } from "../../lib/schema/index.js";
import { newTenantId, type TenantRecord } from "../../lib/tenant/index.js";
import { faulty } from "../../lib/testing/index.js";
import { rates } from "../repository/fault-mix.js";
import { collect } from "../repository/shelf.js";
import { runs } from "../runs.js";
import { operations, processes, rowsIn, trailOf } from "./fixture.js";

const Count = entity("count", { version: 1, schema: z.object({ name: z.string(), times: z.int() }), id: ["name"] });

/** A seed that counts how often each of its steps is applied. */
const counting = (name: string, steps: number, fails: () => boolean = () => false): Seed => ({
  name,
  async run(tx, _tenant, position) {
    const step = Number(position ?? 0);
    const counts = tx.repository(Count);
    const id = `${name} ${step}`;
    const count = await counts.get(id);
    if (fails()) throw new Error("seed failed");
    await counts.put({ name: id, times: (count?.times ?? 0) + 1 });
    if (fails()) throw new Error("seed failed");
    return step + 1 < steps ? step + 1 : undefined;
  },
});

describe("provisioning", () => {
  test("again and again, at once, with faults and failing seeds: one tenant, each step once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fc.boolean(), { maxLength: 12 }), async (seed, failures) => {
        await using all = await processes();
        const left = [...failures];
        const fails = (): boolean => left.shift() ?? false;
        const steps = [counting("a", 1, fails), counting("b", 3, fails), counting("c", 1)];
        const engine = faulty(all.engine, { seed, rates });
        const one = await all.open({ engine, entities: [Count], provisioning: { seed: steps } });
        const two = await all.open({ entities: [Count], provisioning: { seed: steps } });
        const provision = (db: typeof one): Promise<TenantRecord> =>
          db.tenants.provision({ name: "x", externalKey: "key" });
        const given: TenantRecord[] = [];
        for (let tries = 0; tries < 30 && given.length < 4; tries++) {
          const answers = await Promise.allSettled([provision(one), provision(two)]);
          for (const answer of answers) {
            if (answer.status === "fulfilled") given.push(answer.value);
            else if (!/seed failed/.test(String(answer.reason))) throw answer.reason;
          }
        }
        const [record] = given;
        expect(given.length).toBeGreaterThanOrEqual(4);
        for (const each of given) expect(each).toEqual(record);
        expect(record).toMatchObject({ state: "active", externalKey: "key" });
        expect(await collect(two.tenants.list())).toEqual([record]);
        const id = record?.id ?? newTenantId();
        const counts = await two.tenant(id).repository(Count).list();
        expect(counts).toEqual(["a 0", "b 0", "b 1", "b 2", "c 0"].map((name) => ({ name, times: 1 })));
        expect(operations(await trailOf(all.engine, id))).toEqual(["provision", "activate"]);
        expect(await rowsIn(all.engine, new Keyspace().control.jobs("provisioning"))).toEqual([]);
      }),
      { numRuns: runs(12) },
    );
  });

  test("what is unfinished is nobody's, and is finished by whoever resumes it", async () => {
    await using all = await processes();
    let broken = true;
    const steps = [counting("a", 1), counting("b", 1, () => broken)];
    const db = await all.open({ entities: [Count], provisioning: { seed: steps } });
    const id = newTenantId();
    await expect(db.tenants.provision({ name: "x", id })).rejects.toThrow("seed failed");
    await expect(db.tenants.provision({ name: "y", externalKey: "y" })).rejects.toThrow("seed failed");
    expect(await db.tenants.get(id)).toMatchObject({ state: "provisioning" });
    const counts = db.tenant(id).repository(Count);
    await expect(counts.get("a 0")).rejects.toMatchObject({ code: "TENANT_UNAVAILABLE" });
    await expect(counts.put({ name: "z", times: 0 })).rejects.toMatchObject({ code: "TENANT_UNAVAILABLE" });
    for (const move of [db.tenants.resume(id), db.tenants.suspend(id), db.tenants.quarantine(id)]) {
      await expect(move).rejects.toMatchObject({ code: "TENANT_MOVE_INVALID", details: { from: "provisioning" } });
    }
    const { done, failed } = await db.tenants.resumeProvisioning();
    expect(done).toEqual([]);
    expect(failed).toHaveLength(2);
    expect(failed.map(({ error }) => String(error))).toEqual(["Error: seed failed", "Error: seed failed"]);

    broken = false;
    const other = await all.open({ entities: [Count], provisioning: { seed: steps } });
    expect(await other.tenants.provision({ name: "x", id })).toMatchObject({ id, state: "active" });
    await expect(other.tenants.provision({ name: "x", id })).rejects.toMatchObject({ code: "TENANT_EXISTS" });
    const resumed = await other.tenants.resumeProvisioning();
    expect(resumed).toMatchObject({ done: [{ name: "y", state: "active" }], failed: [] });
    expect(await counts.list()).toEqual(["a 0", "b 0"].map((name) => ({ name, times: 1 })));
    expect(await other.tenants.resumeProvisioning()).toEqual({ done: [], failed: [] });
  });

  test("an unfinished tenant can be given up", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Count], provisioning: { seed: [counting("a", 1, () => true)] } });
    const id = newTenantId();
    await expect(db.tenants.provision({ name: "x", id })).rejects.toThrow("seed failed");
    await db.tenants.retire(id, { graceMs: 0 });
    expect(await db.tenants.resumeProvisioning()).toEqual({ done: [], failed: [] });
    // It never was what it would be resumed to.
    await expect(db.tenants.resume(id)).rejects.toMatchObject({
      code: "TENANT_MOVE_INVALID",
      details: { from: "retired", to: "active" },
    });
    expect(await db.tenants.eraseDue()).toEqual([id]);
    expect(await rowsIn(all.engine, new Keyspace().control.jobs("provisioning"))).toEqual([]);
  });

  test("keeps the profile, and changes of it", async () => {
    await using all = await processes();
    const db = await all.open();
    const profile = { name: "France", externalKey: "fr", plan: "team", region: "eu", metadata: { contact: "anne" } };
    const { id, ...record } = await db.tenants.provision(profile);
    expect(record).toEqual({ ...profile, state: "active", incarnation: 1, revision: 1, createdAt: all.clock.time });
    expect(await db.tenants.get(id)).toEqual({ id, ...record });
    const updated = await db.tenants.update(id, { plan: "enterprise", region: null });
    expect(updated).toEqual({ id, ...record, plan: "enterprise", region: undefined, revision: 2 });
    expect(await db.tenants.get(id)).toEqual(updated);
    expect(updated).not.toHaveProperty("region");
    expect(await db.tenants.update(id, { metadata: {}, name: "La France" })).toMatchObject({
      metadata: {},
      plan: "enterprise",
    });
    expect(await db.tenants.rename(id, "France")).toMatchObject({ name: "France", revision: 4 });
    expect(operations(await trailOf(all.engine, id))).toEqual(["provision", "update", "update", "rename"]);
  });

  test("refuses what cannot be stored, and an id that another external key has", async () => {
    await using all = await processes();
    const db = await all.open();
    for (const [wrong, part] of [
      [{ externalKey: "" }, "externalKey"],
      [{ externalKey: "\ud800" }, "externalKey"],
      [{ externalKey: "x".repeat(513) }, "externalKey"],
      [{ plan: "x".repeat(65) }, "plan"],
      [{ region: "" }, "region"],
      [{ metadata: { n: 1 } as never }, "metadata"],
      [{ metadata: JSON.parse('{"__proto__":"x"}') }, "metadata"],
    ] as const) {
      await expect(db.tenants.provision({ name: "x", ...wrong })).rejects.toMatchObject({
        code: "TENANT_PROFILE_INVALID",
        details: { part },
      });
    }
    expect(await collect(db.tenants.list())).toEqual([]);
    const first = await db.tenants.provision({ name: "x", externalKey: "a" });
    const taken = { code: "TENANT_EXISTS", details: {} };
    await expect(db.tenants.provision({ name: "x", externalKey: "a", id: newTenantId() })).rejects.toMatchObject(taken);
    await expect(db.tenants.provision({ name: "x", externalKey: "b", id: first.id })).rejects.toMatchObject(taken);
    expect(await db.tenants.provision({ name: "y", externalKey: "a", id: first.id })).toEqual(first);
    const step = counting("a", 1);
    for (const seed of [
      [step, step],
      [{ ...step, name: "" }],
      [{ ...step, name: "x".repeat(65) }],
      Array(257).fill(step),
    ]) {
      await expect(all.open({ provisioning: { seed } })).rejects.toMatchObject({ code: "DATABASE_OPTION_INVALID" });
    }
    const stuck: Seed = { name: "stuck", run: async () => "here" };
    const other = await all.open({ provisioning: { seed: [stuck] } });
    await expect(other.tenants.provision({ name: "x" })).rejects.toMatchObject({ code: "TENANT_OPTION_INVALID" });
  });
});
