/** The open database: its tenants, the way to each of them, and its end. */

import type { Identities } from "./access/identity/index.js";
import { tenantryError } from "./errors/index.js";
import type { GlobalData, OpenedGlobal } from "./global/index.js";
import {
  type DatabaseSweepOptions,
  type DatabaseSwept,
  type HealthOptions,
  type HealthReport,
  type OperatorEntrance,
  sweepTenants,
  type Tenants,
  takeSweepOptions,
} from "./lifecycle/index.js";
import type { MigrateOptions, MigrationReport } from "./migration/index.js";
import type { Logger, ServiceLevels } from "./observe/index.js";
import { optionNames, takeOptions } from "./options/index.js";
import type { Quotas } from "./quota/index.js";
import type { RepositoryFactory } from "./repository/index.js";
import type { SchemaChange } from "./schema/index.js";
import { parseTenantId, type TenantContext, type TenantId, tenantContext } from "./tenant/index.js";
import { Tenant } from "./tenant-handle.js";
import type { AuditTrails } from "./trail/index.js";
import { type CloseOptions, drainMsOf, siblings, type TransactionRunner } from "./transaction/index.js";

/** What `open` puts together. */
export interface DatabaseParts {
  readonly tenants: Tenants;
  readonly audit: AuditTrails;
  readonly global: OpenedGlobal | undefined;
  readonly flushAudit: () => Promise<void> | undefined;
  readonly schemaChanges: readonly SchemaChange[];
  readonly migrate: (options: MigrateOptions | undefined) => Promise<MigrationReport>;
  readonly runner: TransactionRunner;
  readonly repositories: RepositoryFactory;
  readonly identities: Identities;
  readonly logger: Logger | undefined;
  readonly serviceLevels: ServiceLevels | undefined;
  readonly quotas: Quotas | undefined;
  readonly checkHealth: (options: HealthOptions | undefined) => Promise<HealthReport>;
  readonly enterAsOperator: (id: TenantId, entrance: OperatorEntrance) => Promise<string>;
  readonly rotateCursorKeys: () => Promise<void>;
  readonly closeEngine: () => Promise<void>;
}

/**
 * How a tenant's handle acts.
 *
 * @example
 * ```ts
 * import type { Database, TenantContext, TenantHandleOptions } from "tenantry";
 * declare const db: Database;
 * declare const context: TenantContext; // from a verified token
 * const options: TenantHandleOptions = { context };
 * const tenant = db.tenant(context.tenant, options);
 * ```
 */
export interface TenantHandleOptions {
  /**
   * On whose behalf: what policies, the audit trail and limits go by. Without one the handle acts for the program itself,
   * which roles do not bind.
   */
  readonly context?: TenantContext | undefined;
}

const handleNames = optionNames<TenantHandleOptions>({ context: true });

/**
 * An open database, made by {@link open}. It reaches every tenant: keep it to the parts of a program that run the
 * service, and hand on a {@link Tenant}.
 *
 * @example
 * ```ts
 * import { embedded, open } from "tenantry";
 * await using db = await open({ engine: embedded("./data"), entities: [] });
 * const { id } = await db.tenants.provision({ name: "France" });
 * const france = db.tenant(id);
 * ```
 */
