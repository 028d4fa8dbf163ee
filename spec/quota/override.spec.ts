/** Overrides: what operators set for one tenant goes before its plan, at once, in every process, until it is cleared. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openFoundationDb } from "../../lib/engine/foundationdb/engine.js";
import type { Engine } from "../../lib/engine/index.js";
import { open, type QuotaLimit, type QuotaPlan, type RateLimit, type Tenant } from "../../lib/index.js";
import { quotaOverridesMax, rateLeaseMs } from "../../lib/limits/index.js";
import { type Clock, systemClock } from "../../lib/observe/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { nativeDouble } from "../engine/foundationdb/native-double.js";
import { collect } from "../repository/shelf.js";
import { runs } from "../runs.js";
import { codeOf } from "../transaction/fixture.js";
import { Note, note, openStage, type Stage, Tag } from "./stage.js";

const engines: readonly (readonly [string, (engine: Engine) => Engine | Promise<Engine>])[] = [
  ["embedded", (engine) => engine],
  ["foundationdb over a stand-in", (engine) => openFoundationDb({}, async () => nativeDouble({ engine }))],
];

const plans = {
  small: {
    storageBytes: 10_000,
    entities: { note: { records: 1 } },
    resources: { seats: 1 },
    connections: 1,
    rates: { requests: { perMinute: 60, burst: 5 } },
  },
  large: { entities: { note: { records: 50 } }, resources: { seats: 50 }, connections: 50 },
} satisfies Readonly<Record<string, QuotaPlan>>;

/** Time that is given by hand: what this process measures. The database's own goes on. */
function handClock(): Clock & { pass(ms: number): void } {
  let monotonic = 0;
  return {
    ...systemClock,
    monotonic: () => monotonic,
    pass(ms) {
      monotonic += ms;
    },
  };
}

/** How many notes can be created now, up to `most`; they are deleted again. */
async function room(tenant: Tenant, most: number): Promise<number> {
  const notes = tenant.repository(Note);
  const used = await notes.count();
  let created = 0;
  while (created < most && (await codeOf(notes.create(note(1_000 + created)))) === undefined) created++;
  await notes.deleteMany(Array.from({ length: created }, (_, n) => 1_000 + n));
  return used + created;
}

