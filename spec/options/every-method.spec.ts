/** Every method that takes options takes them by name, from own properties, once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { allow, forbid, jwtVerifier, type Principal, requireMfa } from "../../lib/access/index.js";
import { copy, type Engine, openEngine } from "../../lib/engine/index.js";
import {
  expressErrors,
  fastifyErrors,
  honoErrors,
  sessionAuthenticator,
  tenantFetch,
  tenantMiddleware,
} from "../../lib/http/index.js";
import {
  assertQuery,
  type Database,
  embedded,
  entity,
  foundationdb,
  memory,
  newTenantId,
  open,
  openTelemetry,
  type Tenant,
  validateQuery,
} from "../../lib/index.js";
import {
  assertOthersUnchanged,
  assertStaysInTenant,
  engineSuite,
  faulty,
  isolationCases,
  isolationLaws,
  sandbox,
} from "../../lib/testing/index.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string() }),
  id: ["id"],
  indexes: { byText: { fields: ["text"] } },
  aggregates: { perText: { count: true, by: ["text"] }, views: { counter: true } },
});
const quotas = { plans: { p: { resources: { seats: 3 } } }, defaultPlan: "p" };

let db: Database;
let tenant: Tenant;
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine(memory());
  db = await open({ engine: memory(), entities: [Note], quotas, audit: {} });
  tenant = db.tenant((await db.tenants.provision({ name: "Acme" })).id);
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

const all = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of items);
};
const notes = () => tenant.repository(Note);
const note = { id: 1, text: "a" };
const put = () => notes().put(note);
const principal: Principal = {
  ...{ tenant: newTenantId(), subject: "a", roles: [], issuer: "me", expiresAt: Date.now() + 60_000 },
  ...{ authenticatedAt: Date.now(), methods: ["mfa"], assurance: undefined, claims: {} },
};

/** What the doors of requests need besides: the database is opened later. */
const sessions = {
  get db() {
    return db;
  },
};
const door = Object.defineProperty({ authenticate: () => {} }, "db", { enumerable: true, get: () => db });

