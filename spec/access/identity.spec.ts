/** Members and sessions: what they keep, when a session ends, who may do what with them, and that they stay in their tenant. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeToken } from "../../lib/access/identity/index.js";
import { allow, roles } from "../../lib/access/index.js";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { sessionsPerSubjectMax, sessionTouchDelayMs, sessionTouchMs } from "../../lib/limits/index.js";
import { type Clock, systemClock } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";
import { SystemRunner, TransactionHost } from "../../lib/transaction/index.js";
import { unpack } from "../../lib/tuple/index.js";
import { hardText, neighbours } from "../repository/shelf.js";
import { runs } from "../runs.js";

let now = 1_800_000_000_000;
/** Timers that a test lets run. */
const timers: { ms: number; fn: () => void }[] = [];
const clock: Clock = {
  ...systemClock,
  now: () => now,
  after: (ms, fn) => {
    if (ms !== sessionTouchDelayMs) return systemClock.after(ms, fn);
    timers.push({ ms, fn });
    return () => {};
  },
};

let engine: RecordingEngine;
let db: Database;
let own: Tenant;
let other: Tenant;
beforeAll(async () => {
  engine = recording(await openEngine(memory()));
  const policy = roles({
    administrator: [allow("manage", "members"), allow("manage", "sessions")],
    clerk: [allow("read", "members")],
  });
  db = await open({ engine, entities: [], clock, roles: policy });
  [own, other] = await neighbours(db);
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

const codeOf = async (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (isTenantryError(error) ? error.code : String(error)),
  );
const as = (subject: string, ...names: string[]) =>
  db.tenant(own.id, { context: { tenant: own.id, subject, roles: names } });

describe("members", () => {
  test("are added, changed, listed and removed, in their tenant alone", async () => {
    expect(await own.members.add("ada", ["author"])).toEqual({ subject: "ada", roles: ["author"], joinedAt: now });
    expect(await codeOf(own.members.add("ada"))).toBe("MEMBER_EXISTS");
    now += 1_000;
    expect(await own.members.setRoles("ada", ["editor", "author"])).toEqual({
      subject: "ada",
      roles: ["editor", "author"],
      joinedAt: now - 1_000,
    });
    expect(await own.members.get("ada")).toMatchObject({ roles: ["editor", "author"] });
    expect(await codeOf(own.members.setRoles("bob", []))).toBe("MEMBER_NOT_FOUND");
    expect(await other.members.get("ada")).toBeUndefined();
    expect(await other.members.list()).toEqual([]);
    expect(await other.members.remove("ada")).toBe(false);
    expect(await own.members.remove("ada")).toBe(true);
    expect(await own.members.list()).toEqual([]);
  });

  test("are what a map of subjects is, whatever the subjects are called", async () => {
    const subject = hardText.filter((text) => text !== "" && !text.includes("\0"));
    const step = fc.record({ action: fc.constantFrom("add", "setRoles", "remove"), subject, role: subject });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), async (steps, limit) => {
        const { members } = db.tenant((await db.tenants.provision({ name: "one run" })).id);
        const model = new Map<string, readonly string[]>();
        for (const { action, subject, role } of steps) {
          const there = model.has(subject);
          if (action === "remove") {
            expect(await members.remove(subject)).toBe(there);
            model.delete(subject);
          } else {
            const adding = action === "add";
            const code = await codeOf(adding ? members.add(subject, [role]) : members.setRoles(subject, [role]));
            expect(code).toBe(adding === there ? (adding ? "MEMBER_EXISTS" : "MEMBER_NOT_FOUND") : undefined);
            if (code === undefined) model.set(subject, [role]);
          }
        }
        const listed: [string, readonly string[]][] = [];
        for (let after: string | undefined; ; ) {
          const page = await members.list({ after, limit });
          listed.push(...page.map(({ subject, roles }): [string, readonly string[]] => [subject, roles]));
          after = page.at(-1)?.subject;
          if (page.length < limit) break;
        }
        const byBytes = ([a]: [string, unknown], [b]: [string, unknown]) =>
          Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(listed).toEqual([...model].sort(byBytes));
      }),
      { numRuns: runs(20) },
    );
  });

  test("refuse subjects and roles that no context can have", async () => {
    for (const subject of ["", "x".repeat(513), "\ud800"]) {
      expect(await codeOf(own.members.add(subject))).toBe("TENANT_CONTEXT_INVALID");
      expect(await codeOf(own.members.get(subject))).toBe("TENANT_CONTEXT_INVALID");
    }
    expect(await codeOf(own.members.add("x", [""]))).toBe("TENANT_CONTEXT_INVALID");
    expect(await codeOf(own.members.list({ limit: 0 }))).toBe("PAGE_SIZE_INVALID");
    expect(await codeOf(own.members.list({ limit: 1_001 }))).toBe("PAGE_SIZE_INVALID");
  });

  test("are guarded by roles: one's own may be seen, the rest takes a right", async () => {
    await own.members.add("ada", []);
    for (const work of [
      () => as("bob").members.get("ada"),
      () => as("ada").members.list(),
      () => as("ada").members.add("eve", ["administrator"]),
      () => as("ada").members.setRoles("ada", ["administrator"]),
      () => as("ada").members.remove("ada"),
      () => as("ada", "clerk").members.setRoles("ada", ["administrator"]),
    ]) {
      engine.take();
      expect([work.toString(), await codeOf(work())]).toEqual([work.toString(), "ACCESS_DENIED"]);
      expect(engine.take()).toEqual([]);
    }
    expect(await as("ada").members.get("ada")).toMatchObject({ subject: "ada" });
    expect(await as("bob", "clerk").members.list()).toHaveLength(1);
    expect(await as("bob", "administrator").members.remove("ada")).toBe(true);
  });

  test("and sessions are stored as the formats say", async () => {
    const { id } = await db.tenants.provision({ name: "formats" });
    const tenant = db.tenant(id);
    await tenant.members.add("ada", ["a", "b"]);
    const { token } = await tenant.sessions.create({ subject: "ada", roles: ["a"], methods: ["pwd"], note: "n" });
    const bytes = Buffer.from(token, "base64url");
    const [name, secret] = [bytes.subarray(17, 33), bytes.subarray(33)];
    const { begin, end, prefix } = new Keyspace().tenant(id);
    const transaction = engine.begin();
    const first = { key: begin, orEqual: false, offset: 1 };
    const { rows } = await transaction.getRange(first, { key: end, orEqual: false, offset: 1 });
    transaction.cancel();
    const found = rows
      .map(([key, value]) => [unpack(key.subarray(prefix.length)), value] as const)
      .filter(([[subspace]]) => subspace === 4 || subspace === 12)
      .map(([key, value]) => [key, value.length === 0 ? [] : unpack(value)]);
    const times = [now, now, now + 86_400_000, 1_800_000, now];
    const digest = new Uint8Array(createHash("sha256").update(secret).digest());
    expect(found).toEqual([
      [
        [4, "session", new Uint8Array(name)],
        [1, digest, "ada", ["a"], times, ["pwd"], null, "n"],
      ],
      [[4, "subject", "ada", new Uint8Array(name)], []],
      [
        [12, "ada"],
        [1, now, ["a", "b"]],
      ],
    ]);
  });

  test("take their sessions with them", async () => {
    await own.members.add("ada");
    const { token } = await own.sessions.create({ subject: "ada" });
    const kept = await own.sessions.create({ subject: "bob" });
    await own.members.remove("ada");
    expect(await codeOf(own.sessions.open(token))).toBe("TOKEN_INVALID");
    expect(await own.sessions.open(kept.token)).toMatchObject({ subject: "bob" });
  });
});

