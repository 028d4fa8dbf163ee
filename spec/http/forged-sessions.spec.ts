/** Session tokens that somebody made up: they name a tenant, and cost, fill, push out and tell nothing of it. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { sessionKey } from "../../lib/access/identity/session/session-keys.js";
import { decodeToken, encodeToken, type SessionToken } from "../../lib/access/identity/session/session-token.js";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { sessionAuthenticator, tenantFetch } from "../../lib/http/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { denialWindowMs, tenantStatesCachedMax } from "../../lib/limits/index.js";
import { type Attributes, type Clock, systemClock } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import { newTenantId, type TenantId, type TenantState } from "../../lib/tenant/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";
import { SystemRunner, TransactionHost } from "../../lib/transaction/index.js";

/** So few that forged ids would push a real tenant out at once. */
vi.mock("../../lib/limits/index.js", async (original) => ({ ...(await original<object>()), tenantStatesCachedMax: 8 }));

/** Timers of the audit trail wait for nobody here: what it writes is never among the calls that are compared. */
const clock: Clock = {
  ...systemClock,
  after: (ms, fn) => (ms === denialWindowMs ? () => {} : systemClock.after(ms, fn)),
};

/** All that was said of tenants, by instruments, spans and logs. */
const said: Attributes[] = [];
const instrument = { add: (_: number, all?: Attributes) => void said.push(all ?? {}), record() {} };
const meter = {
  createCounter: () => instrument,
  createHistogram: () => ({ record: (_: number, all?: Attributes) => void said.push(all ?? {}) }),
  createGauge: () => instrument,
};
const tracer = {
  startSpan(_: string, all: Attributes = {}) {
    said.push(all);
    return { setAttributes: (more: Attributes) => void said.push(more), fail() {}, end() {} };
  },
};
const log = (fields: object) => void said.push(fields as Attributes);
const logger = { debug: log, info: log, warn: log, error: log };

/** What engine transactions were tagged with. */
const tags: unknown[] = [];
const noting = (engine: Engine): Engine => ({
  name: engine.name,
  capabilities: engine.capabilities,
  begin() {
    const transaction = engine.begin();
    const { setOption } = transaction;
    transaction.setOption = (name, value) => {
      if (name === "tag") tags.push(value);
      setOption.call(transaction, name, value);
    };
    return transaction;
  },
  close: () => engine.close(),
});

let engine: RecordingEngine;
let db: Database;
let tenant: Tenant;
let real: string;
const states: Record<string, TenantId> = {};
const weighed = new Set<TenantId>();
const weightOf = (id: TenantId): number => {
  weighed.add(id);
  return 1;
};

