/** A member or a session that cannot be read is nobody else's trouble. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeToken } from "../../lib/access/identity/index.js";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { Keyspace, subspacePrefix, subspaces } from "../../lib/keyspace/index.js";
import { systemClock } from "../../lib/observe/index.js";
import { open } from "../../lib/open.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { runs } from "../runs.js";

let engine: Engine;
let db: Database;
let now = 1_800_000_000_000;
beforeAll(async () => {
  engine = await openEngine(memory());
  db = await open({ engine, entities: [], audit: {}, clock: { ...systemClock, now: () => now } });
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

async function damage(tenant: TenantId, key: Uint8Array, bytes: Uint8Array): Promise<void> {
  const transaction = engine.begin();
  transaction.set(new Keyspace().tenant(tenant).absolute(key), bytes);
  await transaction.commit();
}
/** Bytes that are no record of either. */
const junk = fc.uint8Array({ maxLength: 30 }).filter(([first]) => first !== 0x15);

test("members are listed behind one, and it is removed", async () => {
  await fc.assert(
    fc.asyncProperty(junk, async (bytes) => {
      const { id } = await db.tenants.provision({ name: "members" });
      const { members, sessions } = db.tenant(id);
      for (const subject of ["ada", "bob", "cyd"]) await members.add(subject, ["author"]);
      await sessions.create({ subject: "bob" });
      await damage(id, subspacePrefix(subspaces.members, "bob"), bytes);
      const corrupt = { code: "IDENTITY_CORRUPT", details: { kind: "member", subject: "bob" } };
      for (const call of [() => members.get("bob"), () => members.list(), () => members.setRoles("bob", [])]) {
        await expect(call()).rejects.toMatchObject(corrupt);
      }
      expect(await members.list({ after: "bob" })).toMatchObject([{ subject: "cyd" }]);
      expect(await members.remove("bob")).toBe(true);
      expect(await sessions.list("bob")).toEqual([]);
      expect(await members.list()).toMatchObject([{ subject: "ada" }, { subject: "cyd" }]);
      const { items } = await db.audit.page(id, { size: 1, reverse: true });
      expect(items[0]?.changes).toContainEqual(
        expect.objectContaining({ entity: "#members", kind: "delete", before: undefined }),
      );
      expect(await members.add("bob", [])).toMatchObject({ subject: "bob" });
    }),
    { numRuns: runs(10) },
  );
});

test("sessions are opened, listed and swept beside one, which opens nothing", async () => {
  await fc.assert(
    fc.asyncProperty(junk, async (bytes) => {
      const { id } = await db.tenants.provision({ name: "sessions" });
      const { sessions } = db.tenant(id);
      const [lost, kept] = [await sessions.create({ subject: "ada" }), await sessions.create({ subject: "ada" })];
      const place = decodeToken(lost.token)?.id ?? new Uint8Array();
      await damage(id, subspacePrefix(subspaces.sessions, "session", place), bytes);
      await expect(sessions.open(lost.token)).rejects.toMatchObject({ code: "TOKEN_INVALID" });
      expect(await sessions.open(kept.token)).toMatchObject({ subject: "ada" });
      expect(await sessions.list("ada")).toMatchObject([{ id: kept.session.id }]);
      expect((await sessions.create({ subject: "ada" })).session.subject).toBe("ada");
      now += 90_000_000;
      expect(await sessions.sweep()).toBe(2);
      expect(await sessions.revokeAll("ada")).toBe(1);
      expect(await sessions.list("ada")).toEqual([]);
    }),
    { numRuns: runs(10) },
  );
});
