/** The quotas of one tenant, as its handle has them. */
import { tenantryError } from "../errors/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import type { RecordAccess } from "../repository/index.js";
import type { TenantId, TenantRecord } from "../tenant/index.js";
import type { TenantTransaction } from "../transaction/index.js";
import type { ConnectionLease } from "./connection/lease.js";
import type { Quotas } from "./quotas.js";
import type { Headroom } from "./rate/token-desk.js";
import { type Claims, type ClaimWay, joinedClaims } from "./usage/claims.js";
import type { UsageReport } from "./usage/usage-report.js";

/**
 * How long a connection lasts at most.
 *
 * @example
 * ```ts
 * import type { ConnectOptions, Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * declare const request: Request;
 * const options: ConnectOptions = { signal: request.signal };
 * await using lease = await tenant.quotas.connect(options);
 * ```
 */
export interface ConnectOptions {
  /** Aborting gives the connection back, or gives it up before it is counted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a tenant uses and may use. Everything here throws `QUOTAS_OFF` in a database opened without `quotas`, and
 * `ACCESS_DENIED` on a handle with a context without a right to `quotas` from the roles, where `open` was given some.
 *
 * @example
 * ```ts
 * import type { Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * await tenant.quotas.take("requests"); // QUOTA_EXCEEDED, with retryAfterMs, when there were too many
 * const { resources } = await tenant.quotas.usage();
 * console.log(resources.find(({ resource }) => resource === "storageBytes")?.remaining);
 * ```
 */
export class TenantQuotas {
  readonly #id: TenantId;
  readonly #quotas: Quotas | undefined;
  readonly #access: RecordAccess | undefined;

  /** @internal */
  constructor(id: TenantId, quotas: Quotas | undefined, access: RecordAccess | undefined) {
    this.#id = id;
    this.#quotas = quotas;
    this.#access = access;
    Object.freeze(this);
  }

  /** What the tenant uses, and how much room is left: takes the right to `read`. @throws `TENANT_UNAVAILABLE` */
  async usage(): Promise<UsageReport> {
    this.#access?.assertAll("read");
    return await this.#known.usage(this.#id);
  }

  /**
   * The claims of a resource. Inside a transaction, `tx.claims` joins it.
   *
   * @throws `QUOTA_UNKNOWN` when no plan names the resource.
   */
  claims(resource: string): Claims {
    return this.#known.claims(this.#id, resource, this.#access);
  }

  /**
   * Takes tokens of a rate, one by default, before whatever they stand for is done, and says how much room is left;
   * undefined when the tenant's plan has no such rate. Takes the right to `update`.
   *
   * @throws `QUOTA_EXCEEDED` with `retryAfterMs`; without it when there will never be so many. `QUOTA_UNKNOWN`,
   *   `QUOTA_AMOUNT_INVALID`, `TENANT_UNAVAILABLE`.
   */
  async take(rate: string, count = 1): Promise<Headroom | undefined> {
    this.#access?.assertAll("update");
    return await this.#known.take(this.#id, rate, count);
  }

  /**
   * Counts a connection for as long as the lease is held. It ends by itself some time after the process has died
   * (`connectionLeaseMs`), and with the `signal`, so that a client that is gone in the middle leaves none. One
   * transaction, and one every third of that time for all leases of the tenant. Takes the right to `update`.
   *
   * @throws `QUOTA_EXCEEDED`, `TENANT_UNAVAILABLE`, `TRANSACTION_ABORTED` when the signal aborts before it is counted,
   *   `OPTION_UNKNOWN`.
   */
  async connect(options?: ConnectOptions): Promise<ConnectionLease> {
    this.#access?.assertAll("update");
    const { signal } = takeOptions(options, connectNames, "connect");
    return await this.#known.connect(this.#id, signal);
  }

  get #known(): Quotas {
    return knownQuotas(this.#quotas);
  }
}

const connectNames = optionNames<ConnectOptions>({ signal: true });

/** @throws QUOTAS_OFF */
function knownQuotas(quotas: Quotas | undefined): Quotas {
  if (quotas === undefined) throw tenantryError("QUOTAS_OFF", {});
  return quotas;
}

/** The claims of resources inside a transaction: those of all resources follow one another. */
export function claimsIn(
  quotas: Quotas | undefined,
  transaction: TenantTransaction,
  tenant: TenantRecord | undefined,
  access: RecordAccess | undefined,
): (resource: string) => Claims {
  let way: ClaimWay | undefined;
  return (resource) => {
    const known = knownQuotas(quotas);
    way ??= joinedClaims(transaction, tenant);
    return known.claimsBy(way, resource, access);
  };
}
