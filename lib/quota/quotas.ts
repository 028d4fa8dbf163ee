/** Quotas of a database: the policies that hold them, and what operators ask of them. */
import { givenName, tenantryError } from "../errors/index.js";
import { connectionLeaseLongestMs, connectionLeaseMs } from "../limits/index.js";
import type { Clock, Random } from "../observe/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import type { RecordAccess } from "../repository/index.js";
import {
  type OperatorOptions,
  parseTenantId,
  type QuotaOverrides,
  type TenantId,
  type TenantRecord,
} from "../tenant/index.js";
import {
  type CallPolicy,
  callTerms,
  type ReadTransaction,
  type TenantTransaction,
  type TransactionHook,
  type TransactionRunner,
} from "../transaction/index.js";
import type { ConnectionLease } from "./connection/lease.js";
import { type LeaseTransact, TenantLeases } from "./connection/tenant-leases.js";
import { refusePlan } from "./plan/limit.js";
import type { OverrideOf } from "./plan/override.js";
import { OverrideBook, type TenantRecords } from "./plan/override-book.js";
import { PlanBook, type QuotaOptions, takeQuotaOptions } from "./plan/plan-book.js";
import { RatePolicy } from "./rate/rate-policy.js";
import { Rates } from "./rate/rates.js";
import type { Headroom } from "./rate/token-desk.js";
import { type Claims, type ClaimWay, ResourceClaims } from "./usage/claims.js";
import { Recount, type RecountedResource } from "./usage/recount.js";
import { Turns } from "./usage/turns.js";
import { UsageHook } from "./usage/usage-hook.js";
import { readUsage, type UsageReport } from "./usage/usage-report.js";

/**
 * How a recount is made.
 *
 * @example
 * ```ts
 * import type { Database, RecountOptions, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const onlyLook: RecountOptions = { repair: false };
 * const wrong = (await db.quotas.recount(id, onlyLook)).filter(({ drift }) => drift !== 0);
 * ```
 */
export interface RecountOptions {
  /** Whether counters that are wrong are put right; default true. */
  readonly repair?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

const recountNames = optionNames<RecountOptions>({ repair: true, signal: true });

type Own<T> = (transaction: TenantTransaction, tenant: TenantRecord | undefined) => Promise<T>;

/** What quotas work with. */
export interface QuotaParts {
  readonly entities: ReadonlySet<string>;
  /** Both are there once the database is. */
  readonly runner: () => TransactionRunner;
  readonly records: () => TenantRecords;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The quotas of a database, of every tenant: for those parts of a program that run the service.
 *
 * @example
 * ```ts
 * import type { Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const { plan, resources } = await db.quotas.usage(id);
 * for (const { resource, used, limit } of resources) console.log(plan, resource, used, limit);
 * ```
 */
export class Quotas {
  readonly #runner: () => TransactionRunner;
  readonly #random: Random;
  readonly #book: PlanBook;
  readonly #overrides: OverrideBook;
  readonly #turns: Turns;
  readonly #rates: Rates;
  readonly #leases = new Map<TenantId, TenantLeases>();
  readonly #leaseOf: (id: TenantId) => TenantLeases;

