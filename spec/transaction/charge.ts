/** A process of the idempotency spec: charges once under a fixed key, says what it got, and dies. */
import { writeSync } from "node:fs";
import { embedded, openEngine } from "../../lib/engine/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { parseTenantId } from "../../lib/tenant/index.js";
import { SystemRunner, TransactionHost, TransactionRunner } from "../../lib/transaction/index.js";
import { count, increment, key } from "./fixture.js";

const [path = "", name = ""] = process.argv.slice(2);
const id = parseTenantId("11111111-1111-4111-8111-111111111111");

async function main(): Promise<void> {
  const options = { engine: await openEngine(embedded(path)), keyspace: new Keyspace() };
  const host = new TransactionHost(options);
  const runner = new TransactionRunner(options, host);
  const tenant = { id, name: "Acme", state: "active", incarnation: 1, createdAt: 1, revision: 1 } as const;
  await new SystemRunner(host).system(async (tx) => tx.putTenant(tenant));
  const value = await runner.transact(
    id,
    async (tx) => {
      increment(tx, key("charges"));
      return name;
    },
    { idempotencyKey: "charge" },
  );
  const charges = count(await runner.read(id, (tx) => tx.get(key("charges"))));
  writeSync(1, `${value} ${charges}\n`);
  process.kill(process.pid, "SIGKILL");
}

void main();
