/** The handle of one tenant: everything its code needs, and no way to anything else. */
import type { Identities, Members, Sessions } from "./access/identity/index.js";
import { assertFunction, takeOptions } from "./options/index.js";
import { type Claims, claimsIn, type Quotas, TenantQuotas } from "./quota/index.js";
import type {
  ExportOptions,
  ImportOptions,
  ImportSource,
  OperationOptions,
  ReadScope,
  RecordAccess,
  RepositoryFactory,
  RepositoryOptions,
  SweepOptions,
  Swept,
  TenantExport,
  TenantRepository,
  TransactionScope,
  TransferProgress,
} from "./repository/index.js";
import { operationNames, RunnerWriter } from "./repository/index.js";
import type { AnyEntity } from "./schema/index.js";
import type { TenantContext, TenantId } from "./tenant/index.js";
import {
  callTerms,
  type ReadFunction,
  type ReadTransactionOptions,
  type TransactionOptions,
  type TransactionRunner,
  type WriteFunction,
} from "./transaction/index.js";

/**
 * What the function given to `tenant.transact` works with: records, and claims of what the tenant's plan bounds.
 *
 * @example
 * ```ts
 * import { entity, type Tenant } from "tenantry";
 * import { z } from "zod";
 * const User = entity("user", { version: 1, schema: z.object({ id: z.string() }), id: ["id"] });
 * declare const tenant: Tenant;
 * await tenant.transact(async (tx) => {
 *   await tx.claims("seats").claim("ada"); // QUOTA_EXCEEDED, and nothing is written, when all are taken
 *   await tx.repository(User).create({ id: "ada" });
 * });
 * ```
 */
export interface TenantScope extends TransactionScope {
  /**
   * The claims of a resource, in this transaction.
   *
   * @throws `QUOTAS_OFF`, `QUOTA_UNKNOWN` when no plan names the resource. What roles do not permit, the claims refuse.
   */
  claims(resource: string): Claims;
}

/**
 * A capability: whoever holds it reaches this tenant's records, and no other's. Made by {@link Database.tenant}.
 *
 * Nothing on it leads to the engine, to the database or to another tenant. For an id that is not provisioned, reads
 * answer as if nothing were there, and writes are refused with `TENANT_UNAVAILABLE`.
 *
 * @example
 * ```ts
 * import { entity, type Tenant } from "tenantry";
 * import { z } from "zod";
 * const Account = entity("account", { version: 1, schema: z.object({ id: z.string(), cents: z.int() }), id: ["id"] });
 *
 * async function transfer(tenant: Tenant, from: string, to: string, cents: number) {
 *   await tenant.transact(async (tx) => {
 *     const accounts = tx.repository(Account);
 *     await accounts.update(from, (account) => ({ ...account, cents: account.cents - cents }));
 *     await accounts.update(to, (account) => ({ ...account, cents: account.cents + cents }));
 *   });
 * }
 * ```
 */
export class Tenant {
  readonly id: TenantId;
  /** On whose behalf the handle acts; undefined for the program itself. */
  readonly context: TenantContext | undefined;
  readonly #quotas: Quotas | undefined;
  readonly #runner: TransactionRunner;
  readonly #repositories: RepositoryFactory;
  readonly #identities: Identities;

  /** @internal Acts for whom the runner does. */
  constructor(
    id: TenantId,
    runner: TransactionRunner,
    repositories: RepositoryFactory,
    identities: Identities,
    quotas: Quotas | undefined,
  ) {
    this.id = id;
    this.context = runner.context;
    this.#runner = runner;
    this.#repositories = repositories;
    this.#identities = identities;
    this.#quotas = quotas;
    Object.freeze(this);
  }

  /** Who belongs to the tenant, and in which roles. */
  get members(): Members {
    return this.#identities.members(this.id, this.#runner);
  }

  /** Who is signed in to the tenant. */
  get sessions(): Sessions {
    return this.#identities.sessions(this.id, this.#runner);
  }

