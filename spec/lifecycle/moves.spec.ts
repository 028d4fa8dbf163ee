/** Moves: which states lead where, that every process sees them at once, and what the trail says of them. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { entity } from "../../lib/schema/index.js";
import { newTenantId, type TenantId, type TenantState, tenantStates } from "../../lib/tenant/index.js";
import { recording } from "../../lib/testing/index.js";
import { runs } from "../runs.js";
import { operations, type Processes, processes, trailOf } from "./fixture.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });

type Move = (db: Database, id: TenantId) => Promise<unknown>;
const moves: readonly (readonly [name: string, to: TenantState, move: Move])[] = [
  ["suspend", "suspended", (db, id) => db.tenants.suspend(id)],
  ["suspend, reads", "readOnly", (db, id) => db.tenants.suspend(id, { reads: true })],
  ["quarantine", "quarantined", (db, id) => db.tenants.quarantine(id)],
  ["resume", "active", (db, id) => db.tenants.resume(id)],
  ["retire", "retired", (db, id) => db.tenants.retire(id)],
  ["erase", "erased", (db, id) => db.tenants.erase(id, { withinGrace: true })],
];

describe("moves", () => {
  let all: Processes;
  let here: Database;
  let there: Database;
  beforeAll(async () => {
    all = await processes();
    [here, there] = [await all.open({ entities: [Note] }), await all.open({ entities: [Note] })];
  });
  afterAll(async () => all[Symbol.asyncDispose]());

  const outcome = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "done",
      (error: { code: string }) => error.code,
    );

  /** What a process's users and its operators can do. */
  async function uses(db: Database, id: TenantId): Promise<string> {
    const letters = async (tenant: Promise<{ repository: ReturnType<Database["tenant"]>["repository"] }>) => {
      const notes = (await tenant).repository(Note);
      const read = await outcome(notes.get(1));
      const wrote = await outcome(notes.put({ id: 1 }));
      for (const code of [read, wrote]) expect(["done", "TENANT_UNAVAILABLE"]).toContain(code);
      return `${read === "done" ? "r" : "-"}${wrote === "done" ? "w" : "-"}`;
    };
    const own = await letters(Promise.resolve(db.tenant(id)));
    if ((await db.tenants.get(id))?.state === "erased") {
      expect(await outcome(db.operator(id, { by: "ann", reason: "looks" }))).toBe("TENANT_UNAVAILABLE");
      return `${own} --`;
    }
    return `${own} ${await letters(db.operator(id, { by: "ann", reason: "looks" }))}`;
  }

  const permitted = (state: TenantState): string => {
    const { reads, writes, operatorReads, operatorWrites } = tenantStates[state];
    const letters = (r: boolean, w: boolean) => `${r ? "r" : "-"}${w ? "w" : "-"}`;
    return `${letters(reads, writes)} ${letters(operatorReads, operatorWrites)}`;
  };

  test("any history: each move goes where the states lead, and holds at once in the other process", async () => {
    const step = fc.record({ move: fc.constantFrom(...moves), db: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { id } = await here.tenants.provision({ name: "history" });
        // Both processes have it cached.
        for (const db of [here, there]) expect(await uses(db, id)).toBe("rw rw");
        let state: TenantState = "active";
        const done = ["provision"];
        for (const { move, db } of steps) {
          const [name, to, act] = move;
          const [actor, other] = db ? [here, there] : [there, here];
          const came = await outcome(act(actor, id));
          const allowed = to === state || tenantStates[state].next.includes(to);
          expect([name, state, came]).toEqual([name, state, allowed ? "done" : "TENANT_MOVE_INVALID"]);
          if (allowed && to !== state) {
            done.push(name.replace(", reads", ""));
            state = to;
          }
          expect(await uses(other, id)).toBe(permitted(state));
          expect((await actor.tenants.get(id))?.state).toBe(state);
        }
        expect(operations(await trailOf(all.engine, id)).filter((name) => name !== "enter")).toEqual(done);
      }),
      { numRuns: runs(25) },
    );
  });

  test("an illegal move says from where and to where, and changes nothing", async () => {
    const { id } = await here.tenants.provision({ name: "x" });
    const retired = await here.tenants.retire(id);
    await expect(here.tenants.suspend(id)).rejects.toMatchObject({
      code: "TENANT_MOVE_INVALID",
      details: { from: "retired", to: "suspended" },
    });
    expect(await here.tenants.get(id)).toEqual(retired);
    await expect(here.tenants.erase(id)).rejects.toMatchObject({
      code: "TENANT_GRACE_UNENDED",
      details: { eraseAfter: retired.eraseAfter },
    });
    expect(await there.tenants.get(id)).toEqual(retired);
    for (const move of moves)
      await expect(move[2](here, newTenantId())).rejects.toMatchObject({ code: "TENANT_UNKNOWN" });
    await expect(here.tenants.resume("x" as TenantId)).rejects.toMatchObject({ code: "TENANT_ID_INVALID" });
  });

  test("a suspension stops transactions under way in another process", async () => {
    const { id } = await here.tenants.provision({ name: "x" });
    let suspended = false;
    const running = there.tenant(id).transact(async (tx) => {
      await tx.repository(Note).put({ id: 1 });
      if (!suspended) await here.tenants.suspend(id);
      suspended = true;
    });
    await expect(running).rejects.toMatchObject({ code: "TENANT_UNAVAILABLE" });
    expect(await (await here.operator(id, { by: "ann", reason: "looks" })).repository(Note).get(1)).toBeUndefined();
  });

  test("the state costs no call beside the one every transaction makes, after a move one more, once", async () => {
    const { id } = await here.tenants.provision({ name: "x" });
    const watched = recording(all.engine);
    const db = await all.open({ engine: watched, entities: [Note] });
    const calls = async (work: () => Promise<unknown>): Promise<number> => {
      watched.take();
      await work().catch(() => {});
      return watched.take().filter(({ kind }) => kind === "asked").length;
    };
    const get = () => db.tenant(id).repository(Note).get(1);
    await get();
    expect(await calls(get)).toBe(2);
    await here.tenants.suspend(id);
    // A read that is refused asks for the metadata version again where reads are tried at once; the state is read once after a move.
    const again = all.engine.begin().visitKey === undefined ? 0 : 1;
    expect(await calls(get)).toBe(2 + again);
    expect(await calls(get)).toBe(1 + again);
    await here.tenants.resume(id);
    expect(await calls(get)).toBe(3);
    expect(await calls(get)).toBe(2);
    const operator = await db.operator(id, { by: "ann", reason: "counts" });
    expect(await calls(() => operator.repository(Note).get(1))).toBe(2);
  });

  test("who and why are in the trail, sealed, and options that are no text are refused", async () => {
    const { id } = await here.tenants.provision({ name: "x", by: "ann@ops", reason: "signed" });
    await here.tenants.suspend(id, { by: "ann@ops", reason: "overdue" });
    await here.operator(id, { by: "ann@ops", reason: "looks" });
    const entries = await trailOf(all.engine, id);
    expect(entries).toMatchObject([
      { kind: "tenant", from: undefined, to: "active", operation: "provision", at: all.clock.now() },
      { kind: "tenant", from: "active", to: "suspended", operation: "suspend" },
      { kind: "operator", operation: "enter" },
    ]);
    const subjects = entries.map(({ subject }) => Buffer.from(subject ?? []).toString("latin1"));
    expect(new Set(subjects).size).toBe(1);
    expect(subjects[0]).toHaveLength(16 + "ann@ops".length);
    expect(JSON.stringify(entries)).not.toContain("ann");
    for (const wrong of [{ by: "" }, { by: "\ud800" }, { by: "x".repeat(513) }, { reason: "x".repeat(1_025) }]) {
      await expect(here.tenants.resume(id, wrong)).rejects.toMatchObject({ code: "TENANT_OPTION_INVALID" });
    }
    for (const wrong of [{ by: "ann" }, { reason: "looks" }, {}]) {
      await expect(here.operator(id, wrong as never)).rejects.toMatchObject({ code: "TENANT_OPTION_INVALID" });
    }
    expect(await trailOf(all.engine, id)).toHaveLength(3);
  });
});
