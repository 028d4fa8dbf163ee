/** Every error's stack begins in the frame of the program that called. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { roles } from "../../lib/access/index.js";
import { type Engine, EngineError, openEngine } from "../../lib/engine/index.js";
import {
  entity,
  memory,
  open,
  parseTenantId,
  sanitize,
  type TenantId,
  TenantryError,
  tuple,
  validateQuery,
} from "../../lib/index.js";
import { City, everyCall, type Given, openOptions } from "../every-call.js";

const Other = entity("other", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });

const foreign = "3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa" as TenantId;
const own = /(stack\.spec|every-call)\.ts/;
const misuse = (value: unknown): never => value as never;

/** Calls that fail, of every room that has a door. */
const calls: Readonly<Record<string, (given: Given) => unknown>> = {
  entity: () => entity("1", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] }),
  roles: () => roles({ "": [] }),
  parseTenantId: () => parseTenantId("x"),
  validateQuery: () => validateQuery(misuse("x"), []),
  "tuple.pack": () => tuple.pack([misuse({})]),
  parseId: () => City.parseId("x"),
  open: () => open({ engine: memory(), entities: [City, City] }),
  "db.tenant": ({ db }) => db.tenant(misuse("x")),
  "db.quotas": ({ db }) => db.quotas,
  "db.operator": ({ db }) => db.operator(foreign, { by: "ann", reason: "" }),
  "db.migrate": ({ db }) => db.migrate({ concurrency: 0 }),
  "db.sweep": ({ db }) => db.sweep({ concurrency: 0 }),
  "tenants.provision": ({ db }) => db.tenants.provision({ name: "" }),
  "tenants.provision twice": ({ db, tenant }) => db.tenants.provision({ name: "x", id: tenant.id }),
  "tenants.rename": ({ db }) => db.tenants.rename(foreign, "x"),
  "tenants.suspend": ({ db }) => db.tenants.suspend(foreign),
  "tenants.resume": ({ db }) => db.tenants.resume(foreign),
  "tenants.retire": ({ db }) => db.tenants.retire(foreign),
  "tenants.erase": ({ db, tenant }) => db.tenants.erase(tenant.id),
  "tenants.page": ({ db }) => db.tenants.page({ size: 0 }),
  "tenants.list": async ({ db }) => {
    for await (const _ of db.tenants.list({ state: misuse("odd"), signal: AbortSignal.abort() }));
  },
  "audit.verify": ({ db, tenant }) => db.audit.verify(tenant.id, { signal: AbortSignal.abort() }),
  "tenant.repository": ({ tenant }) => tenant.repository(Other),
  "tenant.read": ({ tenant }) => tenant.read(async (tx) => tx.repository(City).require(9)),
  "tenant.transact": ({ tenant }) => tenant.transact(async (tx) => tx.repository(City).require(9)),
  "tenant.transact, options": ({ tenant }) => tenant.transact(async () => {}, { attempts: 0 }),
  "tenant.transact, nested": ({ tenant }) => tenant.transact(async () => tenant.transact(async () => {})),
  "tenant.transact, deadline": ({ tenant }) =>
    tenant.transact(() => new Promise((resolve) => setTimeout(resolve, 50)), { deadline: 5 }),
  "tenant.transact, signal": ({ tenant }) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    return tenant.transact(() => new Promise((resolve) => setTimeout(resolve, 50)), { signal: controller.signal });
  },
  "tenant.transact, pending": ({ tenant }) =>
    tenant.transact(async (tx) => {
      void tx
        .repository(City)
        .get(1)
        .catch(() => {});
    }),
  "tenant.sweep": ({ tenant }) => tenant.sweep({ signal: AbortSignal.abort() }),
  "tenant.export": async ({ db }) => {
    for await (const _ of db.tenant(foreign).export({ signal: AbortSignal.abort() }));
  },
  "tenant.import": ({ tenant }) => tenant.import(["{"]),
  "tenant.quotas": ({ tenant }) => tenant.quotas.usage(),
  "members.add": ({ tenant }) => tenant.members.add("", []),
  "members.setRoles": ({ tenant }) => tenant.members.setRoles("ann", []),
  get: ({ tenant }) => tenant.repository(City).get(misuse("x")),
  "get, signal": ({ tenant }) => tenant.repository(City).get(1, { signal: AbortSignal.abort() }),
  require: ({ tenant }) => tenant.repository(City).require(9),
  getMany: ({ tenant }) => tenant.repository(City).getMany(Array.from({ length: 1_001 }, (_, id) => id)),
  list: ({ tenant }) => tenant.repository(City).list({ index: misuse("byMayor") }),
  first: ({ tenant }) => tenant.repository(City).first({ index: misuse("byMayor") }),
  count: ({ tenant }) => tenant.repository(City).count({ signal: AbortSignal.abort() }),
  page: ({ tenant }) => tenant.repository(City).page({ size: 1, cursor: "x" }),
  aggregate: ({ tenant }) => tenant.repository(City).aggregate(misuse("none"), misuse(undefined)),
  groups: ({ tenant }) => tenant.repository(City).groups("all", { signal: AbortSignal.abort() }),
  counters: ({ tenant }) => tenant.repository(City).counters(misuse("x")),
  explain: ({ tenant }) => tenant.repository(City).explain({ index: misuse("byMayor") }),
  verify: ({ tenant }) => tenant.repository(City).verify({ signal: AbortSignal.abort() }),
  scan: async ({ tenant }) => {
    for await (const _ of tenant.repository(City).scan({ signal: AbortSignal.abort() }));
  },
  "scan, batches": async ({ tenant }) => {
    for await (const _ of tenant.repository(City).scan({ signal: AbortSignal.abort() }).batches());
  },
  scanAll: async ({ tenant }) => {
    for await (const _ of tenant.repository(City).scanAll({ signal: AbortSignal.abort() }));
  },
  create: ({ tenant }) => tenant.repository(City).create({ id: 1, name: "x" }),
  "create, invalid": ({ tenant }) => tenant.repository(City).create(misuse({ id: "x" })),
  "create, unique": ({ tenant }) => tenant.repository(City).create({ id: 2, name: "Paris" }),
  "create, unknown tenant": ({ db }) => db.tenant(foreign).repository(City).create({ id: 1, name: "x" }),
  createMany: ({ tenant }) => tenant.repository(City).createMany([{ id: 1, name: "x" }]),
  put: ({ tenant }) => tenant.repository(City).put({ id: 1, name: "x" }, { ifRevision: 9 }),
  putMany: ({ tenant }) => tenant.repository(City).putMany([misuse({})]),
  update: ({ tenant }) => tenant.repository(City).update(9, (city) => city),
  "update, id": ({ tenant }) => tenant.repository(City).update(1, (city) => ({ ...city, id: 2 })),
  patch: ({ tenant }) => tenant.repository(City).patch(9, {}),
  add: ({ tenant }) => tenant.repository(City).add(9, { visits: 1 }),
  delete: ({ tenant }) => tenant.repository(City).delete(1, { ifRevision: 9 }),
  deleteMany: ({ tenant }) => tenant.repository(City).deleteMany([misuse("x")]),
  transform: ({ tenant }) => tenant.repository(City).transform({}, (city) => ({ ...city, id: 9 })),
  deleteWhere: ({ tenant }) => tenant.repository(City).deleteWhere({}, () => true, { name: "" }),
  watch: async ({ tenant }) => {
    for await (const _ of tenant.repository(City).watch(1, { signal: AbortSignal.abort() }));
  },
  forgetWork: ({ tenant }) => tenant.repository(City).forgetWork(""),
  recount: ({ tenant }) => tenant.repository(City).recount({ signal: AbortSignal.abort() }),
};

