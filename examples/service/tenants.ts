/** The service's two tenants, made when it starts for the first time, and their plans. */
import { randomUUID } from "node:crypto";
import type { Database, QuotaOptions, TenantRecord } from "tenantry";
import { Task } from "./entities.js";

/** A small plan, so that its limits are easily met. */
export const quotas: QuotaOptions = {
  defaultPlan: "free",
  plans: {
    free: {
      entities: { task: { records: 25 } },
      storageBytes: 1_000_000,
      rates: { requests: { perMinute: 120, burst: 20 } },
    },
    team: {
      entities: { task: { records: 10_000 } },
      storageBytes: 50_000_000,
      rates: { requests: { perMinute: 6_000, burst: 200 } },
    },
  },
};

const wanted = [
  { name: "Acme", plan: "free", titles: ["Order anvils", "Paint the tunnel", "Call the roadrunner"] },
  { name: "Globex", plan: "team", titles: ["Buy a volcano", "Hire a security guard"] },
] as const;

/** The two tenants: the same ones at every start, by what a billing system would know them by. */
export async function seededTenants(db: Database): Promise<TenantRecord[]> {
  const tenants: TenantRecord[] = [];
  for (const { name, plan, titles } of wanted) {
    const tenant = await db.tenants.provision({ name, plan, externalKey: `example:${name}` });
    const tasks = db.tenant(tenant.id).repository(Task);
    if ((await tasks.first()) === undefined) {
      const createdAt = Date.now();
      await tasks.createMany(titles.map((title) => ({ id: randomUUID(), title, owner: "ada", createdAt })));
    }
    tenants.push(tenant);
  }
  return tenants;
}