beforeAll(async () => {
  engine = recording(await openEngine(memory()));
  db = await open({
    engine: noting(engine),
    entities: [],
    clock,
    meter,
    tracer,
    logger,
    serviceLevels: { latencyMs: 50, fast: 0.99, available: 0.99, windowMs: 3_600_000 },
    quotas: { plans: { small: { rates: { calls: { perMinute: 1, burst: 40 } } } }, defaultPlan: "small" },
    fairness: { running: 2, runningPerTenant: 1, waitingPerTenant: 1, weightOf },
    audit: {},
  });
  const registrar = new SystemRunner(new TransactionHost({ engine, keyspace: new Keyspace() }));
  const provision = async (state: TenantState) => {
    const { id } = await db.tenants.provision({ name: state });
    const { token } = await db.tenant(id).sessions.create({ subject: "ada" });
    await registrar.system(async (tx) => {
      const record = await tx.getTenant(id);
      if (record !== undefined) tx.putTenant({ ...record, state, revision: record.revision + 1 });
    });
    states[state] = id;
    return token;
  };
  real = await provision("active");
  for (const state of ["suspended", "quarantined", "retired", "erased"] as const) await provision(state);
  states["unknown"] = newTenantId();
  tenant = db.tenant(states["active"] as TenantId);
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

const forged = (id: TenantId, more: Partial<SessionToken> = {}): string =>
  encodeToken({ tenant: id, id: randomBytes(16), secret: randomBytes(32), ...more });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const service = () => tenantFetch({ db, authenticate: sessionAuthenticator({ db }) }, () => new Response("in"));
async function ask(token: string, path = tenant.id) {
  engine.take();
  const response = await service()(new Request(`http://x/t/${path}/`, { headers: bearer(token) }));
  const asked = engine.take().filter(({ kind }) => kind === "asked");
  // A key is longer by one for each zero byte of a session's id.
  const calls = asked.map(({ operation }) => operation);
  const { "x-request-id": _id, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: await response.text(), calls };
}

describe("forged session tokens", () => {
  test("are one answer after the same engine calls, whatever tenant and session they name", async () => {
    const session = decodeToken(real)?.id;
    const answers = new Set<string>();
    for (const id of Object.values(states)) answers.add(JSON.stringify(await ask(forged(id))));
    answers.add(JSON.stringify(await ask(forged(tenant.id, { id: session ?? new Uint8Array() }))));
    expect([...answers]).toHaveLength(1);
    const { status, body, calls } = JSON.parse([...answers][0] ?? "");
    expect([status, JSON.parse(body).code]).toEqual([401, "TOKEN_INVALID"]);
    expect(calls).toHaveLength(1);
    // As is a token that is good, of a tenant that is not.
    const closed = await ask(real.replace(/^.{23}/, forged(states["suspended"] as TenantId).slice(0, 23)));
    expect([closed.status, closed.body, closed.headers]).toEqual([
      status,
      body,
      JSON.parse([...answers][0] ?? "").headers,
    ]);
  });

  test("a session whose record is damaged is refused as one that is not there", async () => {
    const id = randomBytes(16);
    const { prefix } = new Keyspace().tenant(tenant.id);
    const transaction = engine.begin();
    transaction.set(Buffer.concat([prefix, sessionKey(id)]), Uint8Array.of(9));
    await transaction.commit();
    const damaged = await ask(forged(tenant.id, { id }));
    expect(damaged).toEqual(await ask(forged(tenant.id)));
    const error: unknown = await tenant.sessions.open(forged(tenant.id, { id })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "TOKEN_INVALID", cause: { code: "IDENTITY_CORRUPT" } });
  });

  test("wait in no queue and take no turn of the tenant", async () => {
    let go: (() => void) | undefined;
    const running = tenant.read(async () => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
    });
    await vi.waitUntil(() => go !== undefined);
    const waiting = tenant.read(async () => {});
    weighed.clear();
    expect((await ask(forged(tenant.id))).status).toBe(401);
    expect([...weighed]).toEqual([]);
    go?.();
    await Promise.all([running, waiting]);
  });

  test("are said to be of no tenant: in no metric, span, log line, tag or service level", async () => {
    const id = newTenantId();
    said.length = 0;
    tags.length = 0;
    for (let n = 0; n < 50; n++) expect((await ask(forged(id), id)).status).toBe(401);
    expect(said.length).toBeGreaterThan(0);
    expect(JSON.stringify(said)).not.toContain(id);
    expect(tags).toEqual([]);
    expect(db.serviceLevels.of(id)).toBeUndefined();
  });

  test("push no real tenant out of what a process knows", async () => {
    const stateKey = Buffer.from(new Keyspace().control.registryKey(tenant.id));
    const stateReads = () =>
      engine.take().filter(({ kind, begin }) => kind === "asked" && stateKey.equals(begin)).length;
    await tenant.read(async () => {});
    engine.take();
    await tenant.read(async () => {});
    expect(stateReads()).toBe(0);
    const made = newTenantId();
    for (let n = 0; n <= tenantStatesCachedMax; n++) {
      const id = `${made.slice(0, 24)}${n.toString(16).padStart(12, "0")}` as TenantId;
      await db
        .tenant(id)
        .sessions.open(forged(id))
        .catch(() => {});
    }
    engine.take();
    await tenant.read(async () => {});
    expect(stateReads()).toBe(0);
  });

  test("spend nothing of the tenant's rates, and are not told of them", async () => {
    const passing = async (forgeries: number): Promise<number> => {
      const { id } = await db.tenants.provision({ name: "busy" });
      const { token } = await db.tenant(id).sessions.create({ subject: "ada" });
      for (let n = 0; n < forgeries; n++) expect((await ask(forged(id), id)).status).toBe(401);
      for (let n = 0; ; n++) {
        const { status } = await ask(token, id);
        if (status === 200) continue;
        expect(status).toBe(429);
        // Whoever is verified is told, and nobody else.
        expect((await ask(forged(id), id)).status).toBe(401);
        return n;
      }
    };
    const alone = await passing(0);
    expect(alone).toBeGreaterThan(10);
    expect(await passing(100)).toBe(alone);
  });
});
