/** Roles are granted by whoever has them, signing in is a right of its own, and nobody has signed in who is going to. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allow, type Principal, requireMfa, roles } from "../../lib/access/index.js";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { tokenClockToleranceMs } from "../../lib/limits/index.js";
import { systemClock } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { runs } from "../runs.js";
import { codeOf } from "../transaction/fixture.js";

const now = 1_800_000_000_000;
const clock = { ...systemClock, now: () => now };
const all = ["a", "b", "c"];

let db: Database;
let own: Tenant;
beforeAll(async () => {
  const policy = roles({
    a: [],
    b: [],
    c: [],
    administrator: [allow("manage", "members")],
    warden: [allow("manage", "sessions")],
    door: [allow("create", "signIns")],
    owner: [allow("manage", "all")],
  });
  db = await open({ engine: memory(), entities: [], clock, roles: policy });
  const { id } = await db.tenants.provision({ name: "own" });
  own = db.tenant(id);
});
afterAll(() => db.close());

const as = (...names: string[]): Tenant =>
  db.tenant(own.id, { context: { tenant: own.id, subject: "ann", roles: names } });
const some = fc.subarray(all);
const lacks = (who: readonly string[], granted: readonly string[]): boolean =>
  granted.some((role) => !who.includes(role));

describe("a role", () => {
  test("is granted to a member by whoever has it, and kept or taken by whoever may change members", async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(some, some, some, async (has, first, second) => {
        const subject = `member ${n++}`;
        const { members } = as("administrator", ...has);
        const denied = lacks(has, first);
        expect(await codeOf(members.add(subject, first))).toBe(denied ? "ACCESS_DENIED" : undefined);
        expect(await own.members.get(subject)).toEqual(denied ? undefined : { subject, roles: first, joinedAt: now });
        if (denied) await own.members.add(subject, first);
        const more = second.filter((role) => !first.includes(role));
        const refused = lacks(has, more);
        expect(await codeOf(members.setRoles(subject, second))).toBe(refused ? "ACCESS_DENIED" : undefined);
        expect((await own.members.get(subject))?.roles).toEqual(refused ? first : second);
      }),
      { numRuns: runs(40) },
    );
  });

  test("of a member is no reason to sign somebody in with it", async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(some, some, some, async (has, member, session) => {
        const subject = `signed in ${n++}`;
        await own.members.add(subject, member);
        const signing = as("door", ...has).sessions.create({ subject, roles: session });
        const denied = lacks(has, [...member, ...session]);
        expect(await codeOf(signing)).toBe(denied ? "ACCESS_DENIED" : undefined);
        expect(await own.sessions.list(subject)).toHaveLength(denied ? 0 : 1);
      }),
      { numRuns: runs(40) },
    );
  });

  test("is granted by a handle without a context, and one of whoever manages all grants what it has", async () => {
    await own.members.add("anybody", ["owner"]);
    expect((await own.sessions.create({ subject: "anybody", roles: ["owner"] })).session.roles).toEqual(["owner"]);
    expect(await codeOf(as("owner").members.add("heir", ["owner"]))).toBeUndefined();
    expect(await codeOf(as("owner").members.add("other", ["a"]))).toBe("ACCESS_DENIED");
  });
});

test("signing in and ending sessions are two rights", async () => {
  await own.sessions.create({ subject: "bob" });
  const { id = "" } = (await own.sessions.list("bob"))[0] ?? {};
  const [warden, door] = [as("warden").sessions, as("door").sessions];
  expect(await codeOf(warden.create({ subject: "bob" }))).toBe("ACCESS_DENIED");
  expect(await codeOf(as("warden").sessions.create({ subject: "ann" }))).toBe("ACCESS_DENIED");
  for (const call of [door.list("bob"), door.revoke("bob", id), door.revokeAll("bob"), door.sweep()]) {
    expect(await codeOf(call)).toBe("ACCESS_DENIED");
  }
  expect(await codeOf(door.create({ subject: "bob" }))).toBeUndefined();
  expect(await warden.revokeAll("bob")).toBe(2);
});

describe("having signed in in times to come", () => {
  test("makes no session", async () => {
    for (const authenticatedAt of [now + 1, now + 1e9, Number.MAX_SAFE_INTEGER, Number.NaN, -1, 0.5]) {
      const made = own.sessions.create({ subject: "carl", authenticatedAt });
      await expect(made).rejects.toMatchObject({ code: "SESSION_INVALID", details: { part: "authenticatedAt" } });
    }
    const { session } = await own.sessions.create({ subject: "carl", authenticatedAt: now });
    expect(session.authenticatedAt).toBe(now);
  });

  test("is no proof of more than a password", () => {
    const at = (authenticatedAt: number | undefined): Principal => ({
      ...{ tenant: own.id, subject: "ann", roles: [], issuer: "own", expiresAt: now + 1e6, methods: ["mfa"] },
      ...{ authenticatedAt, assurance: undefined, claims: {} },
    });
    for (const maxAgeMs of [undefined, 0, 60_000]) {
      for (const ahead of [tokenClockToleranceMs + 1, 1e9, Number.NaN]) {
        const code = expect.objectContaining({ code: "MFA_REQUIRED" });
        expect(() => requireMfa(at(now + ahead), { maxAgeMs, clock })).toThrow(code);
      }
      for (const ahead of [0, tokenClockToleranceMs]) requireMfa(at(now + ahead), { maxAgeMs, clock });
    }
    requireMfa(at(undefined), { clock });
    const code = expect.objectContaining({ code: "MFA_REQUIRED" });
    expect(() => requireMfa(at(undefined), { clock, maxAgeMs: 1_000 })).toThrow(code);
    expect(() => requireMfa(at(now - 1_001), { clock, maxAgeMs: 1_000 })).toThrow(code);
    expect(() => requireMfa(at(now), { maxAge: 1 } as never)).toThrow(
      expect.objectContaining({ code: "OPTION_UNKNOWN" }),
    );
  });
});
