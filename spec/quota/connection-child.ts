/** A process of the connections' spec: holds connections of a tenant until it is killed. */
import { writeSync } from "node:fs";
import { embedded, open, parseTenantId } from "../../lib/index.js";

const [path = "", id = "", count = "", leaseMs = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  const quotas = {
    plans: { few: { connections: Number(count) } },
    defaultPlan: "few",
    connectionLeaseMs: Number(leaseMs),
  };
  const db = await open({ engine: embedded(path), entities: [], quotas });
  await db.tenants.provision({ name: "few", id: parseTenantId(id) });
  const { quotas: own } = db.tenant(parseTenantId(id));
  for (let i = 0; i < Number(count); i++) await own.connect();
  try {
    await own.connect();
  } catch (error) {
    writeSync(1, `${(error as { code?: string }).code}\n`);
  }
}

void main();