describe.each(engines)("on %s", (_, wrap) => {
  const staged = (opened: Parameters<typeof openStage>[1] = {}): Promise<Stage> => openStage(plans, opened, wrap);

  test("hold at once in every process for whatever is counted, hard and soft, and go as they came", async () => {
    await using stage = await staged();
    const tenant = await stage.tenant("small");
    const other = await stage.another();
    const there = other.tenant(tenant.id);
    const { quotas } = stage.db;
    for (const each of [tenant, there]) expect(await room(each, 9)).toBe(1);
    await quotas.setOverride(tenant.id, "records:note", 3);
    for (const each of [there, tenant]) expect(await room(each, 9)).toBe(3);
    await other.quotas.setOverride(tenant.id, "records:note", { soft: 4 });
    for (const each of [tenant, there]) expect(await room(each, 9)).toBe(4);
    await quotas.setOverride(tenant.id, "records:note", 0);
    for (const each of [there, tenant]) expect(await room(each, 9)).toBe(0);
    await quotas.setOverride(tenant.id, "records:note", Number.POSITIVE_INFINITY);
    for (const each of [there, tenant]) expect(await room(each, 9)).toBe(9);
    // A limit where the plan has none, of another thing of the same entity.
    await quotas.setOverride(tenant.id, "bytes:note", 100);
    for (const each of [there, tenant]) expect(await room(each, 9)).toBeLessThan(9);
    await quotas.clearOverride(tenant.id, "bytes:note");
    await quotas.setOverride(tenant.id, "storageBytes", 0);
    for (const each of [there, tenant]) expect(await room(each, 9)).toBe(0);
    expect(await codeOf(there.repository(Tag).create({ id: 1 }))).toBe("QUOTA_EXCEEDED");
    await quotas.clearOverride(tenant.id, "storageBytes");
    expect(await quotas.clearOverride(tenant.id, "records:note")).toEqual({});
    for (const each of [there, tenant]) expect(await room(each, 9)).toBe(1);

    const seats = there.quotas.claims("seats");
    await seats.claim("a");
    expect(await codeOf(seats.claim("b"))).toBe("QUOTA_EXCEEDED");
    await quotas.setOverride(tenant.id, "seats", 2);
    await seats.claim("b");
    expect(await codeOf(seats.claim("c"))).toBe("QUOTA_EXCEEDED");

    await using held = await there.quotas.connect();
    expect(await codeOf(tenant.quotas.connect())).toBe("QUOTA_EXCEEDED");
    await quotas.setOverride(tenant.id, "connections", 2);
    await using second = await tenant.quotas.connect();
    expect(await codeOf(there.quotas.connect())).toBe("QUOTA_EXCEEDED");
    await quotas.setOverride(tenant.id, "connections", 0);
    // Nothing is taken away from who has it.
    expect([held.signal.aborted, second.signal.aborted]).toEqual([false, false]);
    expect((await quotas.recount(tenant.id)).every(({ drift }) => drift === 0)).toBe(true);
  });

  test("of a rate hold with the next lease, in a process that nothing but refusals reaches too", async () => {
    const clock = handClock();
    await using stage = await staged({ clock });
    const tenant = await stage.tenant("small");
    const there = (await stage.another()).tenant(tenant.id);
    const { quotas } = stage.db;
    const passed = async (each: Tenant, count: number): Promise<number> => {
      let taken = 0;
      while (taken < count && (await codeOf(each.repository(Note).get(1))) === undefined) taken++;
      return taken;
    };
    for (const each of [tenant, there]) expect(await passed(each, 9)).toBe(9);
    await quotas.setOverride(tenant.id, "rate:calls", { perSecond: 0 });
    // By the record that a process has when a call begins: that of its last transaction.
    for (const each of [tenant, there]) expect(await passed(each, 9)).toBeLessThanOrEqual(1);
    for (const each of [tenant, there]) expect(await passed(each, 9)).toBe(0);
    await quotas.setOverride(tenant.id, "rate:calls", { perMinute: 600, burst: 6 });
    clock.pass(rateLeaseMs);
    for (const each of [tenant, there]) expect(await passed(each, 1)).toBe(0);
    expect((await passed(tenant, 9)) + (await passed(there, 9))).toBeLessThanOrEqual(7);
    await quotas.clearOverride(tenant.id, "rate:calls");
    clock.pass(rateLeaseMs);
    for (const each of [tenant, there]) await passed(each, 1);
    for (const each of [tenant, there]) expect(await passed(each, 20)).toBe(20);
  });

  test("of a rate are not held up by what was leased or refused under another", async () => {
    await using stage = await staged();
    const tenant = await stage.tenant("small");
    const { quotas } = stage.db;
    for (let n = 0; n < 5; n++) await tenant.quotas.take("requests");
    expect(await codeOf(tenant.quotas.take("requests"))).toBe("QUOTA_EXCEEDED");
    await quotas.setOverride(tenant.id, "rate:requests", { perSecond: 1_000_000, burst: 1_000_000 });
    await tenant.quotas.usage();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await tenant.quotas.take("requests", 100)).toMatchObject({ limit: 1_000_000 });
    await tenant.quotas.take("requests");
    await quotas.setOverride(tenant.id, "rate:requests", { perMinute: 1, burst: 2 });
    await tenant.quotas.usage();
    const codes = await Promise.all(Array.from({ length: 9 }, () => codeOf(tenant.quotas.take("requests"))));
    expect(codes.filter((code) => code === undefined).length).toBeLessThanOrEqual(2);
    await quotas.setOverride(tenant.id, "rate:requests", { perMinute: Number.POSITIVE_INFINITY });
    await tenant.quotas.usage();
    expect(await tenant.quotas.take("requests", 1_000)).toBeUndefined();
  });

  test("run a transaction that is under way again under what was set meanwhile", async () => {
    await using stage = await staged();
    const tenant = await stage.tenant("large");
    const elsewhere = await stage.another();
    let attempts = 0;
    const code = await codeOf(
      tenant.transact(async (tx) => {
        attempts++;
        await tx.repository(Note).create(note(attempts));
        if (attempts === 1) await elsewhere.quotas.setOverride(tenant.id, "records:note", 0);
      }),
    );
    expect([code, attempts]).toEqual(["QUOTA_EXCEEDED", 2]);
    expect(await tenant.repository(Note).count()).toBe(0);
  });

  test("are what was set last, else what the program says of the tenant, else its plan: whatever is done in which order", async () => {
    const bound = fc.constantFrom(0, 1, 2, 5, Number.POSITIVE_INFINITY);
    const limit = fc.oneof(
      bound,
      bound.map((soft) => ({ soft })),
    );
    const resource = fc.constantFrom("seats", "records:note", "connections", "storageBytes");
    const step = fc.oneof(
      fc.record({ kind: fc.constant("set" as const), resource, limit }),
      fc.record({ kind: fc.constant("clear" as const), resource }),
      fc.record({ kind: fc.constant("plan" as const), plan: fc.constantFrom("small", "large") }),
      fc.record({ kind: fc.constant("region" as const), region: fc.constantFrom("eu", "us") }),
      fc.record({ kind: fc.constant("pause" as const) }),
    );
    const inEurope: QuotaPlan = { connections: { soft: 7 }, resources: { seats: 7 } };
    await using stage = await staged({
      quotas: { plans, overrides: ({ region }) => (region === "eu" ? inEurope : undefined) },
    });
    const other = await stage.another();
    const said = (plan: QuotaPlan): Record<string, QuotaLimit | undefined> => ({
      seats: plan.resources?.["seats"],
      connections: plan.connections,
      storageBytes: plan.storageBytes,
      "records:note": plan.entities?.["note"]?.records,
    });
    const boundOf = (given: QuotaLimit | undefined): string => {
      if (given === undefined) return "none";
      const [kind, most] = typeof given === "number" ? ["hard", given] : (Object.entries(given)[0] ?? ["", 0]);
      return most === Number.POSITIVE_INFINITY ? "none" : `${kind} ${most}`;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { id } = await stage.tenant("small");
        const stored = new Map<string, QuotaLimit>();
        let [plan, region] = ["small" as "small" | "large", "us"];
        for (const [n, each] of steps.entries()) {
          const { quotas, tenants } = n % 2 === 0 ? stage.db : other;
          if (each.kind === "set") {
            stored.set(each.resource, each.limit);
            await quotas.setOverride(id, each.resource, each.limit);
          } else if (each.kind === "clear") {
            stored.delete(each.resource);
            await quotas.clearOverride(id, each.resource);
          } else if (each.kind === "pause") {
            await tenants.retire(id);
            expect(Object.keys(await quotas.overrides(id)).sort()).toEqual([...stored.keys()].sort());
            await tenants.resume(id);
          } else {
            if (each.kind === "plan") plan = each.plan;
            else region = each.region;
            await tenants.update(id, each.kind === "plan" ? { plan } : { region });
          }
          const expected: Record<string, QuotaLimit | undefined> = {
            ...said(plans[plan]),
            ...(region === "eu" ? { seats: 7, connections: { soft: 7 } } : {}),
            ...Object.fromEntries(stored),
          };
          for (const db of [stage.db, other]) {
            const report = await db.quotas.usage(id);
            expect(Object.keys(report.overrides).sort()).toEqual([...stored.keys()].sort());
            for (const [name, given] of Object.entries(expected)) {
              const found = report.resources.find((one) => one.resource === name);
              const isBound = found?.limit !== undefined;
              expect([name, isBound ? `${found.kind} ${found.limit}` : "none"]).toEqual([name, boundOf(given)]);
            }
          }
        }
      }),
      { numRuns: runs(10) },
    );
  });
});

