/** Global data: typed records that are no tenant's, which no tenant reaches and which reach no tenant. */
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Database } from "../lib/database.js";
import { type Engine, memory, openEngine } from "../lib/engine/index.js";
import { Keyspace } from "../lib/keyspace/index.js";
import { open } from "../lib/open.js";
import { entity } from "../lib/schema/index.js";
import { parseTenantId } from "../lib/tenant/index.js";
import { recording } from "../lib/testing/index.js";

const schema = z.object({ name: z.string(), tenant: z.string(), until: z.date().optional() });
const Slug = entity("slug", {
  version: 1,
  schema,
  id: ["name"],
  indexes: { byTenant: { fields: ["tenant"] } },
  expires: "until",
});
const Note = entity("note", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });
const place = parseTenantId("00000000-0000-4000-8000-000000000000");

let engine: Engine;
let db: Database;
beforeEach(async () => {
  engine = await openEngine(memory());
  db = await open({
    engine,
    entities: [Note],
    global: [Slug],
    quotas: { plans: { none: { entities: { note: { records: 0 } } } }, defaultPlan: "none" },
  });
});
afterEach(async () => {
  await db.close();
  await engine.close();
});

describe("global data", () => {
  test("is kept, found by indexes, changed in transactions and there again after opening", async () => {
    const slugs = db.global.repository(Slug);
    const { id } = await db.tenants.provision({ name: "t" });
    await slugs.create({ name: "a", tenant: id });
    await expect(slugs.create({ name: "a", tenant: "other" })).rejects.toMatchObject({ code: "RECORD_EXISTS" });
    await db.global.transact(async (tx) => {
      await tx.repository(Slug).put({ name: "b", tenant: id });
      await tx.repository(Slug).put({ name: "old", tenant: id, until: new Date(0) });
    });
    expect(await db.global.read((tx) => tx.repository(Slug).list({ index: "byTenant", equals: id }))).toHaveLength(2);
    expect(await db.global.sweep()).toEqual({ removed: 1, failed: 0 });
    const again = await open({ engine, entities: [Note], global: [Slug] });
    expect(await again.global.repository(Slug).get("b")).toEqual({ name: "b", tenant: id });
    expectTypeOf(await again.global.repository(Slug).require("b")).toEqualTypeOf<z.infer<typeof schema>>();
    await again.close();
    await expect(again.global.repository(Slug).get("b")).rejects.toMatchObject({ code: "DATABASE_CLOSED" });
  });

  test("and tenants do not reach each other: not by an entity, not by an id, not by a key", async () => {
    const { id } = await db.tenants.provision({ name: "t" });
    const code = { code: "ENTITY_UNKNOWN" };
    expect(() => db.tenant(id).repository(Slug)).toThrow(expect.objectContaining(code));
    expect(() => db.global.repository(Note)).toThrow(expect.objectContaining(code));
    await db.global.repository(Slug).create({ name: "a", tenant: id });
    // What stands where a tenant's id would is an unknown tenant like any other.
    expect(await db.tenant(place).available()).toBe(false);
    expect(await db.tenant(place).repository(Note).list()).toEqual([]);
    await expect(db.tenant(place).repository(Note).create({ id: 1 })).rejects.toMatchObject({
      code: "TENANT_UNAVAILABLE",
    });
    for await (const tenant of db.tenants.list()) expect(tenant.id).toBe(id);
    const recorder = recording(engine);
    const watched = await open({ engine: recorder, entities: [Note], global: [Slug] });
    recorder.take();
    await watched.global.repository(Slug).put({ name: "c", tenant: id });
    const { control } = new Keyspace();
    const keys = recorder.take().flatMap(({ begin }) => (begin[0] === 0xff ? [] : [begin]));
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !control.range.contains(key))).toEqual([]);
    await watched.close();
  });

  test("changes its definition, and is migrated", async () => {
    await db.global.repository(Slug).createMany([1, 2, 3].map((n) => ({ name: `s${n}`, tenant: "t" })));
    const Later = entity("slug", {
      version: 1,
      schema,
      id: ["name"],
      indexes: { byName: { fields: ["tenant", "name"] } },
    });
    const later = await open({ engine, entities: [Note], global: [Later] });
    expect(later.schemaChanges.map(({ kind, name }) => [kind, name])).toContainEqual(["indexAdded", "byName"]);
    const slugs = later.global.repository(Later);
    await expect(slugs.list({ index: "byName" })).rejects.toMatchObject({ code: "INDEX_NOT_READABLE" });
    expect(await later.global.migrate()).toMatchObject({ tenants: 1, done: 1, records: 3, entries: 3, failures: [] });
    expect(await slugs.list({ index: "byName" })).toHaveLength(3);
    await expect(later.global.migrate({ sginal: undefined } as object)).rejects.toMatchObject({
      code: "OPTION_UNKNOWN",
      details: { nearest: "signal" },
    });
    await later.close();
  });

  test("is refused where the database has none, and where a name is given twice", async () => {
    const none = await open({ engine, entities: [Note] });
    expect(() => none.global).toThrow(expect.objectContaining({ code: "GLOBAL_OFF" }));
    await none.close();
    const twice = entity("note", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });
    await expect(open({ engine, entities: [Note], global: [twice] })).rejects.toMatchObject({
      code: "DATABASE_OPTION_INVALID",
    });
  });

  test("moves by lines, too", async () => {
    await db.global.repository(Slug).create({ name: "a", tenant: "t" });
    const lines: string[] = [];
    for await (const line of db.global.export()) lines.push(String(line));
    await db.global.repository(Slug).delete("a");
    expect(await db.global.import(lines)).toMatchObject({ records: 1 });
    expect(await db.global.repository(Slug).get("a")).toEqual({ name: "a", tenant: "t" });
  });
});

