/** Every method of a database and of a tenant, called: for specs that hold of all of them. */
import { z } from "zod";
import { type Database, entity, type OpenOptions, type Tenant } from "../lib/index.js";

export const City = entity("city", {
  version: 1,
  schema: z.object({ id: z.int(), name: z.string() }),
  id: ["id"],
  indexes: { byName: { fields: ["name"], unique: true } },
  aggregates: { all: { count: true }, visits: { counter: true } },
});

/** What `open` is given besides the engine. */
export const openOptions: Omit<OpenOptions, "engine"> = {
  entities: [City],
  audit: {},
  quotas: {
    defaultPlan: "free",
    plans: { free: { resources: { seats: 30 }, connections: 1_000, rates: { calls: { perSecond: 10_000 } } } },
  },
};

export interface Given {
  readonly db: Database;
  /** One that has the city 1. */
  readonly tenant: Tenant;
}

/** Calls that succeed on an engine that answers, by name: one for each method that reads or writes. */
export const everyCall: Readonly<Record<string, (given: Given) => Promise<unknown>>> = {
  "db.operator": ({ db, tenant }) => db.operator(tenant.id, { by: "ann", reason: "a look" }),
  "db.rotateCursorKeys": ({ db }) => db.rotateCursorKeys(),
  "db.migrate": ({ db }) => db.migrate(),
  "db.sweep": ({ db }) => db.sweep(),
  "tenants.provision": ({ db }) => db.tenants.provision({ name: "x" }),
  "tenants.resumeProvisioning": ({ db }) => db.tenants.resumeProvisioning(),
  "tenants.get": ({ db, tenant }) => db.tenants.get(tenant.id),
  "tenants.findByExternalKey": ({ db }) => db.tenants.findByExternalKey("x"),
  "tenants.list": async ({ db }) => {
    for await (const _ of db.tenants.list());
  },
  "tenants.page": ({ db }) => db.tenants.page({ size: 1 }),
  "tenants.rename": ({ db, tenant }) => db.tenants.rename(tenant.id, "y"),
  "tenants.update": ({ db, tenant }) => db.tenants.update(tenant.id, { plan: "y" }),
  "tenants.suspend": ({ db, tenant }) => db.tenants.suspend(tenant.id),
  "tenants.quarantine": ({ db, tenant }) => db.tenants.quarantine(tenant.id),
  "tenants.resume": ({ db, tenant }) => db.tenants.resume(tenant.id),
  "tenants.retire": ({ db, tenant }) => db.tenants.retire(tenant.id),
  "tenants.erase": ({ db, tenant }) => db.tenants.erase(tenant.id, { withinGrace: true }),
  "tenants.eraseDue": ({ db }) => db.tenants.eraseDue(),
  "audit.verify": ({ db, tenant }) => db.audit.verify(tenant.id),
  "audit.page": ({ db, tenant }) => db.audit.page(tenant.id, { size: 1 }),
  "audit.seal": ({ db, tenant }) => db.audit.seal(tenant.id),
  "audit.sealAll": async ({ db }) => {
    for await (const _ of db.audit.sealAll());
  },
  "audit.entries": async ({ db, tenant }) => {
    for await (const _ of db.audit.entries(tenant.id));
  },
  "audit.digest": ({ db, tenant }) => db.audit.digest(tenant.id, City, { id: 1, name: "x" }),
  "audit.prune": ({ db, tenant }) => db.audit.prune(tenant.id, { before: new Date(1) }),
  "quotas.usage": ({ db, tenant }) => db.quotas.usage(tenant.id),
  "quotas.overrides": ({ db, tenant }) => db.quotas.overrides(tenant.id),
  "quotas.claims": ({ db, tenant }) => db.quotas.claims(tenant.id, "seats").claim("bob"),
  "quotas.connect": ({ db, tenant }) => db.quotas.connect(tenant.id),
  "quotas.take": ({ db, tenant }) => db.quotas.take(tenant.id, "calls", 1),
  "quotas.recount": ({ db, tenant }) => db.quotas.recount(tenant.id),
  "quotas.setOverride": ({ db, tenant }) => db.quotas.setOverride(tenant.id, "seats", 5),
  "tenant.quotas.usage": ({ tenant }) => tenant.quotas.usage(),
  "tenant.quotas.take": ({ tenant }) => tenant.quotas.take("calls"),
  "tenant.quotas.connect": ({ tenant }) => tenant.quotas.connect(),
  "tenant.claims": ({ tenant }) => tenant.transact((tx) => tx.claims("seats").claim("ann")),
  "tenant.read": ({ tenant }) => tenant.read(async (tx) => tx.repository(City).get(1)),
  "tenant.transact": ({ tenant }) => tenant.transact(async (tx) => tx.repository(City).put({ id: 3, name: "x" })),
  "tenant.sweep": ({ tenant }) => tenant.sweep(),
  "tenant.export": async ({ tenant }) => {
    for await (const _ of tenant.export());
  },
  "tenant.import": async ({ tenant }) => {
    const lines: string[] = [];
    for await (const line of tenant.export()) lines.push(line);
    return tenant.import(lines);
  },
  "tenant.available": ({ tenant }) => tenant.available(),
  "members.add": ({ tenant }) => tenant.members.add("ann", ["reader"]),
  "members.setRoles": ({ tenant }) => tenant.members.setRoles("ann", ["reader"]),
  "members.get": ({ tenant }) => tenant.members.get("ann"),
  "members.list": ({ tenant }) => tenant.members.list(),
  "members.remove": ({ tenant }) => tenant.members.remove("ann"),
  "sessions.create": ({ tenant }) => tenant.sessions.create({ subject: "ann" }),
  "sessions.open": async ({ tenant }) => {
    const { token } = await tenant.sessions.create({ subject: "ann" });
    return tenant.sessions.open(token);
  },
  "sessions.list": ({ tenant }) => tenant.sessions.list("ann"),
  "sessions.revoke": ({ tenant }) => tenant.sessions.revoke("ann", Buffer.alloc(16).toString("base64url")),
  "sessions.revokeAll": ({ tenant }) => tenant.sessions.revokeAll("ann"),
  "sessions.sweep": ({ tenant }) => tenant.sessions.sweep(),
  get: ({ tenant }) => tenant.repository(City).get(1),
  require: ({ tenant }) => tenant.repository(City).require(1),
  entry: ({ tenant }) => tenant.repository(City).entry(1),
  has: ({ tenant }) => tenant.repository(City).has(1),
  getMany: ({ tenant }) => tenant.repository(City).getMany([1]),
  list: ({ tenant }) => tenant.repository(City).list(),
  first: ({ tenant }) => tenant.repository(City).first({ index: "byName" }),
  scan: async ({ tenant }) => {
    for await (const _ of tenant.repository(City).scan());
  },
  scanAll: async ({ tenant }) => {
    for await (const _ of tenant.repository(City).scanAll().batches());
  },
  page: ({ tenant }) => tenant.repository(City).page({ size: 1 }),
  count: ({ tenant }) => tenant.repository(City).count(),
  "count, bounded": ({ tenant }) => tenant.repository(City).count({ max: 1 }),
  aggregate: ({ tenant }) => tenant.repository(City).aggregate("all"),
  groups: ({ tenant }) => tenant.repository(City).groups("all"),
  counters: ({ tenant }) => tenant.repository(City).counters(1),
  verify: ({ tenant }) => tenant.repository(City).verify(),
  create: ({ tenant }) => tenant.repository(City).create({ id: 5, name: "x" }),
  createMany: ({ tenant }) => tenant.repository(City).createMany([{ id: 5, name: "x" }]),
  put: ({ tenant }) => tenant.repository(City).put({ id: 5, name: "x" }),
  putMany: ({ tenant }) => tenant.repository(City).putMany([{ id: 5, name: "x" }]),
  update: ({ tenant }) => tenant.repository(City).update(1, (city) => city),
  patch: ({ tenant }) => tenant.repository(City).patch(1, { name: "z" }),
  add: ({ tenant }) => tenant.repository(City).add(1, { visits: 1 }),
  delete: ({ tenant }) => tenant.repository(City).delete(1),
  deleteMany: ({ tenant }) => tenant.repository(City).deleteMany([1]),
  transform: ({ tenant }) => tenant.repository(City).transform({}, (city) => city),
  deleteWhere: ({ tenant }) => tenant.repository(City).deleteWhere({}, () => true, { name: "all" }),
  watch: async ({ tenant }) => {
    for await (const _ of tenant.repository(City).watch(1)) break;
  },
  forgetWork: ({ tenant }) => tenant.repository(City).forgetWork("all"),
  recount: ({ tenant }) => tenant.repository(City).recount(),
};