/** The method, one of its options with a value that it takes, a call with the options given, and what these need besides. */
type Row = readonly [of: string, option: string, value: unknown, call: (options: never) => unknown, besides?: object];
const signal = new AbortController().signal;
const rows: readonly Row[] = [
  ["transact", "attempts", 3, (o) => tenant.transact(async () => {}, o)],
  ["read", "deadline", 5_000, (o) => tenant.read(async () => {}, o)],
  ["label", "operation", "sum", (o) => tenant.read(async () => {}, { label: o })],
  ["repository", "verifyOnRead", true, (o) => tenant.repository(Note, o)],
  ["get", "signal", signal, (o) => notes().get(1, o)],
  ["require", "signal", signal, async (o) => (await put()) && (await notes().require(1, o))],
  ["entry", "signal", signal, (o) => notes().entry(1, o)],
  ["has", "signal", signal, (o) => notes().has(1, o)],
  ["getMany", "signal", signal, (o) => notes().getMany([1], o)],
  ["list", "limit", 1, (o) => notes().list(o)],
  ["first", "reverse", true, (o) => notes().first(o)],
  ["scan", "select", ["id"], (o) => all(notes().scan(o))],
  ["scan", "select", ["id"], (o) => all(notes().scanAll(o))],
  ["scanAll", "onProgress", () => {}, (o) => all(notes().scanAll({}, o))],
  ["page", "cursor", undefined, (o) => notes().page(o), { size: 5 }],
  ["count", "limit", 1, (o) => notes().count(o)],
  ["aggregate", "signal", signal, (o) => notes().aggregate("perText", o), { equals: "a" }],
  ["groups", "limit", 1, (o) => notes().groups("perText", o)],
  ["counters", "signal", signal, (o) => notes().counters(1, o)],
  ["explain", "prefix", "a", (o) => notes().explain(o), { index: "byText" }],
  ["verify", "signal", signal, (o) => notes().verify(o)],
  ["verify", "repair", true, (o) => notes().verify(o)],
  ["create", "signal", signal, async (o) => [await notes().delete(2), await notes().create({ ...note, id: 2 }, o)]],
  ["createMany", "signal", signal, (o) => notes().createMany([], o)],
  ["put", "ifRevision", undefined, (o) => notes().put(note, o)],
  ["putMany", "signal", signal, (o) => notes().putMany([note], o)],
  ["update", "ifRevision", undefined, async (o) => (await put()) && (await notes().update(1, (one) => one, o))],
  ["patch", "signal", signal, async (o) => (await put()) && (await notes().patch(1, { text: "b" }, o))],
  ["add", "signal", signal, async (o) => (await put()) && (await notes().add(1, { views: 1 }, o))],
  ["delete", "unreadable", true, (o) => notes().delete(9, o)],
  ["delete", "ifRevision", undefined, (o) => notes().delete(9, o)],
  ["deleteMany", "unreadable", true, (o) => notes().deleteMany([9], o)],
  ["deleteMany", "signal", signal, (o) => notes().deleteMany([9], o)],
  ["transform query", "reverse", true, (o) => notes().transform(o, () => undefined)],
  ["transform", "onUnreadable", () => {}, (o) => notes().transform({}, () => undefined, o)],
  ["transform", "onProgress", () => {}, (o) => notes().transform({}, () => undefined, o)],
  ["deleteWhere query", "reverse", true, (o) => notes().deleteWhere(o, () => false)],
  ["deleteWhere", "onProgress", () => {}, (o) => notes().deleteWhere({}, () => false, o)],
  ["watch", "signal", signal, (o) => notes().watch(1, o)],
  ["forgetWork", "signal", signal, (o) => notes().forgetWork("w", o)],
  ["recount", "signal", signal, (o) => notes().recount(o)],
  ["available", "signal", signal, (o) => tenant.available(o)],
  ["sweep", "limit", 3, (o) => tenant.sweep(o)],
  ["export", "onUnreadable", () => {}, (o) => all(tenant.export(o))],
  ["export", "onProgress", () => {}, (o) => all(tenant.export(o))],
  ["members.list", "limit", 3, (o) => tenant.members.list(o)],
  [
    "members.add",
    "signal",
    signal,
    async (o) => [await tenant.members.remove("a"), await tenant.members.add("a", [], o)],
  ],
  ["sessions.list", "signal", signal, (o) => tenant.sessions.list("a", o)],
  ["sessions.create", "note", "Firefox", (o) => tenant.sessions.create(o), { subject: "a" }],
  ["sessions.revoke", "signal", signal, (o) => tenant.sessions.revoke("a", "none", o)],
  ["sessions.revokeAll", "except", "none", (o) => tenant.sessions.revokeAll("a", o)],
  ["sessions.sweep", "signal", signal, (o) => tenant.sessions.sweep(o)],
  ["jwtVerifier", "maxAgeMs", 5_000, (o) => jwtVerifier(o), { issuer: "me", audience: "me", key: new Uint8Array(32) }],
  ["requireMfa", "maxAgeMs", 5_000, (o) => requireMfa(principal, o)],
  ["claims.list", "after", "a", (o) => tenant.quotas.claims("seats").list(o)],
  ["tenant", "context", undefined, (o) => db.tenant(tenant.id, o)],
  ["operator", "signal", signal, (o) => db.operator(tenant.id, o), { by: "ann", reason: "looks" }],
  ["health", "timeoutMs", 5_000, (o) => db.health(o)],
  ["sweep", "concurrency", 2, (o) => db.sweep(o)],
  ["migrate", "concurrency", 2, (o) => db.migrate(o)],
  ["provision", "plan", "p", (o) => db.tenants.provision(o), { name: "Other" }],
  ["get", "signal", signal, (o) => db.tenants.get(tenant.id, o)],
  ["findByExternalKey", "signal", signal, (o) => db.tenants.findByExternalKey("k", o)],
  ["resumeProvisioning", "signal", signal, (o) => db.tenants.resumeProvisioning(o)],
  ["list", "state", "active", (o) => all(db.tenants.list(o))],
  ["page", "namePrefix", "A", (o) => db.tenants.page(o), { size: 3 }],
  ["rename", "reason", "asked", (o) => db.tenants.rename(tenant.id, "Acme", o)],
  ["update changes", "region", "eu", (o) => db.tenants.update(tenant.id, o)],
  ["update", "reason", "asked", (o) => db.tenants.update(tenant.id, {}, o)],
  ["eraseDue", "reason", "asked", (o) => db.tenants.eraseDue(o)],
  ["setOverride", "reason", "asked", (o) => db.quotas.setOverride(tenant.id, "seats", 5, o)],
  ["clearOverride", "reason", "asked", (o) => db.quotas.clearOverride(tenant.id, "seats", o)],
  ["recount", "repair", false, (o) => db.quotas.recount(tenant.id, o)],
  ["seal", "signal", signal, (o) => db.audit.seal(tenant.id, o)],
  ["sealAll", "signal", signal, (o) => all(db.audit.sealAll(o))],
  ["verify", "head", undefined, (o) => db.audit.verify(tenant.id, o)],
  ["entries", "reverse", true, (o) => all(db.audit.entries(tenant.id, o))],
  ["page", "subject", "ann", (o) => db.audit.page(tenant.id, o), { size: 3 }],
  ["prune", "signal", signal, (o) => db.audit.prune(tenant.id, o), { before: 0 }],
  ["embedded", "lockTimeout", 10, (o) => embedded(o), { path: "./data" }],
  ["memory", "mapBytes", 2 ** 30, (o) => memory(o)],
  ["foundationdb", "clusterFile", "fdb.cluster", (o) => foundationdb(o)],
  ["network", "traceEnable", "/tmp", (o) => foundationdb({ network: o })],
  ["database", "maxWatches", 9, (o) => foundationdb({ database: o })],
  ["TenantDoorOptions", "onError", () => {}, (o) => tenantMiddleware(o), door],
  ["TenantDoorOptions", "onError", () => {}, (o) => tenantFetch(o, () => new Response()), door],
  ["honoErrors", "onError", () => {}, (o) => honoErrors(o)],
  ["expressErrors", "onError", () => {}, (o) => expressErrors(o)],
  ["fastifyErrors", "onError", () => {}, (o) => fastifyErrors(o)],
  ["sessionAuthenticator", "cookie", "__Host-s", (o) => sessionAuthenticator(o), sessions],
  ["allow", "where", { id: 1 }, (o) => allow("read", Note, o)],
  ["forbid", "where", { id: 1 }, (o) => forbid("read", Note, o)],
  ["openTelemetry", "meter", undefined, (o) => openTelemetry(o)],
  ["isolationCases", "runs", 3, (o) => isolationCases(o), { entities: [] }],
  ["isolationLaws", "runs", 3, (o) => isolationLaws(o), { entities: [], test: () => {} }],
  ["sandbox", "fairness", undefined, (o) => sandbox(o), { entities: [], afterEach: false, afterAll: false }],
  ["faulty", "delayMs", 3, (o) => faulty(engine, o), { seed: 1, rates: {} }],
  ["rates", "conflict", 0.1, (o) => faulty(engine, { seed: 1, rates: o })],
  ["engineSuite", "prefix", Uint8Array.of(2, 0), (o) => engineSuite(o), { open: () => openEngine(memory()) }],
  ["validateQuery", "root", ["a"], (o) => validateQuery(tenant.id, [], o)],
  ["validateQuery", "root", ["a"], (o) => assertQuery(tenant.id, [], o)],
  ["assertStaysInTenant", "root", ["a"], (o) => assertStaysInTenant([], tenant.id, o)],
  ["assertOthersUnchanged", "root", ["a"], (o) => assertOthersUnchanged([], [], tenant.id, o)],
];

