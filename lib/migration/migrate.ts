/** Migrating: every tenant's records and indexes brought to the present definitions, many tenants at once. */
import pLimit from "p-limit";
import { isTenantryError, tenantryError } from "../errors/index.js";
import { abortReason, isAborted } from "../intrinsics/index.js";
import { migrationConcurrencyDefault, migrationConcurrencyMax, migrationListMax } from "../limits/index.js";
import { assertFunctionIfGiven, copiedList, optionNames, takeOptions } from "../options/index.js";
import { type RepositoryFactory, RunnerWriter } from "../repository/index.js";
import { type AnyEntity, type EntityModel, unknownEntity } from "../schema/index.js";
import { parseTenantId, type TenantId, type TenantRecord, tenantStates } from "../tenant/index.js";
import { siblings, type TransactionRunner } from "../transaction/index.js";
import type { Definitions } from "./definitions.js";

/**
 * How far a migration has come.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * declare const db: Database;
 * await db.migrate({ onProgress: ({ done, tenants }) => console.info(`${done} of ${tenants} tenants`) });
 * ```
 */
export interface MigrationProgress {
  /** Tenants there are to go through. */
  readonly tenants: number;
  /** Tenants that are through, with or without failures. */
  readonly done: number;
  /** Records looked at, in tenants that had something left to do. */
  readonly records: number;
  /** Records written anew in their present form. */
  readonly rewritten: number;
  /** Index entries built. */
  readonly entries: number;
}

/**
 * What could not be migrated in a tenant: a record, while the others of its entity were, or a whole entity. What was done
 * stays, and the next call goes on from there; indexes and aggregates are not read before all records have their place
 * in them.
 *
 * @example
 * ```ts
 * import { type Database, isTenantryError } from "tenantry";
 * declare const db: Database;
 * const { failures } = await db.migrate();
 * for (const { tenant, entity, id, error } of failures) {
 *   if (isTenantryError(error, "UNIQUE_VIOLATION")) console.error(`${tenant}: ${entity} ${id} is a double`);
 * }
 * ```
 */
export interface MigrationFailure {
  readonly tenant: TenantId;
  readonly entity: string;
  /** The record's id as text; undefined when the error is about the entity as a whole. */
  readonly id: string | undefined;
  readonly error: unknown;
}

/**
 * What a migration came to.
 *
 * @example
 * ```ts
 * import type { Database, MigrationReport } from "tenantry";
 * declare const db: Database;
 * const report: MigrationReport = await db.migrate();
 * if (report.failures.length > 0 || report.skipped > 0) process.exitCode = 1;
 * ```
 */
export interface MigrationReport extends MigrationProgress {
  /** Tenants left out because their state takes no writes. */
  readonly skipped: number;
  /** How many records could not be migrated. */
  readonly failed: number;
  /** Of each entity of a tenant, 100 records at most. */
  readonly failures: readonly MigrationFailure[];
}

/**
 * What to migrate, and how.
 *
 * @example
 * ```ts
 * import type { AnyEntity, Database, MigrateOptions } from "tenantry";
 * declare const db: Database;
 * declare const City: AnyEntity;
 * const options: MigrateOptions = { entities: [City], concurrency: 8, signal: AbortSignal.timeout(3_600_000) };
 * await db.migrate(options);
 * ```
 */
export interface MigrateOptions {
  /** The entities; all the database was opened with unless given. */
  readonly entities?: readonly AnyEntity[] | undefined;
  /** The tenants; all there are unless given. */
  readonly tenants?: readonly TenantId[] | undefined;
  /** Tenants at once, 4 unless given, 64 at most. */
  readonly concurrency?: number | undefined;
  /** Called after every batch and every tenant; awaited. */
  readonly onProgress?: ((progress: MigrationProgress) => unknown) | undefined;
  /** Ends the work: rejects with `TRANSACTION_ABORTED`. What is done stays, and the next call goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

const migrateNames = optionNames<MigrateOptions>({
  tenants: true,
  entities: true,
  concurrency: true,
  onProgress: true,
  signal: true,
});

/** What a migration works with. */
export interface MigrationParts {
  readonly models: ReadonlyMap<AnyEntity, EntityModel<AnyEntity>>;
  readonly repositories: RepositoryFactory;
  readonly runner: TransactionRunner;
  readonly definitions: Definitions;
  readonly listTenants: (options: { readonly signal?: AbortSignal | undefined }) => AsyncIterable<TenantRecord>;
}

/** A copy of what was given as a list. @throws MIGRATION_OPTION_INVALID */
function listed<T>(option: string, given: readonly T[]): readonly T[] {
  const list = copiedList(given, migrationListMax);
  if (list === undefined) throw tenantryError("MIGRATION_OPTION_INVALID", { option, migrationConcurrencyMax });
  return list as readonly T[];
}

/** Runs one migration. */
export class Migration {
  readonly #parts: MigrationParts;
  readonly #options: MigrateOptions;
  readonly #tenantIds: readonly TenantId[] | undefined;
  readonly #entities: readonly AnyEntity[];
  readonly #failures: MigrationFailure[] = [];
  #progress: MigrationProgress = { tenants: 0, done: 0, records: 0, rewritten: 0, entries: 0 };
  #skipped = 0;
  #failed = 0;
  #stopped = false;

