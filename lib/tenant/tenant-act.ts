/** Acts on a tenant: who changes it, why, and what its trail says of it. */
import { optionNames, takeOptions } from "../options/index.js";
import type { QuotaOverride } from "./quota-override.js";

/**
 * Who changes a tenant and why, for its audit trail. Both are stored so that the tenant's erasure makes them unreadable.
 *
 * @example
 * ```ts
 * import type { Database, OperatorOptions, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const options: OperatorOptions = { by: "ann@ops", reason: "invoice 4711 is overdue" };
 * await db.tenants.suspend(id, options);
 * ```
 */
export interface OperatorOptions {
  /** Whom the audit trail names: 1 to 512 bytes of UTF-8; the program itself unless given. */
  readonly by?: string | undefined;
  /** Up to 1,024 bytes of UTF-8. */
  readonly reason?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A change of what operators have set for one resource of a tenant, as its audit trail tells of it.
 *
 * @example
 * ```ts
 * import type { QuotaChange } from "tenantry";
 * const line = ({ resource, limit }: QuotaChange) =>
 *   limit === undefined ? `${resource} cleared` : `${resource} set to ${JSON.stringify(limit)}`;
 * ```
 */
export interface QuotaChange {
  readonly resource: string;
  /** Undefined when it was cleared. */
  readonly limit: QuotaOverride | undefined;
}

const operatorNames = optionNames<OperatorOptions>({ by: true, reason: true, signal: true });

/** A change of one tenant, as its trail names it. All of it is there, so that nothing inherited is read in its place. */
export interface TenantAct {
  /** A word of the library's own. */
  readonly operation: string;
  readonly by: string | undefined;
  readonly reason: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly quota: QuotaChange | undefined;
}

/** The act of an operator who gives no other options. @throws OPTION_UNKNOWN, OPTIONS_INVALID */
export function operatorAct(operation: string, given: OperatorOptions | undefined, quota?: QuotaChange): TenantAct {
  const { by, reason, signal } = takeOptions(given, operatorNames, operation);
  return { operation, by, reason, signal, quota };
}