const called = async (call: Row[3], options: object): Promise<unknown> => await call(options as never);

const methods = rows.map(([of, option, value, call, besides = {}]) => ({ of, option, value, call, besides }));

describe.each(methods)("$of: $option", ({ of, option, value, call, besides }) => {
  test("a misspelt option is refused, with the nearest name", async () => {
    const written = `${option}x`;
    await expect(called(call, { ...besides, [written]: value })).rejects.toMatchObject({
      code: "OPTION_UNKNOWN",
      details: { of, option: written, nearest: option },
    });
    await expect(called(call, null as never)).rejects.toMatchObject({ code: "OPTIONS_INVALID", details: { of } });
  });

  test("what is inherited has no effect, whatever it is", async () => {
    const inherited = { get: () => expect.unreachable(`${option} was read`) };
    await called(call, Object.assign(Object.create(Object.defineProperty({}, option, inherited)), besides));
  });

  test("a signal that is none is refused, where one is taken", async () => {
    const lying = { aborted: "no", addEventListener: () => {} };
    for (const given of ["no signal", null, 1, {}, lying, Object.create(AbortSignal.prototype)]) {
      const { code, details } = await called(call, { ...besides, signal: given }).then(
        () => expect.unreachable("It was taken."),
        (error: { code: string; details: { option: string } }) => error,
      );
      if (code !== "OPTION_UNKNOWN") expect([code, details.option]).toEqual(["TRANSACTION_OPTION_INVALID", "signal"]);
    }
  });

  test("what is given is read once", async () => {
    let reads = 0;
    const get = (): unknown => (++reads === 1 ? value : Symbol("another"));
    await called(call, Object.defineProperty({ ...besides }, option, { enumerable: true, get }));
    expect(reads).toBe(1);
  });
});

test.each([
  ["open", { enigne: memory(), entities: [] }, "engine"],
  ["audit", { engine: memory(), entities: [], audit: { sealKey: [] } }, "sealKeys"],
  ["provisioning", { engine: memory(), entities: [], provisioning: { seeds: [] } }, "seed"],
  ["fairness", { engine: memory(), entities: [], fairness: { runing: 3 } }, "running"],
  ["serviceLevels", { engine: memory(), entities: [], serviceLevels: { latencyMS: 3 } }, "latencyMs"],
])("what %s does not take opens no database", async (of, options, nearest) => {
  await expect(open(options as never)).rejects.toMatchObject({ code: "OPTION_UNKNOWN", details: { of, nearest } });
});

test("a copy takes its own options", async () => {
  const [from, to] = [await openEngine(memory()), await openEngine(memory())];
  const misspelt = copy({ from, to, overwite: true } as never);
  await expect(misspelt).rejects.toMatchObject({ code: "OPTION_UNKNOWN", details: { nearest: "overwrite" } });
  await from.close();
  await to.close();
});
