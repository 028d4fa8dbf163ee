/** What makes repositories: inside a transaction, by the scopes users work with, and outside of one. */
import { systemClock } from "../observe/index.js";
import { assertFunction, assertFunctionIfGiven, takeOptions } from "../options/index.js";
import { type AnyEntity, type EntityModel, unknownEntity } from "../schema/index.js";
import type { TenantContext } from "../tenant/index.js";
import type { ReadTransaction, TenantTransaction } from "../transaction/index.js";
import { type AccessRules, RecordAccess } from "./access/record-access.js";
import type { CursorSeal } from "./cursor.js";
import { type SweepOptions, type Swept, sweepExpired } from "./expiry/sweep.js";
import { type RepositoryOptions, repositoryNames } from "./interface/options.js";
import type { ReadRepository } from "./interface/read-repository.js";
import type { ReadScope, TransactionScope } from "./interface/scope.js";
import type { TenantRepository } from "./interface/tenant-repository.js";
import type { TransactionRepository } from "./interface/transaction-repository.js";
import {
  type ExportOptions,
  exportNames,
  type ImportOptions,
  type ImportSource,
  importNames,
  type TenantExport,
  type TransferProgress,
} from "./interface/transfer.js";
import { TenantRecords } from "./long/tenant-records.js";
import { TenantWatches } from "./long/tenant-watches.js";
import { RecordReader } from "./record-reader.js";
import { RecordTable } from "./table/record-table.js";
import {
  JoinedReader,
  JoinedWriter,
  type RunnerWriter,
  type TenantReader,
  type TenantWriter,
} from "./tenant-reader.js";
import { RecordExport } from "./transfer/tenant-export.js";
import { RecordImport } from "./transfer/tenant-import.js";
import { RecordWriter } from "./write/record-writer.js";
import { TenantUpgrade, type UpgradeOptions } from "./write/tenant-upgrade.js";

/** What all repositories of a database share; it holds no tenant. */
export class RepositoryFactory {
  readonly #models: ReadonlyMap<AnyEntity, EntityModel<AnyEntity>>;
  readonly #seal: CursorSeal;
  readonly #tenantPrefixBytes: number;
  readonly #access: AccessRules | undefined;
  readonly #now: () => number;
  readonly #watches = new TenantWatches();

  /** `access`: what handles with a context are bound by; without it, by nothing. */
  constructor(
    models: ReadonlyMap<AnyEntity, EntityModel<AnyEntity>>,
    seal: CursorSeal,
    tenantPrefixBytes: number,
    access?: AccessRules | undefined,
    now: () => number = () => systemClock.now(),
  ) {
    this.#models = models;
    this.#seal = seal;
    this.#tenantPrefixBytes = tenantPrefixBytes;
    this.#access = access;
    this.#now = now;
  }

  reader<E extends AnyEntity>(entity: E, tenant: TenantReader, options?: RepositoryOptions): ReadRepository<E> {
    return new RecordReader(this.#table(entity, tenant.context, options), tenant, this.#seal);
  }

  writer<E extends AnyEntity>(entity: E, tenant: TenantWriter, options?: RepositoryOptions): TransactionRepository<E> {
    return new RecordWriter(this.#table(entity, tenant.context, options), tenant, this.#seal);
  }

  /** The records of an entity in a tenant, each call a transaction of its own. */
  standing<E extends AnyEntity>(entity: E, tenant: RunnerWriter, options?: RepositoryOptions): TenantRepository<E> {
    return new TenantRecords(this.#table(entity, tenant.context, options), tenant, this.#seal, this.#watches);
  }

  /** The records of all entities in a tenant, as lines. */
  export(tenant: TenantReader, options?: ExportOptions): TenantExport {
    const taken = takeOptions(options, exportNames, "export");
    assertFunctionIfGiven(taken.onProgress, "onProgress");
    assertFunctionIfGiven(taken.onUnreadable, "onUnreadable");
    return new RecordExport(this.#tables(tenant), tenant, taken);
  }

  /** Stores the records in the lines of an export. */
  async import(tenant: TenantWriter, source: ImportSource, given?: ImportOptions): Promise<TransferProgress> {
    const options = takeOptions(given, importNames, "import");
    assertFunctionIfGiven(options.onProgress, "onProgress");
    return await new RecordImport(this.#tables(tenant), tenant, options).run(source);
  }

  /** Removes a tenant's expired records, of all entities. @throws ACCESS_DENIED unless all that expire may be seen and deleted */
  async sweep(tenant: RunnerWriter, options?: SweepOptions): Promise<Swept> {
    for (const { model, access } of this.#tables(tenant)) {
      if (!model.expires) continue;
      access?.assertAll("read");
      access?.assertAll("delete");
    }
    const tables = [...this.#models].map(([entity]) => [entity.name, this.#table(entity, undefined)] as const);
    return await sweepExpired(new Map(tables), tenant, this.#now(), options);
  }

  /** What brings an entity of one tenant to its present definition. */
  upgrade(entity: AnyEntity, tenant: TenantWriter, options: UpgradeOptions): TenantUpgrade<AnyEntity> {
    return new TenantUpgrade(this.#table(entity, undefined), tenant, options);
  }

  readScope(transaction: ReadTransaction, context: TenantContext | undefined): ReadScope {
    const reader = new JoinedReader(transaction, context);
    return { repository: (entity, options) => this.reader(entity, reader, options) };
  }

  transactionScope(transaction: TenantTransaction, context: TenantContext | undefined): TransactionScope {
    const writer = new JoinedWriter(transaction, context);
    return {
      repository: (entity, options) => this.writer(entity, writer, options),
      afterCommit: (fn) => {
        assertFunction(fn, "afterCommit");
        transaction.afterCommit(fn);
      },
    };
  }

  /** What a context may do with an entity, or with what is called like one; undefined when it may do anything. */
  access(context: TenantContext | undefined, entity: string): RecordAccess | undefined {
    if (this.#access === undefined || context === undefined) return undefined;
    return new RecordAccess(this.#access, context, entity);
  }

  #tables({ context }: TenantReader): RecordTable<AnyEntity>[] {
    return [...this.#models.keys()].map((entity) => this.#table(entity, context));
  }

  #table<E extends AnyEntity>(
    entity: E,
    context: TenantContext | undefined,
    options?: RepositoryOptions,
  ): RecordTable<E> {
    const { verifyOnRead } = takeOptions(options, repositoryNames, "repository");
    const model = this.#models.get(entity);
    if (model === undefined) throw unknownEntity(entity);
    const access = this.access(context, entity.name);
    // The map holds each entity's own model.
    return new RecordTable<E>(model as never, this.#tenantPrefixBytes, verifyOnRead === true, this.#now, access);
  }
}
