/** What is given back is a copy or frozen: nothing that a caller does to it is seen by anybody else. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import { entity } from "../../lib/schema/index.js";
import type { TenantId, TenantRecord } from "../../lib/tenant/index.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });

let db: Database;
let id: TenantId;
const seen: TenantRecord[] = [];
beforeAll(async () => {
  const plans = { free: { resources: { seats: 5 } } };
  const overrides = (tenant: TenantRecord) => void seen.push(tenant);
  const serviceLevels = { latencyMs: 1_000, fast: 0.9, available: 0.9, windowMs: 60_000 };
  db = await open({ engine: memory(), entities: [Note], quotas: { plans, overrides }, serviceLevels });
  id = (await db.tenants.provision({ name: "a", plan: "free", metadata: { sales: "north" } })).id;
  await db.quotas.setOverride(id, "seats", 3);
  await db.tenant(id).repository(Note).create({ id: 1 });
});
afterAll(() => db.close());

/** Changes all that it can of a value; what it reached. */
function spoil(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Uint8Array) {
    value.fill(0xee);
    return;
  }
  for (const [name, item] of Object.entries(value)) {
    spoil(item);
    Reflect.set(value, name, "spoilt");
  }
  Reflect.set(value, "added", "spoilt");
}

test("whatever is done to it", async () => {
  const calls: Readonly<Record<string, () => unknown>> = {
    "tenants.get": () => db.tenants.get(id),
    usage: () => db.tenant(id).quotas.usage(),
    overrides: () => db.quotas.overrides(id),
    explain: () => db.tenant(id).repository(Note).explain({ from: 1 }),
    "explain of all": () => db.tenant(id).repository(Note).explain(),
    schemaChanges: () => db.schemaChanges,
    objectives: () => db.serviceLevels.objectives,
    "tenants.page": () => db.tenants.page({ size: 1 }),
    get: () => db.tenant(id).repository(Note).get(1),
    "what a program is shown of a tenant": () => seen.at(-1),
  };
  for (const [name, call] of Object.entries(calls)) {
    const before = structuredClone(await call());
    spoil(await call());
    expect([name, await call()]).toEqual([name, before]);
  }
  await db.tenant(id).quotas.claims("seats").claim("ada");
  expect(await db.tenant(id).repository(Note).list()).toEqual([{ id: 1 }]);
});