export class Database implements AsyncDisposable {
  /** The registry of tenants. */
  readonly tenants: Tenants;
  /** Their audit trails. */
  readonly audit: AuditTrails;
  /** What is another in the entities given than when the database was last opened; all of it safe unless asked otherwise. */
  readonly schemaChanges: readonly SchemaChange[];
  readonly #parts: DatabaseParts;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(parts: DatabaseParts) {
    this.tenants = parts.tenants;
    this.audit = parts.audit;
    this.schemaChanges = parts.schemaChanges;
    this.#parts = parts;
  }

  /**
   * The handle of a tenant. No I/O: an id that is not provisioned shows at the first operation.
   *
   * @throws `TENANT_ID_INVALID` for text that is no tenant id, `TENANT_CONTEXT_INVALID`, and `TENANT_CONTEXT_FOREIGN` for
   *   the context of another tenant.
   */
  tenant(id: TenantId, options?: TenantHandleOptions): Tenant {
    const known = parseTenantId(id);
    const { context: given } = takeOptions(options, handleNames, "tenant");
    const context = given === undefined ? undefined : tenantContext(given);
    if (context !== undefined && context.tenant !== known) throw tenantryError("TENANT_CONTEXT_FOREIGN", {});
    const { runner, repositories, identities, quotas } = this.#parts;
    return new Tenant(known, runner.onBehalfOf(context), repositories, identities, quotas);
  }

  /** Where `open` was told to log. @internal */
  get logger(): Logger | undefined {
    return this.#parts.logger;
  }

  /**
   * How each tenant is served, as this process saw it over the window of the objectives given to `open`.
   *
   * @throws `SERVICE_LEVELS_OFF` when `open` was given none.
   */
  get serviceLevels(): ServiceLevels {
    const { serviceLevels } = this.#parts;
    if (serviceLevels === undefined) throw tenantryError("SERVICE_LEVELS_OFF", {});
    return serviceLevels;
  }

  /**
   * What each tenant uses and may use.
   *
   * @throws `QUOTAS_OFF` when `open` was given none.
   */
  get quotas(): Quotas {
    const { quotas } = this.#parts;
    if (quotas === undefined) throw tenantryError("QUOTAS_OFF", {});
    return quotas;
  }

  /**
   * What is no tenant's: the records of the entities given to `open` as `global`.
   *
   * @throws `GLOBAL_OFF` when `open` was given none.
   */
  get global(): GlobalData {
    const { global } = this.#parts;
    if (global === undefined) throw tenantryError("GLOBAL_OFF", {});
    return global.data;
  }

  /**
   * Whether the database answers. Says nothing of any tenant, and does not reject when it is down. One get, and one
   * commit if asked for.
   */
  health(options?: HealthOptions): Promise<HealthReport> {
    return this.#parts.checkHealth(options);
  }

  /**
   * The handle of a tenant for an operator: it reads in every state but `erased`, and writes in `provisioning`, `active`
   * and `quarantined`; roles do not bind it. First it leaves an entry in the tenant's audit trail. Keep it to the work it
   * was asked for.
   *
   * @throws `TENANT_UNKNOWN`, `TENANT_UNAVAILABLE` for an erased tenant, `TENANT_OPTION_INVALID` without `by` and `reason`.
   */
  async operator(id: TenantId, entrance: OperatorEntrance): Promise<Tenant> {
    const { enterAsOperator, runner, repositories, identities, quotas } = this.#parts;
    const by = await enterAsOperator(id, entrance);
    const acting = runner.asOperator(by);
    return new Tenant(parseTenantId(id), acting, repositories, identities, quotas);
  }

  /**
   * Brings tenants to the present definitions, in bounded batches, while they are in use: rewrites records of earlier
   * versions and layouts, builds indexes that are new or changed, verifies them, lets queries read them, and clears what
   * is left of others. To be run after all programs have the new definitions: from then on, programs of an earlier
   * version cannot write there.
   *
   * A tenant that fails does not stop the others. What is done stays done: after a crash, an abort or a failure the next
   * call goes on from there, and tenants with nothing left cost two reads an entity. Records keep their revision.
   *
   * @throws `MIGRATION_OPTION_INVALID`, `ENTITY_UNKNOWN`, `TENANT_ID_INVALID`, `TRANSACTION_ABORTED`.
   *
   * @example
   * ```ts
   * import { type AnyEntity, embedded, open } from "tenantry";
   * declare const entities: readonly AnyEntity[];
   * await using db = await open({ engine: embedded("./data"), entities });
   * const { rewritten, entries, failures } = await db.migrate({ concurrency: 8 });
   * console.info(`${rewritten} records, ${entries} index entries, ${failures.length} failures`);
   * ```
   */
  async migrate(options?: MigrateOptions): Promise<MigrationReport> {
    return await this.#parts.migrate(options);
  }

  /**
   * Seals page cursors with a new key from now on; those sealed under the last few keys stay good for their day.
   * Does nothing for keys given to `open`.
   */
  rotateCursorKeys(): Promise<void> {
    return this.#parts.rotateCursorKeys();
  }

  /**
   * Removes the expired records of all tenants, some tenants at once: {@link Tenant.sweep} of each whose state takes
   * writes. A tenant that fails does not stop the others; it is told of, and swept the next time.
   *
   * @throws `DATABASE_OPTION_INVALID`, `TRANSACTION_ABORTED` at the signal.
   */
  async sweep(options?: DatabaseSweepOptions): Promise<DatabaseSwept> {
    const taken = takeSweepOptions(options);
    const tenants = this.tenants.list({ signal: taken.signal });
    return await sweepTenants(tenants, (id, asked) => this.tenant(id).sweep(asked), taken);
  }

  /**
   * Refuses new work with `DATABASE_CLOSED`, gives what runs `drainMs` to end, cancels the rest, and closes the
   * engine that `open` opened. Everything acknowledged is stored. May be called again: it is the same closing.
   */
  close(options?: CloseOptions): Promise<void> {
    try {
      const drainMs = drainMsOf(options);
      this.#closed ??= this.#close(drainMs);
      return this.#closed;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    try {
      const releasing = this.#parts.quotas?.close();
      if (releasing !== undefined) await releasing;
      // Where nothing waits, new work is refused from this very tick on.
      const flushing = this.#parts.flushAudit();
      if (flushing !== undefined) await flushing;
      await siblings([this.#parts.runner.close(drainMs), this.#parts.global?.runner.close(drainMs)]);
    } finally {
      await this.#parts.closeEngine();
    }
  }
}
