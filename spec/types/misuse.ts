/** Misuse does not compile: each line below an expectation is an error of the compiler, or this file is. */
import { z } from "zod";
import {
  type Database,
  entity,
  type OpenOptions,
  open,
  type Tenant,
  type TenantId,
  validateQuery,
} from "../../lib/index.js";
import type { TenantTransaction } from "../../lib/transaction/index.js";

const City = entity("city", {
  version: 1,
  schema: z.object({ id: z.int(), name: z.string(), mayor: z.string().optional() }),
  id: ["id"],
  indexes: { byName: { fields: ["name"] } },
});
const Line = entity("line", {
  version: 1,
  schema: z.object({ order: z.string(), n: z.int() }),
  id: ["order", "n"],
});

/** What operators may not set. */
export async function ofQuotas(db: Database, id: TenantId): Promise<void> {
  // @ts-expect-error a limit for a rate
  db.quotas.setOverride(id, "rate:calls", 5);
  // @ts-expect-error a rate for what is counted
  db.quotas.setOverride(id, "seats", { perMinute: 5 });
  // @ts-expect-error no limit at all
  db.quotas.setOverride(id, "seats", null);
  // @ts-expect-error tenants do not set their own
  db.tenant(id).quotas.setOverride("seats", 5);
}

/** What a holder of a tenant, and of nothing else, may not write. */
export async function ofTenant(tenant: Tenant, id: TenantId): Promise<void> {
  // @ts-expect-error a tenant is made by a database alone
  new (null as never as typeof Tenant)(id, undefined, undefined);
  // @ts-expect-error the way to another tenant
  tenant.tenant(id);
  // @ts-expect-error its engine
  tenant.engine;
  // @ts-expect-error its runner
  tenant.runner;
  // @ts-expect-error its database
  tenant.database;
  // @ts-expect-error its keys
  tenant.prefix;
  // @ts-expect-error another id
  tenant.id = id;
  // @ts-expect-error a name for an entity
  tenant.repository("city");

  const cities = tenant.repository(City);
  // @ts-expect-error the table behind it
  cities.table;
  // @ts-expect-error an id of another type
  await cities.get("1");
  // @ts-expect-error a scalar for a composite id
  await tenant.repository(Line).get("order");
  // @ts-expect-error parts in another order
  await tenant.repository(Line).get([1, "order"]);
  // @ts-expect-error a field that is missing
  await cities.create({ id: 1 });
  // @ts-expect-error a field misspelt
  await cities.patch(1, { nmae: "Lyon" });
  // @ts-expect-error a field of the id
  await cities.patch(1, { id: 2 });
  // @ts-expect-error a required field removed
  await cities.patch(1, { name: undefined });
  // @ts-expect-error an index there is not
  await cities.list({ index: "byMayor" });
  // @ts-expect-error a value of another type
  await cities.list({ index: "byName", equals: [1] });
  // @ts-expect-error a predicate: one range is what can be asked
  await cities.list({ where: { name: "Lyon" } });
  // @ts-expect-error raw bytes for a cursor
  await cities.page({ size: 1, cursor: new Uint8Array() });
  // @ts-expect-error a page without a size
  await cities.page({});

  await tenant.transact(async (tx) => {
    // @ts-expect-error the transaction under it
    tx.raw;
    // @ts-expect-error its parent
    tx.parent;
    // @ts-expect-error the same transaction for another tenant
    tx.at(id);
    // @ts-expect-error raw keys
    tx.set(new Uint8Array(), new Uint8Array());
    // @ts-expect-error its commit, which is the runner's
    await tx.commit();
    // @ts-expect-error a repair, which is many transactions
    await tx.repository(City).verify({ repair: true });
    // @ts-expect-error a change of a record that nobody can read
    await tx.repository(City).patch(1, { name: "Lyon" }, { unreadable: true });
  });
  await tenant.read(async (tx) => {
    // @ts-expect-error a write in a transaction that reads
    await tx.repository(City).create({ id: 1, name: "Lyon" });
    // @ts-expect-error something to do after a commit there is not
    tx.afterCommit(() => {});
  });
}

/** Ids of tenants are parsed, never asserted by accident. */
export async function ofIds(db: Database): Promise<void> {
  // @ts-expect-error any text
  db.tenant("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa");
  // @ts-expect-error any text
  validateQuery("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa", []);
  // @ts-expect-error a database is opened, not made
  new (db.constructor as never as typeof Database)({});
  // @ts-expect-error its engine
  db.engine;
  // @ts-expect-error a cross-tenant transaction
  await db.transact(async () => {});
  // @ts-expect-error no entities
  const options: OpenOptions = { engine: { engine: "memory" } };
  await open(options);
}

/** What a tenant's transaction, inside the library, does not have. */
export function ofTransaction(transaction: TenantTransaction, id: TenantId): void {
  // @ts-expect-error the engine's transaction
  transaction.engine;
  // @ts-expect-error the root
  transaction.raw;
  // @ts-expect-error the parent
  transaction.parent;
  // @ts-expect-error another tenant
  transaction.at(id);
  // @ts-expect-error another tenant, as the control plane may
  transaction.actAsTenant(id);
  // @ts-expect-error another id
  transaction.tenantId = id;
  // @ts-expect-error a range with one end
  transaction.clearRange({ begin: new Uint8Array() });
  // @ts-expect-error a selector for a bound
  transaction.getRange({ begin: { key: new Uint8Array(), orEqual: true, offset: 1 }, end: new Uint8Array() });
  // @ts-expect-error options of the engine
  transaction.setOption("accessSystemKeys");
}
