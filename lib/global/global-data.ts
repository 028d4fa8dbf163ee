/** Global data: the records that are no tenant's, typed by entities of their own. */
import type { MigrationReport } from "../migration/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import type {
  ExportOptions,
  ImportOptions,
  ImportSource,
  ReadScope,
  RepositoryFactory,
  RepositoryOptions,
  SweepOptions,
  Swept,
  TenantExport,
  TenantRepository,
  TransactionScope,
  TransferProgress,
} from "../repository/index.js";
import { RunnerWriter } from "../repository/index.js";
import type { AnyEntity } from "../schema/index.js";
import type { TenantId } from "../tenant/index.js";
import type { ReadTransactionOptions, TransactionOptions, TransactionRunner } from "../transaction/index.js";

/**
 * How global data is migrated.
 *
 * @example
 * ```ts
 * import type { Database, GlobalMigrateOptions } from "tenantry";
 * declare const db: Database;
 * const options: GlobalMigrateOptions = { signal: AbortSignal.timeout(600_000) };
 * await db.global.migrate(options);
 * ```
 */
export interface GlobalMigrateOptions {
  /** Ends the work: rejects with `TRANSACTION_ABORTED`. What is done stays, and the next call goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

const migrateOptions = optionNames<GlobalMigrateOptions>({ signal: true });

/** What global data is put together from. */
export interface GlobalParts {
  /** What stands in its keys where a tenant's id would, in a keyspace of its own. */
  readonly id: TenantId;
  readonly runner: TransactionRunner;
  readonly repositories: RepositoryFactory;
  readonly migrate: (options: GlobalMigrateOptions) => Promise<MigrationReport>;
}

/**
 * What is no tenant's: which tenant a sign-in name or a slug belongs to, settings of the service, lists that all tenants
 * share. Reached from {@link Database} alone: no handle of a tenant leads here, and nothing here leads into a tenant.
 *
 * Its entities are given to `open` as `global`. They have everything a tenant's have: indexes, aggregates, expiry,
 * migrations. Roles, quotas, fairness and audit, which are about tenants, do not bind it.
 *
 * @example
 * ```ts
 * import { embedded, entity, open } from "tenantry";
 * import { z } from "zod";
 * const Slug = entity("slug", { version: 1, schema: z.object({ name: z.string(), tenant: z.string() }), id: ["name"] });
 *
 * await using db = await open({ engine: embedded("./data"), entities: [], global: [Slug] });
 * const { id } = await db.tenants.provision({ name: "France" });
 * await db.global.repository(Slug).create({ name: "france", tenant: id }); // RECORD_EXISTS when it is taken
 * ```
 */
export class GlobalData {
  readonly #parts: GlobalParts;

  /** @internal */
  constructor(parts: GlobalParts) {
    this.#parts = parts;
    Object.freeze(this);
  }

  /**
   * The records of an entity. Each call of a method is a transaction of its own.
   *
   * @throws `ENTITY_UNKNOWN` when the entity is not one of those given to `open` as `global`.
   */
  repository<E extends AnyEntity>(entity: E, options?: RepositoryOptions): TenantRepository<E> {
    return this.#parts.repositories.standing(entity, this.#writer, options);
  }

  /** Runs `fn` until everything it wrote is committed together, as {@link Tenant.transact} does. It may run several times. */
  transact<T>(fn: (tx: TransactionScope) => Promise<T>, options?: TransactionOptions): Promise<T> {
    const { id, runner, repositories } = this.#parts;
    return runner.transact(id, (transaction) => fn(repositories.transactionScope(transaction, undefined)), options);
  }

  /** Runs `fn`, which only reads, at one point in time. It may run several times. */
  read<T>(fn: (tx: ReadScope) => Promise<T>, options?: ReadTransactionOptions): Promise<T> {
    const { id, runner, repositories } = this.#parts;
    return runner.read(id, (transaction) => fn(repositories.readScope(transaction, undefined)), options);
  }

  /** Removes records that have expired, as {@link Tenant.sweep} does. */
  sweep(options: SweepOptions = {}): Promise<Swept> {
    return this.#parts.repositories.sweep(this.#writer, options);
  }

  /** Brings the records to the present definitions, as {@link Database.migrate} does those of tenants. */
  async migrate(options?: GlobalMigrateOptions): Promise<MigrationReport> {
    return await this.#parts.migrate(takeOptions(options, migrateOptions, "global.migrate"));
  }

  /** All records as lines of JSON, as {@link Tenant.export} gives a tenant's. */
  export(options?: ExportOptions): TenantExport {
    return this.#parts.repositories.export(this.#writer, options);
  }

  /** Stores the records of an export, as {@link Tenant.import} does. */
  import(source: ImportSource, options?: ImportOptions): Promise<TransferProgress> {
    return this.#parts.repositories.import(this.#writer, source, options);
  }

  get #writer(): RunnerWriter {
    return new RunnerWriter(this.#parts.runner, this.#parts.id);
  }
}
