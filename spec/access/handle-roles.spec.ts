/** Roles on what a handle has besides repositories: what the tenant may use, and the removal of what has expired. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { allow, forbid, type Permission, roles } from "../../lib/access/index.js";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { open } from "../../lib/open.js";
import type { Denial } from "../../lib/repository/index.js";
import { entity } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";

const Token = entity("token", {
  version: 1,
  schema: z.object({ id: z.int(), owner: z.string(), until: z.date() }),
  id: ["id"],
  expires: "until",
});
const Plain = entity("plain", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });

const some: Readonly<Record<string, readonly Permission[]>> = {
  nobody: [],
  records: [allow("manage", Token), allow("manage", Plain)],
  reader: [allow("read", "quotas")],
  maker: [allow("create", "quotas")],
  releaser: [allow("delete", "quotas")],
  spender: [allow("update", "quotas")],
  most: [allow("manage", "all"), forbid("manage", "quotas")],
  administrator: [allow("manage", "all")],
  cleaner: [allow(["read", "delete"], Token)],
  blindCleaner: [allow("delete", Token)],
  ownCleaner: [allow("read", Token), allow("delete", Token, { where: ({ subject }) => ({ owner: subject }) })],
};

let now = 1_000;
const clock = { now: () => now, monotonic: () => performance.now(), after: () => () => {} };
const denials: Denial[] = [];
let engine: RecordingEngine;
let db: Database;
let tenant: TenantId;

beforeAll(async () => {
  engine = recording(await openEngine(memory()));
  const plans = { free: { resources: { seats: 9 }, rates: { jobs: { perMinute: 1_000 } }, connections: 9 } };
  db = await open({
    engine,
    entities: [Token, Plain],
    roles: roles(some),
    quotas: { plans, defaultPlan: "free" },
    onDenied: (denial) => void denials.push(denial),
    clock,
  });
  tenant = (await db.tenants.provision({ name: "a" })).id;
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

const as = (role: string): Tenant => db.tenant(tenant, { context: { tenant, subject: "u1", roles: [role] } });
const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => (isTenantryError(error, "ACCESS_DENIED") ? error.details : error),
  );

/** Every method, and the action it takes. */
const methods: Readonly<Record<string, readonly [action: string, call: (handle: Tenant) => Promise<unknown>]>> = {
  usage: ["read", (handle) => handle.quotas.usage()],
  has: ["read", (handle) => handle.quotas.claims("seats").has("ada")],
  list: ["read", (handle) => handle.quotas.claims("seats").list()],
  claim: ["create", (handle) => handle.quotas.claims("seats").claim("ada")],
  release: ["delete", (handle) => handle.quotas.claims("seats").release("ada")],
  take: ["update", (handle) => handle.quotas.take("jobs")],
  connect: ["update", async (handle) => (await handle.quotas.connect()).release()],
  "tx has": ["read", (handle) => handle.transact((tx) => tx.claims("seats").has("ada"))],
  "tx list": ["read", (handle) => handle.transact((tx) => tx.claims("seats").list())],
  "tx claim": ["create", (handle) => handle.transact((tx) => tx.claims("seats").claim("bob"))],
  "tx release": ["delete", (handle) => handle.transact((tx) => tx.claims("seats").release("bob"))],
};
const permitted: Readonly<Record<string, readonly string[]>> = {
  reader: ["read"],
  maker: ["create"],
  releaser: ["delete"],
  spender: ["update"],
  administrator: ["read", "create", "update", "delete"],
};

describe("what the tenant may use", () => {
  test.each(Object.keys(methods))("%s takes its right", async (name) => {
    const [action, call] = methods[name] ?? ["", async () => {}];
    for (const role of Object.keys(some)) {
      denials.length = 0;
      engine.take();
      const answer = await codeOf(call(as(role)));
      if (permitted[role]?.includes(action)) {
        expect([role, answer]).toEqual([role, "done"]);
        continue;
      }
      expect([role, answer]).toEqual([role, { entity: "#quotas", action }]);
      expect(denials).toMatchObject([{ entity: "#quotas", action, context: { subject: "u1", roles: [role] } }]);
      // Outside a transaction nothing is asked of the engine before; inside, only the transaction begins.
      const asked = engine.take().filter(({ kind }) => kind === "asked");
      expect(asked.length).toBeLessThanOrEqual(name.startsWith("tx") ? 2 : 0);
      expect(asked.filter(({ operation }) => operation !== "get")).toEqual([]);
    }
    expect(await codeOf(call(db.tenant(tenant)))).toBe("done");
  });

  test("methods are all there are", () => {
    const claims = Object.getPrototypeOf(db.tenant(tenant).quotas.claims("seats")) as object;
    const quotas = Object.getPrototypeOf(db.tenant(tenant).quotas) as object;
    const all = [claims, quotas].flatMap((prototype) => Reflect.ownKeys(prototype)).map(String);
    // `claims` itself asks nothing: what it gives does.
    expect(all.filter((name) => !(name in methods) && !["constructor", "claims"].includes(name))).toEqual([]);
  });

  test("a claim denied within a transaction takes the rest of it along, unless it is caught", async () => {
    const work = as("records").transact(async (tx) => {
      await tx.repository(Plain).create({ id: 1 });
      await tx.claims("seats").claim("eve");
    });
    expect(await codeOf(work)).toEqual({ entity: "#quotas", action: "create" });
    expect(await db.tenant(tenant).repository(Plain).has(1)).toBe(false);
    expect(await db.tenant(tenant).quotas.claims("seats").has("eve")).toBe(false);
  });
});

describe("removing what has expired", () => {
  test("takes the right to read and to delete all that expires", async () => {
    const tokens = db.tenant(tenant).repository(Token);
    for (const [role, action] of Object.entries({
      nobody: "read",
      ownCleaner: "delete",
      blindCleaner: "read",
      reader: "read",
    })) {
      await tokens.put({ id: 1, owner: "u2", until: new Date(now + 1_000) });
      now += 2_000;
      denials.length = 0;
      engine.take();
      expect([role, await codeOf(as(role).sweep())]).toEqual([role, { entity: "token", action }]);
      expect(engine.take()).toEqual([]);
      expect(denials).toHaveLength(1);
    }
    expect(await as("cleaner").sweep()).toEqual({ removed: 1, failed: 0 });
    await tokens.put({ id: 1, owner: "u2", until: new Date(now + 1_000) });
    now += 2_000;
    expect(await db.sweep()).toMatchObject({ removed: 1 });
  });

  test("reads nothing of the tenant where no entity expires, whoever asks", async () => {
    const inner = recording(await openEngine(memory()));
    const own = await open({
      engine: inner,
      entities: [Plain],
      roles: roles({ nobody: [], all: [allow("manage", "all")] }),
    });
    const { id } = await own.tenants.provision({ name: "a" });
    await own.tenant(id).repository(Plain).create({ id: 1 });
    const range = new Keyspace().tenant(id);
    inner.take();
    for (const role of ["nobody", "all"]) {
      const handle = own.tenant(id, { context: { tenant: id, subject: "u1", roles: [role] } });
      expect(await handle.sweep()).toEqual({ removed: 0, failed: 0 });
      expect(inner.take().filter(({ begin }) => range.contains(begin))).toEqual([]);
    }
    await own.close();
    await inner.close();
  });
});
