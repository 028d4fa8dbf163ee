/** A database with quotas, its tenants on plans by their names, and what specs look at. */
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { entity, type OpenOptions, open, type QuotaPlan, type UsageReport } from "../../lib/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import type { TenantState } from "../../lib/tenant/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { SystemRunner, TransactionHost } from "../../lib/transaction/index.js";

export const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string() }),
  id: ["id"],
});

export const Tag = entity("tag", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });

export interface Stage extends AsyncDisposable {
  readonly engine: Engine;
  readonly db: Database;
  /** Another database on the same engine, as another process has. */
  another(through?: Engine): Promise<Database>;
  tenant(plan: string): Promise<Tenant>;
  /** Puts a tenant on another plan, as the control plane of any process does. */
  move(tenant: Tenant, plan: string, state?: TenantState): Promise<void>;
}

/** `wrap` puts another engine in front of databases; what `opened` adds goes to `open`. */
export async function openStage(
  plans: Readonly<Record<string, QuotaPlan>>,
  opened: Partial<OpenOptions> = {},
  wrap: (engine: Engine) => Engine | Promise<Engine> = (engine) => engine,
): Promise<Stage> {
  const bare = await openEngine(memory());
  const engine = await wrap(bare);
  const all: Database[] = [];
  const another = async (through = engine): Promise<Database> => {
    const quotas = { plans, ...opened.quotas };
    const db = await open({ engine: through, entities: [Note, Tag], ...opened, quotas });
    all.push(db);
    return db;
  };
  const db = await another();
  return {
    engine: bare,
    db,
    another,
    async tenant(plan) {
      const { id } = await db.tenants.provision({ name: "Acme", plan });
      return db.tenant(id);
    },
    async move({ id }, plan, state = "active") {
      const host = new TransactionHost({ engine: bare, keyspace: new Keyspace() });
      await new SystemRunner(host).system(async (tx) => {
        const record = await tx.getTenant(id);
        if (record !== undefined) tx.putTenant({ ...record, plan, state, revision: record.revision + 1 });
      });
    },
    async [Symbol.asyncDispose]() {
      for (const each of all) await each.close();
      await engine.close();
      if (engine !== bare) await bare.close();
    },
  };
}

/** What a report says of one resource. */
export function usedOf({ resources }: UsageReport, name: string): number | undefined {
  return resources.find(({ resource }) => resource === name)?.used;
}

export const note = (id: number, length = 10) => ({ id, text: "x".repeat(length) });
