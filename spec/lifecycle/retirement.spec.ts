/** Retirement: no clock shortens what was promised, nothing but the trail and the id outlives erasure. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Keyspace } from "../../lib/keyspace/index.js";
import { entity } from "../../lib/schema/index.js";
import { runs } from "../runs.js";
import { operations, processes, rowsIn, trailOf } from "./fixture.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });
const control = new Keyspace().control;

describe("retirement", () => {
  test("a clock that steps, back too, never erases before the grace period has passed", async () => {
    const step = fc.integer({ min: -100, max: 100 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 6 }),
        fc.nat(50),
        fc.array(step, { maxLength: 12 }),
        async (before, graceMs, after) => {
          await using all = await processes();
          const db = await all.open();
          const { clock } = all;
          const { id } = await db.tenants.provision({ name: "x" });
          let latest = clock.time;
          for (const ms of before) {
            clock.time += ms;
            // Any change of any tenant shows the time.
            await db.tenants.provision({ name: "other" });
            latest = Math.max(latest, clock.time);
          }
          const { eraseAfter } = await db.tenants.retire(id, { graceMs });
          expect(eraseAfter).toBe(latest + graceMs);
          for (const ms of after) {
            clock.time += ms;
            const due = clock.time >= latest + graceMs;
            const gone = (await db.tenants.get(id))?.state === "erased";
            expect(await db.tenants.eraseDue()).toEqual(due && !gone ? [id] : []);
            expect((await db.tenants.get(id))?.state).toBe(due || gone ? "erased" : "retired");
          }
        },
      ),
      { numRuns: runs(20) },
    );
  });

  test("erases everything of the tenant and what says who it was; id and trail stay, and nothing makes it again", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Note] });
    const other = await all.open({ entities: [Note] });
    const neighbour = await db.tenants.provision({ name: "Germany", externalKey: "de" });
    await db.tenant(neighbour.id).repository(Note).create({ id: 1, text: "stays" });
    const profile = { name: "France", externalKey: "fr", plan: "team", region: "eu", metadata: { contact: "anne" } };
    const { id } = await db.tenants.provision(profile);
    await db.tenant(id).repository(Note).create({ id: 1, text: "goes" });
    expect((await db.tenants.retire(id, { graceMs: 0, by: "ann" })).eraseAfter).toBe(all.clock.time);
    const before = await rowsIn(all.engine, new Keyspace().tenant(neighbour.id));
    expect(await other.tenants.eraseDue({ by: "ann" })).toEqual([id]);

    expect(await rowsIn(all.engine, new Keyspace().tenant(id))).toEqual([]);
    expect(await rowsIn(all.engine, new Keyspace().tenant(neighbour.id))).toEqual(before);
    const { createdAt } = neighbour;
    expect(await db.tenants.get(id)).toEqual({ id, name: "", state: "erased", incarnation: 1, createdAt, revision: 3 });
    expect(operations(await trailOf(all.engine, id))).toEqual(["provision", "retire", "erase"]);
    // The erasing entry itself names nobody: the key is gone with the rest.
    expect((await trailOf(all.engine, id)).map(({ subject }) => subject === undefined)).toEqual([true, false, true]);
    const rows = await rowsIn(all.engine, control.range);
    const said = rows.map((row) => row.map((bytes) => Buffer.from(bytes).toString("latin1")).join(" ")).join("\n");
    for (const word of ["France", "anne", "team"]) expect(said).not.toContain(word);
    expect(said).toContain("Germany");

    expect(await db.tenants.findByExternalKey("fr")).toBeUndefined();
    await expect(db.tenants.provision({ name: "again", id })).rejects.toMatchObject({ code: "TENANT_EXISTS" });
    for (const work of [
      () => db.tenants.resume(id),
      () => db.tenants.retire(id),
      () => db.tenants.rename(id, "again"),
      () => db.tenants.quarantine(id),
    ]) {
      await expect(work()).rejects.toMatchObject({ code: "TENANT_MOVE_INVALID" });
    }
    expect(await db.tenants.erase(id)).toMatchObject({ state: "erased", revision: 3 });
    // The name of another system is free again, for a tenant of its own.
    const heir = await db.tenants.provision({ name: "France", externalKey: "fr" });
    expect(heir.id).not.toBe(id);
  });

  test("can be taken back until then, and what was stopped goes on next time", async () => {
    await using all = await processes();
    const db = await all.open({ entities: [Note] });
    const { id } = await db.tenants.provision({ name: "x" });
    await db.tenant(id).repository(Note).create({ id: 1, text: "kept" });
    await db.tenants.retire(id, { graceMs: 10 });
    const resumed = await db.tenants.resume(id);
    expect(resumed).not.toHaveProperty("eraseAfter");
    all.clock.time += 11;
    expect(await db.tenants.eraseDue()).toEqual([]);
    expect(await db.tenant(id).repository(Note).get(1)).toEqual({ id: 1, text: "kept" });
    // Retired again, the period begins again; retiring it twice does not.
    const { eraseAfter = 0 } = await db.tenants.retire(id, { graceMs: 10 });
    expect(eraseAfter).toBe(all.clock.time + 10);
    expect((await db.tenants.retire(id, { graceMs: 0 })).eraseAfter).toBe(eraseAfter);

    const others = await Promise.all([1, 2, 3].map(async () => (await db.tenants.provision({ name: "y" })).id));
    for (const other of others) await db.tenants.retire(other, { graceMs: 10 });
    all.clock.time += 10;
    const stop = new AbortController();
    const slow = await all.open({
      entities: [Note],
      logger: {
        debug: (fields) => void (fields["operation"] === "erase" && stop.abort()),
        info() {},
        warn() {},
        error() {},
      },
    });
    await expect(slow.tenants.eraseDue({ signal: stop.signal })).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
    expect(await db.tenants.eraseDue()).toHaveLength(3);
    for (const each of [id, ...others]) expect((await db.tenants.get(each))?.state).toBe("erased");
    expect(await rowsIn(all.engine, control.jobs("erasure"))).toEqual([]);
  });

  test("erases one tenant from the very millisecond on that its period ends, and not before", async () => {
    await using all = await processes();
    const db = await all.open();
    const { id } = await db.tenants.provision({ name: "x" });
    await db.tenants.retire(id, { graceMs: 2 });
    all.clock.time += 1;
    await expect(db.tenants.erase(id)).rejects.toMatchObject({ code: "TENANT_GRACE_UNENDED" });
    all.clock.time += 1;
    expect(await db.tenants.erase(id)).toMatchObject({ state: "erased" });
  });

  test("refuses grace periods that are none", async () => {
    await using all = await processes();
    const db = await all.open();
    const { id } = await db.tenants.provision({ name: "x" });
    for (const graceMs of [-1, 0.5, Number.NaN, 315_360_000_001, "1" as unknown as number]) {
      await expect(db.tenants.retire(id, { graceMs })).rejects.toMatchObject({
        code: "TENANT_OPTION_INVALID",
        details: { option: "graceMs" },
      });
    }
    expect(await db.tenants.get(id)).toMatchObject({ state: "active", revision: 1 });
  });
});