describe("external keys", () => {
  test("of a tenant are several; each finds it, none has two tenants, and an erasure frees them", async () => {
    const [one, two] = [
      await db.tenants.provision({ name: "one", externalKey: "stripe:1" }),
      await db.tenants.provision({ name: "two" }),
    ];
    const { externalKeys } = await db.tenants.addExternalKey(one.id, "crm:1", { by: "ann" });
    expect(externalKeys).toEqual(["crm:1"]);
    await db.tenants.addExternalKey(one.id, "crm:1");
    for (const key of ["stripe:1", "crm:1"]) expect((await db.tenants.findByExternalKey(key))?.id).toBe(one.id);
    for (const key of ["stripe:1", "crm:1"]) {
      await expect(db.tenants.addExternalKey(two.id, key)).rejects.toMatchObject({ code: "TENANT_KEY_TAKEN" });
    }
    // Provisioned again by any of them, it is the tenant that is there.
    expect((await db.tenants.provision({ name: "again", externalKey: "crm:1" })).id).toBe(one.id);
    await db.tenants.removeExternalKey(one.id, "stripe:1");
    expect(await db.tenants.findByExternalKey("stripe:1")).toBeUndefined();
    await db.tenants.addExternalKey(two.id, "stripe:1");
    expect((await db.tenants.get(one.id))?.externalKey).toBeUndefined();
    await db.tenants.retire(one.id, { graceMs: 0 });
    await db.tenants.erase(one.id, { withinGrace: true });
    expect(await db.tenants.findByExternalKey("crm:1")).toBeUndefined();
    await db.tenants.addExternalKey(two.id, "crm:1");
    expect((await db.tenants.findByExternalKey("crm:1"))?.id).toBe(two.id);
    await expect(db.tenants.addExternalKey(one.id, "x")).rejects.toMatchObject({ code: "TENANT_MOVE_INVALID" });
    await expect(db.tenants.addExternalKey(two.id, "")).rejects.toMatchObject({ code: "TENANT_PROFILE_INVALID" });
  });

  test("are bounded", async () => {
    const { id } = await db.tenants.provision({ name: "t" });
    for (let n = 0; n < 32; n++) await db.tenants.addExternalKey(id, `k${n}`);
    await expect(db.tenants.addExternalKey(id, "k32")).rejects.toMatchObject({
      code: "TENANT_PROFILE_INVALID",
      details: { part: "externalKeys" },
    });
    expect(await db.tenants.findByExternalKey("k32")).toBeUndefined();
  });
});
