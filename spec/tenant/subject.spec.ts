/** Subjects and principals: what is no well-formed text names nobody, wherever a name comes in. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { isTenantryError } from "../../lib/errors/index.js";
import { tenantContextTextBytesMax } from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import { entity } from "../../lib/schema/index.js";
import { isSubject, type TenantId, tenantContext } from "../../lib/tenant/index.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });

let db: Database;
let tenant: TenantId;
beforeAll(async () => {
  const quotas = { plans: { free: { resources: { seats: 5 } } } };
  db = await open({ engine: memory(), entities: [Note], audit: {}, quotas });
  tenant = (await db.tenants.provision({ name: "a", plan: "free" })).id;
  await db
    .tenant(tenant)
    .repository(Note)
    .createMany([{ id: 1 }, { id: 2 }]);
});
afterAll(() => db.close());

const strange: Readonly<Record<string, unknown>> = {
  "a lone surrogate": "\ud800",
  "one in the middle": "a\udc00b",
  "a pair the wrong way round": "\udc00\ud800",
  nothing: "",
  "U+0000": "ada\0",
  "too many bytes": "é".repeat(tenantContextTextBytesMax / 2 + 1),
  "a number": 7,
  null: null,
  "an array": ["ada"],
  "an object that says it is text": { toString: () => "ada", length: 3 },
  "a String": new String("ada"),
};

/** Every call that takes a subject or a principal, and how it refuses one. */
const calls: Readonly<Record<string, readonly [code: string, call: (text: never) => Promise<unknown>]>> = {
  "a context": ["TENANT_CONTEXT_INVALID", async (subject) => tenantContext({ tenant, subject, roles: [] })],
  "a handle": [
    "TENANT_CONTEXT_INVALID",
    async (subject) => db.tenant(tenant, { context: { tenant, subject, roles: [] } }),
  ],
  "members.add": ["TENANT_CONTEXT_INVALID", (subject) => db.tenant(tenant).members.add(subject)],
  "members.setRoles": ["TENANT_CONTEXT_INVALID", (subject) => db.tenant(tenant).members.setRoles(subject, [])],
  "members.remove": ["TENANT_CONTEXT_INVALID", (subject) => db.tenant(tenant).members.remove(subject)],
  "members.get": ["TENANT_CONTEXT_INVALID", (subject) => db.tenant(tenant).members.get(subject)],
  "members.list": ["TENANT_CONTEXT_INVALID", (after) => db.tenant(tenant).members.list({ after })],
  "sessions.create": ["TENANT_CONTEXT_INVALID", (subject) => db.tenant(tenant).sessions.create({ subject })],
  "sessions.list": ["TENANT_CONTEXT_INVALID", (subject) => db.tenant(tenant).sessions.list(subject)],
  "sessions.revoke": ["TENANT_CONTEXT_INVALID", (subject) => db.tenant(tenant).sessions.revoke(subject, "x")],
  "sessions.revokeAll": ["TENANT_CONTEXT_INVALID", (subject) => db.tenant(tenant).sessions.revokeAll(subject)],
  "page of records": [
    "TENANT_CONTEXT_INVALID",
    (principal) => db.tenant(tenant).repository(Note).page({ size: 1, principal }),
  ],
  "page in a transaction": [
    "TENANT_CONTEXT_INVALID",
    (principal) => db.tenant(tenant).read((tx) => tx.repository(Note).page({ size: 1, principal })),
  ],
  "page of tenants": ["TENANT_CONTEXT_INVALID", (principal) => db.tenants.page({ size: 1, principal })],
  "page of entries": ["TENANT_CONTEXT_INVALID", (principal) => db.audit.page(tenant, { size: 1, principal })],
  "page of entries about a subject": ["AUDIT_OPTION_INVALID", (subject) => db.audit.page(tenant, { size: 1, subject })],
  "entries about a subject": [
    "AUDIT_OPTION_INVALID",
    async (subject) => {
      for await (const _ of db.audit.entries(tenant, { subject })) expect.unreachable();
    },
  ],
  operator: ["TENANT_OPTION_INVALID", (by) => db.operator(tenant, { by, reason: "incident" })],
  "tenants.update": ["TENANT_OPTION_INVALID", (by) => db.tenants.update(tenant, { plan: "free" }, { by })],
  "tenants.suspend": ["TENANT_OPTION_INVALID", (by) => db.tenants.suspend(tenant, { by })],
  "tenants.provision": ["TENANT_OPTION_INVALID", (by) => db.tenants.provision({ name: "b", by })],
  "quotas.setOverride": ["TENANT_OPTION_INVALID", (by) => db.quotas.setOverride(tenant, "seats", 3, { by })],
  "quotas.clearOverride": ["TENANT_OPTION_INVALID", (by) => db.quotas.clearOverride(tenant, "seats", { by })],
};

describe.each(Object.keys(calls))("%s", (name) => {
  test("takes nobody's name", async () => {
    const [code, call] = calls[name] ?? ["", async () => {}];
    for (const [what, text] of Object.entries(strange)) {
      const answer = await call(text as never).then(
        () => "taken",
        (error: unknown) => (isTenantryError(error) ? error.code : error),
      );
      expect([what, answer]).toEqual([what, code]);
    }
  });
});

test("the longest there can be, and any characters besides, name somebody", () => {
  for (const text of ["a", "é".repeat(tenantContextTextBytesMax / 2), "a b\n\u{1f600}", "\ufffd", " "]) {
    expect(isSubject(text)).toBe(true);
  }
});

test("a denied attempt of nobody's is written down without a subject", async () => {
  db.audit.deny(tenant, { code: "EXPORT_DENIED", subject: "\ud800", operation: "export" });
  db.audit.deny(tenant, { code: "EXPORT_DENIED", subject: "ada", operation: "export" });
  const written = async () => (await db.audit.page(tenant, { size: 9, kind: "denial" })).items.length;
  await expect.poll(written, { timeout: 15_000 }).toBe(2);
  const { items } = await db.audit.page(tenant, { size: 9, kind: "denial" });
  expect(items.map(({ subject }) => subject).sort()).toEqual(["ada", undefined]);
}, 20_000);