  /** @internal */
  constructor(given: QuotaOptions, { entities, runner, records, clock, random }: QuotaParts) {
    const options = takeQuotaOptions(given);
    const leaseMs = options.connectionLeaseMs ?? connectionLeaseMs;
    if (!(leaseMs > 0 && leaseMs <= connectionLeaseLongestMs)) {
      throw refusePlan(`connectionLeaseMs is not above 0 and up to ${connectionLeaseLongestMs}`);
    }
    this.#runner = runner;
    this.#random = random;
    this.#book = new PlanBook(options, entities);
    this.#overrides = new OverrideBook(this.#book, records);
    this.#turns = new Turns(random);
    this.#rates = new Rates(clock, (id) => (fn) => this.#transact(id, "leaseTokens", fn));
    const leasing = { ...callTerms("leaseConnection"), deadline: leaseMs };
    const parts = { book: this.#book, turns: this.#turns, clock, leaseMs, holder: random.bytes(16) };
    this.#leaseOf = (id) => {
      const transact: LeaseTransact = (fn) => this.#own.transactOwn(id, fn, leasing);
      return new TenantLeases(transact, parts, () => this.#leases.delete(id));
    };
  }

  /** Counts and bounds what transactions write. @internal */
  get hook(): TransactionHook {
    return new UsageHook(this.#book, this.#turns);
  }

  /** Bounds how often calls are made. @internal */
  get policy(): CallPolicy {
    return new RatePolicy(this.#book, this.#rates, async (id) => await this.#meet(id));
  }

  /** What a tenant uses of what it may use. One read transaction. @throws `TENANT_UNAVAILABLE` */
  async usage(id: TenantId): Promise<UsageReport> {
    const known = parseTenantId(id);
    return await this.#own.readOwn(
      known,
      async (transaction, tenant) => {
        if (tenant === undefined) throw tenantryError("TENANT_UNAVAILABLE", {});
        const grant = this.#book.grant(tenant);
        return await readUsage(transaction, this.#book, grant, (name) => this.#rates.headroom(known, grant, name));
      },
      callTerms("usage"),
    );
  }

  /**
   * Sets a limit for one tenant, which goes before its plan and before `overrides` of the options, and stays when its
   * plan changes, until it is cleared or the tenant is erased. A number, or `{ hard }`, is never passed, 0 lets nothing
   * more in; `{ soft }`; `Infinity` is no limit. One transaction, in force with the next one of the tenant in every
   * process, and written down in its audit trail. Gives all that is set for the tenant. What is set already is left.
   *
   * @param resource As in a usage report: `storageBytes`, `records:…`, `bytes:…`, `connections`, a name of the plans;
   *   `rate:…` for a rate, `rate:calls`, `rate:reads` and `rate:writes` also where no plan has them.
   * @throws `QUOTA_UNKNOWN`, `QUOTA_LIMIT_INVALID`, `QUOTA_OVERRIDES_TOO_MANY`, `TENANT_UNKNOWN`, `TENANT_ID_INVALID`,
   *   `TENANT_OPTION_INVALID`, `TENANT_MOVE_INVALID` for an erased tenant.
   *
   * @example
   * ```ts
   * import type { Database, TenantId } from "tenantry";
   * declare const db: Database;
   * declare const id: TenantId;
   * await db.quotas.setOverride(id, "seats", 80, { by: "ann@ops", reason: "contract 4711" });
   * await db.quotas.setOverride(id, "rate:calls", { perMinute: 60 }, { by: "ann@ops", reason: "a loop of theirs" });
   * ```
   */
  setOverride<R extends string>(
    id: TenantId,
    resource: R,
    limit: OverrideOf<R>,
    options?: OperatorOptions,
  ): Promise<QuotaOverrides> {
    return this.#overrides.set(id, resource, limit, options);
  }

  /**
   * Takes back what was set for one resource: from then on the tenant's plan says it again. Nothing is written where
   * nothing was set. Rejects as `setOverride` does.
   */
  clearOverride(id: TenantId, resource: string, options?: OperatorOptions): Promise<QuotaOverrides> {
    return this.#overrides.clear(id, resource, options);
  }

  /** What is set for a tenant in any state, by resource; `null` is no limit. One get. @throws `TENANT_UNKNOWN` */
  overrides(id: TenantId): Promise<QuotaOverrides> {
    return this.#overrides.list(id);
  }

  /**
   * Counts a tenant's records, claims and connections anew, in batches while writers go on, and puts right what is
   * wrong: after the database was used without quotas, or as a check. Each batch makes the tenant's transactions that
   * are just committing try once more.
   *
   * @throws `QUOTA_RECOUNT_SUPERSEDED` when another recount of the tenant has begun since.
   */
  async recount(id: TenantId, given?: RecountOptions): Promise<RecountedResource[]> {
    const { repair = true, signal } = takeOptions(given, recountNames, "recount");
    const known = parseTenantId(id);
    const token = Buffer.from(this.#random.bytes(16)).toString("hex");
    const options = { ...callTerms("recount", undefined, signal), priority: "batch" } as const;
    const recount = new Recount((fn) => this.#own.transactOwn(known, fn, options), token, repair);
    const found: RecountedResource[] = [];
    for (const entity of this.#book.entities) found.push(...(await recount.entity(entity)));
    for (const resource of this.#book.resources) found.push(...(await recount.claims(resource)));
    found.push(...(await recount.connections()));
    return found;
  }

  /** The claims of a resource, by transactions of their own. @internal */
  claims(id: TenantId, resource: string, access?: RecordAccess | undefined): Claims {
    const way = {
      write: <T>(fn: Own<T>) => this.#runner().transactOwn(id, fn, callTerms("claim")),
      read: <T>(fn: (transaction: ReadTransaction) => Promise<T>) => this.#runner().readOwn(id, fn, callTerms("claim")),
    };
    return this.claimsBy(way, resource, access);
  }

  /** The claims of a resource. @internal */
  claimsBy(way: ClaimWay, resource: string, access: RecordAccess | undefined): Claims {
    return new ResourceClaims(resource, { way, access, book: this.#book, turns: this.#turns });
  }

  /** @internal */
  async connect(id: TenantId, signal?: AbortSignal): Promise<ConnectionLease> {
    let leases = this.#leases.get(id);
    if (leases === undefined) {
      leases = this.#leaseOf(id);
      this.#leases.set(id, leases);
    }
    return await leases.acquire(signal);
  }

  /** @internal */
  async take(id: TenantId, rate: string, count: number): Promise<Headroom | undefined> {
    if (!this.#book.hasRate(rate)) throw tenantryError("QUOTA_UNKNOWN", { kind: "rate", name: givenName(rate) });
    if (!Number.isSafeInteger(count) || count < 1) throw tenantryError("QUOTA_AMOUNT_INVALID", { resource: rate });
    const tenant = await this.#meet(id);
    if (tenant === undefined) throw tenantryError("TENANT_UNAVAILABLE", {});
    const grant = this.#book.grant(tenant);
    await this.#rates.take(id, grant, [rate], count);
    return this.#rates.headroom(id, grant, rate);
  }

  /** Gives back the connections of this process; undefined when there are none. @internal */
  close(): Promise<unknown> | undefined {
    const held = [...this.#leases.values()];
    return held.length === 0 ? undefined : Promise.allSettled(held.map((leases) => leases.close()));
  }

  #transact<T>(id: TenantId, operation: string, fn: Own<T>): Promise<T> {
    return this.#own.transactOwn(id, fn, callTerms(operation));
  }

  /** For calls of the library's own, which no policy bounds. */
  get #own(): TransactionRunner {
    return this.#runner().asLibrary();
  }

  /** The record of a tenant whose data can be read. */
  #meet(id: TenantId): Promise<TenantRecord | undefined> {
    return this.#own.readOwn(id, async (_, tenant) => tenant, callTerms("meet")).catch(() => undefined);
  }
}