describe("sessions", () => {
  test("open with their token, and give what they were made with", async () => {
    const made = await own.sessions.create({
      subject: "ada",
      roles: ["author"],
      methods: ["pwd", "mfa"],
      assurance: "2",
      authenticatedAt: now - 5,
      note: "Firefox",
      idleMs: 10_000,
      lifetimeMs: 60_000,
    });
    expect(await own.sessions.open(made.token)).toEqual(made.session);
    expect(made.session).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      subject: "ada",
      roles: ["author"],
      createdAt: now,
      seenAt: now,
      expiresAt: now + 60_000,
      idleMs: 10_000,
      methods: ["pwd", "mfa"],
      assurance: "2",
      authenticatedAt: now - 5,
      note: "Firefox",
    });
    await own.sessions.revokeAll("ada");
  });

  test("do not open with another token, elsewhere, or by their id", async () => {
    const { token, session } = await own.sessions.create({ subject: "ada" });
    const bytes = Buffer.from(token, "base64url");
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect([at, await codeOf(own.sessions.open(changed.toString("base64url")))]).toEqual([at, "TOKEN_INVALID"]);
    }
    for (const bad of [session.id, "", `${token}=`, `${token}A`, token.slice(1), `${token.slice(0, -1)}/`]) {
      expect(await codeOf(own.sessions.open(bad))).toBe("TOKEN_INVALID");
    }
    expect(await codeOf(other.sessions.open(token))).toBe("TOKEN_INVALID");
    expect(decodeToken(token)?.tenant).toBe(own.id);
    await own.sessions.revokeAll("ada");
  });

  test("keep no secret: nothing that is stored opens one", async () => {
    const { token } = await own.sessions.create({ subject: "ada" });
    const secret = Buffer.from(token, "base64url").subarray(33);
    const transaction = engine.begin();
    const { begin, end } = new Keyspace().tenant(own.id);
    const { rows } = await transaction.getRange(
      { key: begin, orEqual: false, offset: 1 },
      { key: end, orEqual: false, offset: 1 },
    );
    transaction.cancel();
    expect(rows.length).toBeGreaterThan(1);
    const stored = Buffer.concat(rows.flat());
    expect(stored.includes(secret)).toBe(false);
    expect(stored.includes(Buffer.from(token))).toBe(false);
    await own.sessions.revokeAll("ada");
  });

  test("end when they are not used, at their end, and when they are revoked", async () => {
    const idle = await own.sessions.create({ subject: "ada", idleMs: 10_000 });
    const short = await own.sessions.create({ subject: "ada", lifetimeMs: 5_000 });
    now += 4_999;
    expect(await codeOf(own.sessions.open(short.token))).toBeUndefined();
    now += 1;
    expect(await codeOf(own.sessions.open(short.token))).toBe("TOKEN_INVALID");
    now += 4_999;
    expect(await own.sessions.list("ada")).toHaveLength(1);
    now += 1;
    expect(await codeOf(own.sessions.open(idle.token))).toBe("TOKEN_INVALID");
    expect(await own.sessions.list("ada")).toEqual([]);

    const [a, b, c] = [
      await own.sessions.create({ subject: "ada" }),
      await own.sessions.create({ subject: "ada" }),
      await own.sessions.create({ subject: "bob" }),
    ];
    expect(await own.sessions.revoke("bob", a.session.id)).toBe(false);
    expect(await own.sessions.revoke("ada", a.session.id)).toBe(true);
    expect(await own.sessions.revoke("ada", a.session.id)).toBe(false);
    expect(await own.sessions.revoke("ada", "x")).toBe(false);
    for (const none of [
      undefined,
      1,
      Symbol("id"),
      Object.create(Uint8Array.prototype),
      { toString: null },
    ] as never[]) {
      expect(await own.sessions.revoke("ada", none)).toBe(false);
    }
    expect(await codeOf(own.sessions.open(a.token))).toBe("TOKEN_INVALID");
    const d = await own.sessions.create({ subject: "ada" });
    expect(await own.sessions.revokeAll("ada", { except: d.session.id })).toBe(1);
    expect(await codeOf(own.sessions.open(b.token))).toBe("TOKEN_INVALID");
    expect(await codeOf(own.sessions.open(c.token))).toBeUndefined();
    expect(await codeOf(own.sessions.open(d.token))).toBeUndefined();
  });

  test("are touched together and seldom, and a touch does not bring back what was revoked", async () => {
    timers.length = 0;
    const [a, b] = [await own.sessions.create({ subject: "ada" }), await own.sessions.create({ subject: "ada" })];
    const seen = async () => (await own.sessions.list("ada")).find(({ id }) => id === a.session.id)?.seenAt;
    const before = await seen();
    for (let n = 0; n < 20; n++) await own.sessions.open(a.token);
    expect(timers).toEqual([]);
    now += sessionTouchMs;
    engine.take();
    for (let n = 0; n < 20; n++) {
      await own.sessions.open(a.token);
      await own.sessions.open(b.token);
    }
    expect(engine.take().filter(({ kind }) => kind === "written")).toEqual([]);
    expect(timers).toHaveLength(1);
    await own.sessions.revoke("ada", b.session.id);
    expect(await seen()).toBe(before);
    timers[0]?.fn();
    await expect.poll(seen, { timeout: 20_000, interval: 5 }).toBe(now);
    expect(await codeOf(own.sessions.open(b.token))).toBe("TOKEN_INVALID");
    // Touched again and again, it lives longer than its idle time; its end stays its end.
    const end = a.session.expiresAt;
    while (now + 1_000_000 < end) {
      now += 1_000_000;
      timers.length = 0;
      const at = now;
      await own.sessions.open(a.token);
      timers[0]?.fn();
      await expect.poll(seen, { timeout: 20_000, interval: 5 }).toBe(at);
    }
    now = end;
    expect(await codeOf(own.sessions.open(a.token))).toBe("TOKEN_INVALID");
  });

  test("of a subject are bounded: those over go first, then the ones used longest ago", async () => {
    const first = await own.sessions.create({ subject: "many" });
    now += 1;
    for (let n = 1; n < sessionsPerSubjectMax; n++) await own.sessions.create({ subject: "many" });
    expect(await codeOf(own.sessions.open(first.token))).toBeUndefined();
    await own.sessions.create({ subject: "many" });
    expect(await codeOf(own.sessions.open(first.token))).toBe("TOKEN_INVALID");
    expect(await own.sessions.list("many")).toHaveLength(sessionsPerSubjectMax);
    now += 3_600_000;
    expect(await own.sessions.sweep()).toBeGreaterThanOrEqual(sessionsPerSubjectMax);
    expect(await own.sessions.sweep()).toBe(0);
  });

  test("refuse what is out of bounds", async () => {
    const create = (more: object) => codeOf(own.sessions.create({ subject: "ada", ...more }));
    for (const more of [
      { idleMs: 0 },
      { idleMs: Number.NaN },
      { idleMs: 7_776_000_001 },
      { lifetimeMs: -1 },
      { lifetimeMs: 31_536_000_001 },
      { authenticatedAt: -1 },
      { note: "x".repeat(513) },
      { assurance: "\ud800" },
    ]) {
      expect([more, await create(more)]).toEqual([more, "SESSION_INVALID"]);
    }
    expect(await create({ subject: "" })).toBe("TENANT_CONTEXT_INVALID");
    expect(await create({ roles: [""] })).toBe("TENANT_CONTEXT_INVALID");
    expect(await create({ methods: [1] })).toBe("TENANT_CONTEXT_INVALID");
    expect(await own.sessions.list("ada")).toEqual([]);
  });

  test("are guarded by roles: one's own may be seen and ended, the rest takes a right", async () => {
    const { token, session } = await own.sessions.create({ subject: "ada" });
    for (const work of [
      () => as("bob").sessions.list("ada"),
      () => as("bob").sessions.revoke("ada", session.id),
      () => as("bob").sessions.revokeAll("ada"),
      () => as("ada").sessions.create({ subject: "ada", roles: ["administrator"] }),
      () => as("ada").sessions.sweep(),
    ]) {
      expect([work.toString(), await codeOf(work())]).toEqual([work.toString(), "ACCESS_DENIED"]);
    }
    expect(await as("ada").sessions.list("ada")).toHaveLength(1);
    expect(await as("root", "administrator").sessions.list("ada")).toHaveLength(1);
    expect(await as("ada").sessions.revoke("ada", session.id)).toBe(true);
    expect(await codeOf(own.sessions.open(token))).toBe("TOKEN_INVALID");
  });

  test("touch no key outside their tenant", async () => {
    const prefix = Buffer.from(new Keyspace().tenant(own.id).prefix);
    const registry = Buffer.from(new Keyspace().control.registryKey(own.id));
    engine.take();
    const { token } = await own.sessions.create({ subject: "ada" });
    await own.sessions.open(token);
    await own.sessions.list("ada");
    await own.sessions.revokeAll("ada");
    await own.sessions.sweep();
    await own.members.add("ada");
    await own.members.list();
    await own.members.remove("ada");
    const strays = engine
      .take()
      .filter(({ begin }) => !Buffer.from(begin).subarray(0, prefix.length).equals(prefix))
      .filter(({ begin }) => !Buffer.from(begin).subarray(0, registry.length).equals(registry))
      .filter(({ begin }) => !Buffer.from(begin).toString("latin1").includes("metadataVersion"));
    expect(strays).toEqual([]);
  });

  test("and members of a tenant that takes no writes stay as they are", async () => {
    const { id } = await db.tenants.provision({ name: "suspended" });
    const tenant = db.tenant(id);
    const { token } = await tenant.sessions.create({ subject: "ada" });
    const registrar = new SystemRunner(new TransactionHost({ engine, keyspace: new Keyspace() }));
    await registrar.system(async (tx) => {
      const record = await tx.getTenant(id);
      if (record !== undefined) tx.putTenant({ ...record, state: "suspended", revision: record.revision + 1 });
    });
    expect(await codeOf(tenant.sessions.open(token))).toBe("TENANT_UNAVAILABLE");
    expect(await codeOf(tenant.members.add("ada"))).toBe("TENANT_UNAVAILABLE");
  });
});
