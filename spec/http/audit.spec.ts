/** What the door refuses in the audit trail: of whom it was verified to be, out of band, and in nobody else's. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { jwtAuthenticator, requireMfa } from "../../lib/access/index.js";
import { type Refusal, sessionAuthenticator, type TenantDoorOptions, tenantFetch } from "../../lib/http/index.js";
import { denialEntriesMax, denialWindowMs } from "../../lib/limits/index.js";
import { type Clock, systemClock } from "../../lib/observe/index.js";
import type { OpenOptions } from "../../lib/open-options.js";
import { isTenantState, type TenantId, tenantStates } from "../../lib/tenant/index.js";
import { collect } from "../repository/shelf.js";
import { frameworks, openStage, type Stage } from "./stage.js";

/** Timers of denied attempts, which the spec lets go off. */
const held = new Set<() => void>();
const clock: Clock = {
  ...systemClock,
  after(ms, fn) {
    if (ms !== denialWindowMs) return systemClock.after(ms, fn);
    held.add(fn);
    return () => held.delete(fn);
  },
};

const counted = new Map<string, number>();
const meter = {
  createCounter: (name: string) => ({
    add(n: number, { code = "" }: { code?: unknown } = {}) {
      if (name === "tenantry.denials") counted.set(String(code), (counted.get(String(code)) ?? 0) + n);
    },
  }),
  createHistogram: () => ({ record() {} }),
  createGauge: () => ({ record() {} }),
};
const warnings: unknown[] = [];
const logger = { debug() {}, info() {}, warn: (...said: unknown[]) => void warnings.push(said), error() {} };

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({}, { audit: {}, clock, meter, logger });
});
afterAll(() => stage[Symbol.asyncDispose]());

const bearer = async (claims: Readonly<Record<string, unknown>> = {}) => ({
  authorization: `Bearer ${await stage.own.token(claims)}`,
});

interface Told {
  readonly tenant: TenantId;
  readonly subject: string | undefined;
  readonly code: string;
  readonly count: number;
  readonly requestId: string | undefined;
  readonly operation: string | undefined;
}

/** Writes what waits, and waits until it is: tenants are written one after another, and the witness is the last. */
async function flushed(): Promise<void> {
  const { id } = await stage.db.tenants.provision({ name: "witness" });
  stage.db.audit.deny(id, { code: "WITNESS" });
  for (const fire of held) {
    held.delete(fire);
    fire();
  }
  const isThere = async () => (await collect(stage.db.audit.entries(id, { kind: "denial" }))).length > 0;
  await vi.waitUntil(isThere, { timeout: 10_000, interval: 5 });
  await stage.db.tenants.retire(id);
}

let last = new Map<TenantId, number>();
/** The denials that all trails have more than when this was last asked. */
async function news(): Promise<Told[]> {
  await flushed();
  const now = new Map<TenantId, number>();
  const told: Told[] = [];
  for (const { id, name } of await collect(
    stage.db.tenants.list({ state: Object.keys(tenantStates).filter(isTenantState) }),
  )) {
    if (name === "witness") continue;
    const entries = await collect(stage.db.audit.entries(id, { kind: "denial" }));
    now.set(id, entries.length);
    for (const { subject, requestId, operation, denial } of entries.slice(last.get(id) ?? 0)) {
      told.push({ tenant: id, subject, code: denial?.code ?? "", count: denial?.count ?? 0, requestId, operation });
    }
  }
  last = now;
  return told;
}
beforeEach(async () => {
  await news();
  counted.clear();
  warnings.length = 0;
});

describe.each(frameworks)("over %s", (framework) => {
  const ask = async (tenant: TenantId, headers: Readonly<Record<string, string>>, handler = "notes") =>
    (await stage.send(framework)(`/t/${tenant}/${handler}`, headers)).status;

  test("a refusal is in the trail of the tenant whose subject it is, and in no other", async () => {
    const { tenant, foreign, closed } = stage;
    expect(await ask(foreign, { ...(await bearer({ sub: "eve" })), "x-request-id": "r-1" })).toBe(404);
    expect(await ask(closed.unknown, { ...(await bearer({ sub: "eve" })), "x-request-id": "r-2" })).toBe(404);
    expect(
      await ask(closed.suspended, { ...(await bearer({ tenant: closed.suspended })), "x-request-id": "r-3" }),
    ).toBe(404);
    // What was refused is written when the answer is gone.
    stage.engine.take();
    expect(await ask(closed.unknown, await bearer({ tenant: closed.unknown }))).toBe(404);
    expect(stage.engine.take().filter(({ operation }) => operation === "set")).toEqual([]);
    const common = { count: 1, operation: "request" };
    const told = await news();
    // Tenants come in the order of their ids.
    expect(told.sort((a, b) => (a.code < b.code ? -1 : 1))).toEqual([
      { tenant, subject: "eve", code: "TENANT_FOREIGN", requestId: "r-1", ...common, count: 2 },
      { tenant: closed.suspended, subject: "u1", code: "TENANT_UNAVAILABLE", requestId: "r-3", ...common },
    ]);
    expect(Object.fromEntries(counted)).toEqual({ TENANT_FOREIGN: 2, TENANT_UNAVAILABLE: 2, WITNESS: 1 });
    expect(warnings).toEqual([]);
  });

  test("who is not verified to be anybody is counted, and written nowhere", async () => {
    for (const tenant of [stage.tenant, stage.foreign, stage.closed.suspended, stage.closed.unknown]) {
      expect(await ask(tenant, {})).toBe(401);
      expect(await ask(tenant, { authorization: "Bearer x" })).toBe(401);
      expect(await ask(tenant, await bearer({ exp: 1 }))).toBe(401);
    }
    expect(await news()).toEqual([]);
    expect(Object.fromEntries(counted)).toEqual({ TOKEN_INVALID: 12, WITNESS: 1 });
  });

  test("a permission that is missing is written once, as by whoever asks without a door", async () => {
    expect(await ask(stage.tenant, { ...(await bearer()), "x-request-id": "r-4" }, "new")).toBe(403);
    expect(await news()).toEqual([
      { tenant: stage.tenant, subject: "u1", code: "ACCESS_DENIED", requestId: "r-4", operation: "create", count: 1 },
    ]);
  });

  test("a sign-in that a handler finds too weak is written once", async () => {
    const headers = { ...(await bearer()), "x-request-id": "r-5" };
    expect(await ask(stage.tenant, headers, "strict")).toBe(401);
    expect(await ask(stage.tenant, await bearer({ amr: ["mfa"] }), "strict")).toBe(200);
    expect(await news()).toEqual([
      { tenant: stage.tenant, subject: "u1", code: "MFA_REQUIRED", requestId: "r-5", operation: "request", count: 1 },
    ]);
  });
});