describe("overrides", () => {
  test("are told of by the report, the registry and its lists, and end with the tenant", async () => {
    await using stage = await openStage(plans);
    const { db } = stage;
    const { id } = await stage.tenant("small");
    expect(await db.quotas.overrides(id)).toEqual({});
    expect((await db.quotas.usage(id)).overrides).toEqual({});
    await db.quotas.setOverride(id, "seats", { hard: 8 });
    await db.quotas.setOverride(id, "storageBytes", { soft: Number.POSITIVE_INFINITY });
    await db.quotas.setOverride(id, "rate:writes", { perSecond: 9 });
    const all = await db.quotas.setOverride(id, "rate:requests", { perMinute: 6, burst: 2 });
    expect(all).toEqual({
      seats: { hard: 8 },
      storageBytes: null,
      "rate:writes": { perSecond: 9, burst: 9 },
      "rate:requests": { perMinute: 6, burst: 2 },
    });
    const report = await db.tenant(id).quotas.usage();
    expect(report.overrides).toEqual(all);
    expect(report.rates["requests"]).toMatchObject({ limit: 2 });
    expect(report.rates["writes"]).toMatchObject({ limit: 9 });
    const listed = await collect(db.tenants.list());
    expect(listed.map(({ quotaOverrides }) => quotaOverrides)).toEqual([all]);
    expect((await db.tenants.page({ size: 5 })).items[0]?.quotaOverrides).toEqual(all);

    await db.tenants.update(id, { plan: "large", name: "Other" });
    await db.tenants.suspend(id);
    expect(await db.quotas.overrides(id)).toEqual(all);
    await db.quotas.clearOverride(id, "rate:writes");
    await db.tenants.resume(id);
    await db.tenants.retire(id, { graceMs: 0 });
    expect(Object.keys(await db.quotas.overrides(id))).toHaveLength(3);
    await db.tenants.erase(id);
    expect(await db.quotas.overrides(id)).toEqual({});
    expect(await codeOf(db.quotas.setOverride(id, "seats", 1))).toBe("TENANT_MOVE_INVALID");
  });

  test("are written down with who and why, each change once, and who is forgotten with the tenant", async () => {
    await using stage = await openStage(plans, { audit: {} });
    const { db } = stage;
    const { id } = await stage.tenant("small");
    const before = await db.tenants.get(id);
    await db.quotas.setOverride(id, "seats", 8, { by: "ann@ops", reason: "contract 7" });
    await db.quotas.setOverride(id, "seats", { hard: 8 }, { by: "bob@ops" });
    await db.quotas.setOverride(id, "rate:calls", { perMinute: Number.POSITIVE_INFINITY });
    await db.quotas.clearOverride(id, "seats", { by: "ann@ops" });
    await db.quotas.clearOverride(id, "seats", { by: "bob@ops" });
    await db.quotas.clearOverride(id, "rate:calls");
    const { quotaOverrides, revision = 0, ...after } = (await db.tenants.get(id)) ?? {};
    expect({ ...after, revision: revision - 4, quotaOverrides }).toEqual(before);
    const told = async () =>
      (await collect(db.audit.entries(id, { kind: "tenant" })))
        .slice(1)
        .map(({ operation, quota, subject, reason, move }) => [operation, quota, subject, reason, move?.to]);
    const expected = [
      ["setOverride", { resource: "seats", limit: { hard: 8 } }, "ann@ops", "contract 7", "active"],
      ["setOverride", { resource: "rate:calls", limit: null }, undefined, undefined, "active"],
      ["clearOverride", { resource: "seats", limit: undefined }, "ann@ops", undefined, "active"],
      ["clearOverride", { resource: "rate:calls", limit: undefined }, undefined, undefined, "active"],
    ];
    expect(await told()).toEqual(expected);
    await db.audit.seal(id);
    expect((await db.audit.verify(id)).intact).toBe(true);
    await db.tenants.retire(id, { graceMs: 0 });
    await db.tenants.erase(id);
    expect((await told()).slice(0, 4)).toEqual(expected.map(([a, b, , , e]) => [a, b, undefined, undefined, e]));
  });

  test.each<[string, string, unknown, string]>([
    ["a negative limit", "seats", -1, "QUOTA_LIMIT_INVALID"],
    ["a fraction", "seats", 1.5, "QUOTA_LIMIT_INVALID"],
    ["an overflow", "seats", 2 ** 53, "QUOTA_LIMIT_INVALID"],
    ["NaN", "seats", Number.NaN, "QUOTA_LIMIT_INVALID"],
    ["a bigint", "seats", 5n, "QUOTA_LIMIT_INVALID"],
    ["nothing", "seats", undefined, "QUOTA_LIMIT_INVALID"],
    ["null", "seats", null, "QUOTA_LIMIT_INVALID"],
    ["a negative soft limit", "storageBytes", { soft: -1 }, "QUOTA_LIMIT_INVALID"],
    ["two kinds at once", "storageBytes", { hard: 1, soft: 1 }, "QUOTA_LIMIT_INVALID"],
    ["a rate where a limit belongs", "seats", { perMinute: 5 }, "OPTION_UNKNOWN"],
    ["a limit that is misspelt", "seats", { herd: 5 }, "OPTION_UNKNOWN"],
    ["a rate that is misspelt", "rate:calls", { perMinute: 5, bust: 9 }, "OPTION_UNKNOWN"],
    ["a limit where a rate belongs", "rate:calls", 5, "QUOTA_LIMIT_INVALID"],
    ["a negative rate", "rate:calls", { perSecond: -1 }, "QUOTA_LIMIT_INVALID"],
    ["a burst without end", "rate:calls", { perSecond: 1, burst: Number.POSITIVE_INFINITY }, "QUOTA_LIMIT_INVALID"],
    ["a resource no plan names", "chairs", 5, "QUOTA_UNKNOWN"],
    ["an entity there is not", "records:chair", 5, "QUOTA_UNKNOWN"],
    ["a rate no plan names", "rate:chairs", { perSecond: 5 }, "QUOTA_UNKNOWN"],
    ["a rate without its prefix", "requests", { perSecond: 5 }, "QUOTA_UNKNOWN"],
    ["a prototype's name", "constructor", 5, "QUOTA_UNKNOWN"],
    ["the name of a prototype", "__proto__", 5, "QUOTA_UNKNOWN"],
    ["no name", undefined as never, 5, "QUOTA_UNKNOWN"],
  ])("refuse %s, and write nothing", async (_, resource, limit, code) => {
    await using stage = await openStage(plans);
    const { id } = await stage.tenant("small");
    expect(await codeOf(stage.db.quotas.setOverride(id, resource, limit as QuotaLimit | RateLimit))).toBe(code);
    if (code === "QUOTA_UNKNOWN") expect(await codeOf(stage.db.quotas.clearOverride(id, resource))).toBe(code);
    expect((await stage.db.tenants.get(id))?.revision).toBe(1);
  });

  test("are of a tenant that is there, by an operator who can be named, and not too many", async () => {
    const resources = Object.fromEntries(Array.from({ length: quotaOverridesMax + 1 }, (_, n) => [`thing${n}`, 1]));
    await using stage = await openStage({ many: { resources } });
    const { quotas } = stage.db;
    const { id } = await stage.tenant("many");
    const unknown = newTenantId();
    for (const ask of [
      () => quotas.setOverride(unknown, "connections", 1),
      () => quotas.clearOverride(unknown, "connections"),
      () => quotas.overrides(unknown),
    ]) {
      expect(await codeOf(ask)).toBe("TENANT_UNKNOWN");
    }
    expect(await codeOf(quotas.setOverride("x" as never, "connections", 1))).toBe("TENANT_ID_INVALID");
    expect(await codeOf(quotas.setOverride(id, "connections", 1, { by: "" }))).toBe("TENANT_OPTION_INVALID");
    const names = Object.keys(resources);
    for (const name of names.slice(0, quotaOverridesMax)) await quotas.setOverride(id, name, 0);
    expect(await codeOf(quotas.setOverride(id, names.at(-1) ?? "", 0))).toBe("QUOTA_OVERRIDES_TOO_MANY");
    expect(Object.keys(await quotas.setOverride(id, names[0] ?? "", 1))).toHaveLength(quotaOverridesMax);
  });

  test("of what a later program has no more are left alone, and can be cleared", async () => {
    await using stage = await openStage(plans);
    const { id } = await stage.tenant("small");
    await stage.db.quotas.setOverride(id, "seats", 5);
    await stage.db.quotas.setOverride(id, "rate:requests", { perSecond: 1 });
    await stage.db.quotas.setOverride(id, "records:tag", 5);
    await using later = await open({ engine: stage.engine, entities: [Note], quotas: { plans: {} } });
    const { quotas } = later;
    await later.tenant(id).repository(Note).create(note(1));
    expect((await quotas.usage(id)).resources.map(({ resource }) => resource)).not.toContain("seats");
    expect(Object.keys(await quotas.clearOverride(id, "seats"))).toEqual(["rate:requests", "records:tag"]);
    expect(await codeOf(quotas.clearOverride(id, "seats"))).toBe("QUOTA_UNKNOWN");
  });
});