async function stackOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    if (error instanceof Error) return error.stack ?? "";
  }
  throw new Error("the call was to fail");
}

const frames = (stack: string): readonly string[] => stack.split("\n").filter((line) => /^\s+at /.test(line));

describe("the stack of an error", () => {
  let given: Given;
  beforeAll(async () => {
    const db = await open({ engine: memory(), entities: [City] });
    const { id } = await db.tenants.provision({ name: "France" });
    given = { db, tenant: db.tenant(id) };
    await given.tenant.repository(City).create({ id: 1, name: "Paris" });
  });
  afterAll(() => given.db.close());

  test.each(Object.keys(calls))("of %s begins in the program", async (name) => {
    const stack = await stackOf(() => calls[name]?.(given));
    expect(frames(stack)[0], stack).toMatch(own);
  });
});

/** An engine that answers until it is told not to. */
function failing(engine: Engine): { readonly engine: Engine; fail(): void } {
  let failed = false;
  const refuse = async (): Promise<never> => {
    await new Promise((resolve) => setImmediate(resolve));
    throw new EngineError(4_100);
  };
  const calls = new Set<PropertyKey>(["get", "getRange", "getKey", "commit", "getReadVersion"]);
  const begin = () =>
    new Proxy(engine.begin(), {
      get(target, name) {
        if (failed && name.toString().startsWith("visit")) return undefined;
        if (failed && calls.has(name)) return refuse;
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const capabilities = { ...engine.capabilities, readsAtOnce: false };
  const proxied = { name: engine.name, capabilities, begin, close: () => engine.close() };
  return {
    engine: proxied,
    fail() {
      failed = true;
    },
  };
}

describe.each(["of an engine that fails", "of a database that is closed"])("the stack of an error %s", (kind) => {
  let given: Given;
  let inner: Engine;
  beforeAll(async () => {
    inner = await openEngine(memory());
    const { engine, fail } = failing(inner);
    const db = await open({ ...openOptions, engine });
    const { id } = await db.tenants.provision({ name: "France" });
    given = { db, tenant: db.tenant(id) };
    await given.tenant.repository(City).create({ id: 1, name: "Paris" });
    if (kind.endsWith("closed")) await db.close();
    else fail();
  });
  afterAll(async () => {
    await inner.close();
  });

  test.each(Object.keys(everyCall))("begins in the program that calls %s", async (name) => {
    const stack = await stackOf(() => everyCall[name]?.(given));
    expect(frames(stack)[0], stack).toMatch(own);
  });
});

describe("the stack of an error in a transaction", () => {
  test("begins where its function calls, not where the transaction does", async () => {
    await using db = await open({ engine: memory(), entities: [City] });
    const { id } = await db.tenants.provision({ name: "France" });
    const tenant = db.tenant(id);
    await tenant.repository(City).create({ id: 1, name: "Paris" });
    const failing = [
      () =>
        tenant.read(async function called(tx) {
          return await tx.repository(City).require(9);
        }),
      () =>
        tenant.read(async function called(tx) {
          for await (const _ of tx.repository(City).scan({ signal: AbortSignal.abort() }));
        }),
      () =>
        tenant.transact(async function called(tx) {
          return await tx.repository(City).require(9);
        }),
      () =>
        tenant.transact(async function called(tx) {
          return await tx.repository(City).create({ id: 1, name: "x" });
        }),
      () =>
        tenant.transact(async function called(tx) {
          return await tx.repository(City).create({ id: 2, name: "Paris" });
        }),
    ];
    for (const call of failing) expect(frames(await stackOf(call))[0]).toMatch(/called/);
  });
});

describe("a stack", () => {
  test("has the name and message before its frames, and as many frames as the program asks for", () => {
    const made = (): Error => new TenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" });
    expect(made().stack).toMatch(/^TenantryError: There is no such record\.\n\s+at .*stack\.spec\.ts/);
    expect(new EngineError(1_020).stack).toMatch(/^EngineError: /);
    const limit = Error.stackTraceLimit;
    try {
      Error.stackTraceLimit = 1;
      const error = made();
      expect(Error.stackTraceLimit).toBe(1);
      expect(frames(error.stack ?? "")).toHaveLength(1);
      Error.stackTraceLimit = 0;
      expect(frames(made().stack ?? "")).toEqual([]);
    } finally {
      Error.stackTraceLimit = limit;
    }
  });

  test("can be set, and is none of the properties that are listed", () => {
    const error: Error = new TenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" });
    expect(Object.keys(error)).not.toContain("stack");
    expect(sanitize(error)).not.toHaveProperty("stack");
    error.stack = "other";
    expect(error.stack).toBe("other");
  });

  test("is left to the program that makes its own", () => {
    const { prepareStackTrace } = Error;
    try {
      Error.prepareStackTrace = (_, sites) => `${sites.length} sites`;
      expect(new TenantryError("RECORD_NOT_FOUND", { entity: "city", id: "1" }).stack).toMatch(/^TenantryError: /);
    } finally {
      if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
      else Error.prepareStackTrace = prepareStackTrace;
    }
  });
});