  /**
   * The records of an entity in this tenant. Each call of a method is a transaction of its own.
   *
   * @throws `ENTITY_UNKNOWN` when the entity is not one the database was opened with.
   */
  repository<E extends AnyEntity>(entity: E, options?: RepositoryOptions): TenantRepository<E> {
    return this.#repositories.standing(entity, new RunnerWriter(this.#runner, this.id), options);
  }

  /** What the tenant uses and may use. */
  get quotas(): TenantQuotas {
    return new TenantQuotas(this.id, this.#quotas, this.#quotaAccess);
  }

  /**
   * Runs `fn` until everything it wrote is committed together, and returns its value. It may run several times, when
   * others write what it read; so it changes nothing outside but by `tx.afterCommit`.
   *
   * @throws what `fn` throws, nothing being written; `TRANSACTION_…` errors, each saying what is known of the outcome.
   */
  transact<T>(fn: (tx: TenantScope) => Promise<T>, options?: TransactionOptions): Promise<T> {
    const act: WriteFunction<T> = (transaction, tenant) => {
      assertFunction(fn, "transact");
      const claims = claimsIn(this.#quotas, transaction, tenant, this.#quotaAccess);
      return fn({ ...this.#repositories.transactionScope(transaction, this.context), claims });
    };
    return this.#runner.transact(this.id, act, options);
  }

  /**
   * Removes records that have expired, of all entities the database was opened with, oldest first, in transactions of
   * some hundred each; hooks see them deleted. To be called from time to time: until it is, they take room and count
   * in aggregates. What it has removed stays removed when it ends early, and any number of processes may sweep. Per
   * transaction one range read, a get and the writes of a `delete` for each record.
   *
   * @throws `ACCESS_DENIED` unless the handle may read and delete all records of each entity that expires.
   */
  sweep(options?: SweepOptions): Promise<Swept> {
    return this.#repositories.sweep(new RunnerWriter(this.#runner, this.id), options);
  }

  /**
   * Whether the tenant's data can be read now: false for one that is unknown, suspended, quarantined or retired, with the
   * same engine calls each. One snapshot read.
   */
  async available(options?: OperationOptions): Promise<boolean> {
    const { signal } = takeOptions(options, operationNames, "available");
    return await this.#runner.available(this.id, callTerms("available", undefined, signal));
  }

  /**
   * All of the tenant's records as lines of JSON: a header, each record with its revision, and a trailer with their
   * number and a digest. No cursors, sessions, indexes or other things that a database makes itself. All are of one
   * point in time when the trailer says so, which it does of an export of less than 4 seconds; a longer one moves on to
   * fresher data between batches, as `scanAll` does. Costs a range read a batch, and one for each entity first.
   *
   * @throws while it is read: `ENTITY_UNKNOWN` when there are records of an entity the database was opened without,
   *   `ACCESS_DENIED` unless the handle may read all records.
   */
  export(options?: ExportOptions): TenantExport {
    return this.#repositories.export(new RunnerWriter(this.#runner, this.id), options);
  }

  /**
   * Stores the records of an export, of this tenant or another: each in place of the one with its id, with the revision
   * it had, validated by the schema and upgraded when it is of an earlier version. In batches of one transaction each,
   * in the order of the lines: an import that ends early has stored what came before, and may be run again.
   *
   * @throws `IMPORT_LINE_INVALID` with the number of the line and the reason, `IMPORT_SOURCE_INVALID`, `ACCESS_DENIED`
   *   unless the handle may read, create and update all records, and what writes throw.
   */
  import(source: ImportSource, options?: ImportOptions): Promise<TransferProgress> {
    return this.#repositories.import(new RunnerWriter(this.#runner, this.id), source, options);
  }

  get #quotaAccess(): RecordAccess | undefined {
    return this.#repositories.access(this.context, "#quotas");
  }

  /** Runs `fn`, which only reads, at one point in time. It may run several times. */
  read<T>(fn: (tx: ReadScope) => Promise<T>, options?: ReadTransactionOptions): Promise<T> {
    const act: ReadFunction<T> = (transaction) => {
      assertFunction(fn, "read");
      return fn(this.#repositories.readScope(transaction, this.context));
    };
    return this.#runner.read(this.id, act, options);
  }
}
