/** Opening global data: the one place of its own keyspace in which it lies, made when it is first needed. */
import { Definitions, Migration, type SchemaCheck } from "../migration/index.js";
import { type CursorSeal, RepositoryFactory } from "../repository/index.js";
import type { AnyEntity, SchemaChange } from "../schema/index.js";
import { parseTenantId, type TenantRecord } from "../tenant/index.js";
import {
  callTerms,
  type RunnerOptions,
  SystemRunner,
  TransactionHost,
  TransactionRunner,
} from "../transaction/index.js";
import { GlobalData } from "./global-data.js";

/** What opening it takes: the database's own ports, under which hooks and policies of tenants do not run. */
export interface GlobalOpening extends Omit<RunnerOptions, "hooks" | "policies" | "serviceLevels" | "onViolation"> {
  readonly entities: ReadonlySet<AnyEntity>;
  readonly schemaCheck: SchemaCheck;
  readonly seal: CursorSeal;
  readonly now: () => number;
}

/** Global data that is open. */
export interface OpenedGlobal {
  readonly data: GlobalData;
  readonly changes: readonly SchemaChange[];
  readonly runner: TransactionRunner;
}

/** What stands where a tenant's id would: any will do, as nothing else is in this keyspace. */
const id = parseTenantId("00000000-0000-4000-8000-000000000000");

/** One range read and a get, and a write the first time. */
export async function openGlobal(opening: GlobalOpening): Promise<OpenedGlobal> {
  const { entities, schemaCheck, seal, now } = opening;
  const keyspace = opening.keyspace.global();
  const running: RunnerOptions = { ...opening, keyspace, hooks: [], policies: [] };
  const host = new TransactionHost(running);
  const runner = new TransactionRunner(running, host);
  const control = new SystemRunner(host);
  const definitions = new Definitions(control, keyspace.control);
  const { models, changes } = await definitions.meet(entities, schemaCheck);
  const record: TenantRecord = { id, name: "global", state: "active", incarnation: 1, createdAt: now(), revision: 1 };
  await control.system(
    async (transaction) => {
      if ((await transaction.getTenant(id)) === undefined) transaction.putTenant(record);
    },
    callTerms("open", undefined, undefined),
  );
  const repositories = new RepositoryFactory(models, seal, keyspace.tenant(id).prefixLength, undefined, now);
  async function* all(): AsyncGenerator<TenantRecord> {
    yield record;
  }
  const parts = { models, repositories, runner, definitions, listTenants: all };
  const data = new GlobalData({
    id,
    runner,
    repositories,
    migrate: (options) => new Migration(parts, options).run(),
  });
  return { data, changes, runner };
}