  /** @throws MIGRATION_OPTION_INVALID, ENTITY_UNKNOWN, TENANT_ID_INVALID */
  constructor(parts: MigrationParts, given: MigrateOptions | undefined) {
    const options = takeOptions(given, migrateNames, "migrate");
    const { entities, tenants, concurrency = migrationConcurrencyDefault, onProgress } = options;
    assertFunctionIfGiven(onProgress, "onProgress");
    if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > migrationConcurrencyMax) {
      throw tenantryError("MIGRATION_OPTION_INVALID", { option: "concurrency", migrationConcurrencyMax });
    }
    this.#parts = parts;
    this.#options = options;
    this.#entities = entities === undefined ? [...parts.models.keys()] : listed("entities", entities);
    for (const entity of this.#entities) {
      if (!parts.models.has(entity)) throw unknownEntity(entity);
    }
    this.#tenantIds = tenants === undefined ? undefined : listed("tenants", tenants).map((id) => parseTenantId(id));
  }

  async run(): Promise<MigrationReport> {
    const tenants = await this.#tenants();
    this.#progress = { ...this.#progress, tenants: tenants.length };
    const limit = pLimit(this.#options.concurrency ?? migrationConcurrencyDefault);
    await siblings(tenants.map((tenant) => limit(() => this.#unlessStopped(tenant))));
    if (this.#options.tenants === undefined && this.#failures.length === 0 && this.#skipped === 0) await this.#forget();
    return { ...this.#progress, skipped: this.#skipped, failed: this.#failed, failures: this.#failures };
  }

  async #tenants(): Promise<readonly TenantId[]> {
    const { signal } = this.#options;
    if (this.#tenantIds !== undefined) return [...new Set(this.#tenantIds)];
    const found: TenantId[] = [];
    for await (const { id, state } of this.#parts.listTenants({ signal })) {
      if (tenantStates[state].writes) found.push(id);
      // Of an erased one nothing is left to migrate.
      else if (state !== "erased") this.#skipped += 1;
    }
    return found;
  }

  /** After a failure that is not one tenant's, no further one is begun. */
  async #unlessStopped(tenant: TenantId): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#migrate(tenant);
    } catch (error) {
      this.#stopped = true;
      throw error;
    }
  }

  async #migrate(tenant: TenantId): Promise<void> {
    const { runner, repositories } = this.#parts;
    const { signal } = this.#options;
    for (const entity of this.#entities) {
      if (this.#stopped) return;
      if (signal !== undefined && isAborted(signal)) {
        throw tenantryError("TRANSACTION_ABORTED", { attempts: 0 }, { cause: abortReason(signal) });
      }
      const writer = new RunnerWriter(runner, tenant);
      const upgrade = repositories.upgrade(entity, writer, {
        signal,
        onBatch: ({ records, rewritten, entries }) => this.#report({ records, rewritten, entries, done: 0 }),
      });
      try {
        const { failed, failures } = await upgrade.run();
        this.#failed += failed;
        for (const { id, error } of failures) this.#failures.push({ tenant, entity: entity.name, id, error });
      } catch (error) {
        if ((signal !== undefined && isAborted(signal)) || isTenantryError(error, "DATABASE_CLOSED")) throw error;
        this.#failures.push({ tenant, entity: entity.name, id: undefined, error });
      }
    }
    await this.#report({ records: 0, rewritten: 0, entries: 0, done: 1 });
  }

  async #report(more: Omit<MigrationProgress, "tenants">): Promise<void> {
    const { tenants, done, records, rewritten, entries } = this.#progress;
    this.#progress = Object.freeze({
      tenants,
      done: done + more.done,
      records: records + more.records,
      rewritten: rewritten + more.rewritten,
      entries: entries + more.entries,
    });
    await this.#options.onProgress?.(this.#progress);
  }

  /** No record of an earlier version is left, and no program of one may write: its steps may go from the definition. */
  async #forget(): Promise<void> {
    for (const entity of this.#entities) {
      if (entity.version > 1) await this.#parts.definitions.forgetBefore(entity.name, entity.version);
    }
  }
}
