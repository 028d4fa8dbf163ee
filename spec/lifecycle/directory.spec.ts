/** The directory: every tenant is found by what it is called, and pages go through all of them once. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import type { TenantFilter } from "../../lib/lifecycle/index.js";
import { cursorAgeMaxMs } from "../../lib/limits/index.js";
import { newTenantId, type TenantRecord, type TenantState } from "../../lib/tenant/index.js";
import { recording } from "../../lib/testing/index.js";
import { collect } from "../repository/shelf.js";
import { runs } from "../runs.js";
import { processes } from "./fixture.js";

/** Short names that are each other's beginnings, with what bytes of keys are made of. */
const name = fc.string({
  unit: fc.constantFrom("a", "b", "\0", "\u00ff", "\uffff", "\u{1f600}"),
  minLength: 1,
  maxLength: 4,
});
const plan = fc.constantFrom("free", "team", undefined);
const states = ["active", "suspended", "retired", "erased"] as const;

const byName = (a: TenantRecord, b: TenantRecord): number =>
  Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || (a.id < b.id ? -1 : 1);
const byId = (a: TenantRecord, b: TenantRecord): number => (a.id < b.id ? -1 : 1);

async function pagesOf(db: Database, filter: TenantFilter, size: number): Promise<TenantRecord[]> {
  const items: TenantRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await db.tenants.page({ ...filter, size, cursor });
    expect(page.items.length).toBeLessThanOrEqual(size);
    if (page.next !== undefined) expect(page.items).toHaveLength(size);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

describe("the directory", () => {
  test("lists and pages exactly the tenants a filter asks for, after renames, moves and erasures", async () => {
    const tenant = fc.record({ name, renamed: fc.option(name), plan, state: fc.constantFrom(...states) });
    const filter = fc.record({
      namePrefix: fc.option(name, { nil: undefined }),
      plan,
      state: fc.constantFrom<TenantFilter["state"]>(undefined, "active", ["suspended", "erased"], "retired"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(tenant, { maxLength: 12 }),
        fc.array(filter, { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 5 }),
        async (tenants, filters, size) => {
          await using all = await processes();
          const db = await all.open();
          for (const { name, renamed, plan, state } of tenants) {
            const { id } = await db.tenants.provision({ name, plan });
            if (renamed !== null) await db.tenants.rename(id, renamed);
            if (state === "suspended") await db.tenants.suspend(id);
            if (state === "retired" || state === "erased") await db.tenants.retire(id);
            if (state === "erased") await db.tenants.erase(id, { withinGrace: true });
          }
          const everyState: TenantState[] = ["active", "suspended", "retired", "erased"];
          const records = await collect(db.tenants.list({ state: everyState }));
          expect(records).toHaveLength(tenants.length);
          for (const asked of filters) {
            const { namePrefix, state } = asked;
            const wanted = records
              .filter((record) => namePrefix === undefined || record.name.startsWith(namePrefix))
              .filter((record) => asked.plan === undefined || record.plan === asked.plan)
              .filter((record) => (state === undefined ? record.state !== "erased" : state.includes(record.state)))
              .sort(namePrefix === undefined ? byId : byName);
            expect(await collect(db.tenants.list(asked))).toEqual(wanted);
            expect(await collect(db.tenants.list({ ...asked, limit: size }))).toEqual(wanted.slice(0, size));
            expect(await pagesOf(db, asked, size)).toEqual(wanted);
          }
        },
      ),
      { numRuns: runs(15) },
    );
  });

  test("finds a tenant by its external key in two gets, and by a name in one range read, however many there are", async () => {
    await using all = await processes();
    const engine = recording(all.engine);
    const db = await all.open({ engine });
    const made = await Promise.all(
      Array.from({ length: 60 }, (_, n) => db.tenants.provision({ name: `tenant ${n}`, externalKey: `key-${n}` })),
    );
    const calls = async (work: () => Promise<unknown>): Promise<string[]> => {
      engine.take();
      await work();
      return engine.take().flatMap((event) => (event.kind === "asked" ? [event.operation] : []));
    };
    expect(await db.tenants.findByExternalKey("key-7")).toEqual(made[7]);
    expect(await db.tenants.findByExternalKey("key-77")).toBeUndefined();
    expect(await calls(() => db.tenants.findByExternalKey("key-7"))).toEqual(["get", "get"]);
    expect(await calls(() => collect(db.tenants.list({ namePrefix: "tenant 59" })))).toEqual(["getRange", "get"]);
    await expect(db.tenants.findByExternalKey("")).rejects.toMatchObject({ code: "TENANT_PROFILE_INVALID" });
  });

  test("refuses cursors that are old, forged, another's or another query's, and options that cannot be meant", async () => {
    await using all = await processes();
    const db = await all.open();
    for (let n = 0; n < 3; n++) await db.tenants.provision({ name: `tenant ${n}`, plan: "team" });
    const { next: cursor = "" } = await db.tenants.page({ size: 1, principal: "ann" });
    expect((await db.tenants.page({ size: 1, principal: "ann", cursor })).items).toHaveLength(1);
    const flipped = `${cursor.slice(0, 30)}${cursor[30] === "A" ? "B" : "A"}${cursor.slice(31)}`;
    for (const wrong of [
      { size: 1, cursor },
      { size: 1, principal: "bob", cursor },
      { size: 1, principal: "ann", plan: "team", cursor },
      { size: 1, principal: "ann", namePrefix: "tenant", cursor },
      { size: 1, principal: "ann", cursor: flipped },
      { size: 1, principal: "ann", cursor: "" },
    ]) {
      await expect(db.tenants.page(wrong)).rejects.toMatchObject({ code: "CURSOR_INVALID" });
    }
    all.clock.time += cursorAgeMaxMs + 1;
    await expect(db.tenants.page({ size: 1, principal: "ann", cursor })).rejects.toMatchObject({
      code: "CURSOR_INVALID",
    });
    for (const size of [0, 1_001, 1.5]) {
      await expect(db.tenants.page({ size })).rejects.toMatchObject({ code: "PAGE_SIZE_INVALID" });
    }
    for (const wrong of [
      { namePrefix: "" },
      { state: "gone" as TenantState },
      { namePrefix: "t", after: newTenantId() },
    ]) {
      await expect(collect(db.tenants.list(wrong))).rejects.toMatchObject({ code: "TENANT_OPTION_INVALID" });
    }
  });
});