describe("the door", () => {
  const door = (more: Partial<TenantDoorOptions>) => {
    const handle = tenantFetch(
      { db: stage.db, authenticate: jwtAuthenticator(stage.own.options), ...more },
      () => new Response(),
    );
    return async (tenant: TenantId, headers: Readonly<Record<string, string>>): Promise<number> =>
      (await handle(new Request(`http://x/t/${tenant}/`, { headers }))).status;
  };

  test("writes down who is no member, and a sign-in too weak to be let in, of whom it knows who that is", async () => {
    const reasons: Refusal["reason"][] = [];
    const onRefused = ({ reason }: Refusal) => void reasons.push(reason);
    expect(await door({ roles: "members", onRefused })(stage.tenant, await bearer({ sub: "stranger" }))).toBe(404);
    const own = jwtAuthenticator(stage.own.options);
    const authenticate: TenantDoorOptions["authenticate"] = async (request) => {
      const principal = await own(request);
      requireMfa(principal);
      return principal;
    };
    // Before anything is looked at, the path included.
    expect(await door({ authenticate, onRefused })(stage.foreign, await bearer({ sub: "weak" }))).toBe(401);
    expect(await door({ authenticate, onRefused })(stage.tenant, {})).toBe(401);
    expect((await news()).map(({ tenant, subject, code }) => [tenant, subject, code])).toEqual([
      [stage.tenant, "stranger", "MEMBER_UNKNOWN"],
      [stage.tenant, "weak", "MFA_REQUIRED"],
    ]);
    expect(reasons).toEqual(["member", "mfa", "token"]);
  });

  test("does not take a session that is over, or keys that cannot be fetched, for somebody", async () => {
    const { sessions } = stage.db.tenant(stage.tenant);
    const { token } = await sessions.create({ subject: "ada" });
    await sessions.revokeAll("ada");
    const authenticate = sessionAuthenticator({ db: stage.db });
    expect(await door({ authenticate })(stage.tenant, { authorization: `Bearer ${token}` })).toBe(401);
    const unreachable = jwtAuthenticator({
      issuer: "https://id.example/a",
      audience: "notes",
      jwks: "https://id.example/keys",
      fetch: async () => Promise.reject(new Error("down")),
    });
    expect(await door({ authenticate: unreachable })(stage.tenant, await bearer())).toBe(503);
    expect(await news()).toEqual([]);
    expect(Object.fromEntries(counted)).toEqual({ TOKEN_INVALID: 1, WITNESS: 1 });
  });

  test("leaves a trail no longer than its bound however much is tried, in the trail of who tries", async () => {
    const ask = door({});
    const { tenant, foreign } = stage;
    for (let n = 0; n < denialEntriesMax + 20; n++) await ask(foreign, await bearer({ sub: `eve${n}` }));
    const told = await news();
    expect(told).toHaveLength(denialEntriesMax + 1);
    expect(new Set(told.map((one) => one.tenant))).toEqual(new Set([tenant]));
    expect(told.at(-1)).toMatchObject({ code: "OTHERS", count: 20 });
  });

  test("names nobody's tenant but the subject's, and is not stopped by ids that are none", async () => {
    await door({})(stage.foreign, await bearer());
    await flushed();
    const entries = await collect(stage.db.audit.entries(stage.tenant, { kind: "denial", reverse: true }));
    expect(JSON.stringify(entries)).not.toContain(stage.foreign);
    stage.db.audit.hear("constructor", { code: "MINE" });
    stage.db.audit.hear(stage.tenant.toUpperCase(), { code: "MINE" });
    expect((await news()).filter(({ code }) => code === "MINE")).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test.each<[string, Partial<OpenOptions>]>([
    ["without audit", {}],
    ["with audit of changes alone", { audit: { denials: false } }],
  ])("writes nothing %s", async (_, options) => {
    await using bare = await openStage({}, { ...options, meter });
    counted.clear();
    const token = { authorization: `Bearer ${await bare.own.token({})}` };
    expect((await bare.send("fetch")(`/t/${bare.foreign}/notes`, token)).status).toBe(404);
    expect((await bare.send("fetch")(`/t/${bare.foreign}/notes`)).status).toBe(401);
    expect(counted.size).toBe(0);
    bare.db.audit.deny(bare.tenant, { code: "WITNESS" });
    const entries = () => collect(bare.db.audit.entries(bare.tenant, { kind: "denial" }));
    await vi.waitUntil(async () => (await entries()).length > 0, { timeout: 10_000, interval: 20 });
    expect((await entries()).map(({ denial }) => denial?.code)).toEqual(["WITNESS"]);
  });
});
