/** What callers say to the registry of tenants: of a new one, of a change, of which to list. */
import { tenantryError } from "../errors/index.js";
import { operatorReasonBytesMax } from "../limits/index.js";
import { optionNames } from "../options/index.js";
import {
  isBoundedText,
  isSubject,
  type OperatorOptions,
  subjectRule,
  type TenantId,
  type TenantProfile,
  type TenantRecord,
  type TenantState,
} from "../tenant/index.js";

/**
 * What a new tenant needs.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * declare const db: Database;
 * declare const signUp: { company: string; billingId: string };
 * await db.tenants.provision({ name: signUp.company, externalKey: signUp.billingId, plan: "team", region: "eu" });
 * ```
 */
export interface ProvisionOptions extends TenantProfile, OperatorOptions {
  /** For people: 1 to 256 bytes of UTF-8; need not be unique. */
  readonly name: string;
  /**
   * What another system knows the tenant by: 1 to 512 bytes of UTF-8. Provisioning again with it, also at the same time
   * or after a crash, gives the same tenant.
   */
  readonly externalKey?: string | undefined;
  /** An id of your own, as of a service that has its tenants already; a new random one unless given. */
  readonly id?: TenantId | undefined;
}

export const provisionNames = optionNames<ProvisionOptions>({
  name: true,
  externalKey: true,
  id: true,
  plan: true,
  region: true,
  metadata: true,
  by: true,
  reason: true,
  signal: true,
});

/**
 * What is to become of a tenant's name and profile: what is not named stays, `null` removes.
 *
 * @example
 * ```ts
 * import type { Database, TenantChanges, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const changes: TenantChanges = { plan: "enterprise", region: null };
 * await db.tenants.update(id, changes);
 * ```
 */
export interface TenantChanges {
  readonly name?: string | undefined;
  readonly plan?: string | null | undefined;
  readonly region?: string | null | undefined;
  /** Replaces all of it. */
  readonly metadata?: TenantProfile["metadata"] | null | undefined;
}

export const changesNames = optionNames<TenantChanges>({ name: true, plan: true, region: true, metadata: true });

/**
 * How a tenant is suspended.
 *
 * @example
 * ```ts
 * import type { Database, SuspendOptions, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const options: SuspendOptions = { reads: true, reason: "trial ended" };
 * await db.tenants.suspend(id, options);
 * ```
 */
export interface SuspendOptions extends OperatorOptions {
  /** Whether its data can still be read (state `readOnly`); default false (state `suspended`). */
  readonly reads?: boolean | undefined;
}

export const suspendNames = optionNames<SuspendOptions>({ reads: true, by: true, reason: true, signal: true });

/**
 * How a tenant is retired.
 *
 * @example
 * ```ts
 * import type { Database, RetireOptions, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const options: RetireOptions = { graceMs: 7 * 86_400_000, reason: "contract ended" };
 * await db.tenants.retire(id, options);
 * ```
 */
export interface RetireOptions extends OperatorOptions {
  /** Milliseconds for which its data is kept, and it can be resumed; default `retirementGraceMs`, thirty days. */
  readonly graceMs?: number | undefined;
}

export const retireNames = optionNames<RetireOptions>({ graceMs: true, by: true, reason: true, signal: true });

/**
 * How a tenant is erased.
 *
 * @example
 * ```ts
 * import type { Database, EraseOptions, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const options: EraseOptions = { withinGrace: true, reason: "erasure asked for by the customer" };
 * await db.tenants.erase(id, options);
 * ```
 */
export interface EraseOptions extends OperatorOptions {
  /** Erases although the grace period has not ended; default false. */
  readonly withinGrace?: boolean | undefined;
}

export const eraseNames = optionNames<EraseOptions>({ withinGrace: true, by: true, reason: true, signal: true });

/**
 * Which tenants are wanted.
 *
 * @example
 * ```ts
 * import type { Database, TenantFilter } from "tenantry";
 * declare const db: Database;
 * const filter: TenantFilter = { namePrefix: "Fra", state: "active" };
 * for await (const { id, name } of db.tenants.list(filter)) console.log(id, name);
 * ```
 */
export interface TenantFilter {
  /** Tenants whose names begin so, letter for letter, in the order of their names: an index answers it. */
  readonly namePrefix?: string | undefined;
  readonly plan?: string | undefined;
  /** One state or several. Erased tenants are left out unless asked for. */
  readonly state?: TenantState | readonly TenantState[] | undefined;
}

/**
 * Which tenants to list.
 *
 * @example
 * ```ts
 * import { type Database, type TenantId } from "tenantry";
 * declare const db: Database;
 * declare const last: TenantId;
 * for await (const { id, name } of db.tenants.list({ after: last, limit: 20 })) console.log(id, name);
 * ```
 */
export interface ListTenantsOptions extends TenantFilter {
  /** Begins after this tenant; not together with `namePrefix`. */
  readonly after?: TenantId | undefined;
  /** Tenants at most. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const filter = { namePrefix: true, plan: true, state: true } as const;
export const listNames = optionNames<ListTenantsOptions>({ ...filter, after: true, limit: true, signal: true });

/**
 * Which page of the tenants.
 *
 * @example
 * ```ts
 * import type { Database, TenantPageOptions } from "tenantry";
 * declare const db: Database;
 * declare const request: { cursor: string | undefined; user: string };
 * const options: TenantPageOptions = { plan: "team", size: 50, cursor: request.cursor, principal: request.user };
 * const { items, next } = await db.tenants.page(options);
 * ```
 */
export interface TenantPageOptions extends TenantFilter {
  /** Tenants of a page: 1 to 1,000. */
  readonly size: number;
  /** Where the page before ended: its `next`. */
  readonly cursor?: string | undefined;
  /** Whom the page is for; another's cursor is refused. */
  readonly principal?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const pageNames = optionNames<TenantPageOptions>({
  ...filter,
  size: true,
  cursor: true,
  principal: true,
  signal: true,
});

/**
 * A page of tenants.
 *
 * @example
 * ```ts
 * import type { Database, TenantPage } from "tenantry";
 * declare const db: Database;
 * const { items, next }: TenantPage = await db.tenants.page({ size: 20 });
 * ```
 */
export interface TenantPage {
  readonly items: TenantRecord[];
  /** The cursor of the page after, sealed and good for a day; undefined on the last page. */
  readonly next: string | undefined;
}

/** @throws TENANT_OPTION_INVALID */
export function assertOperator(by: string | undefined, reason: string | undefined): void {
  if (by !== undefined && !isSubject(by)) throw invalid("by", subjectRule);
  if (reason !== undefined && !isBoundedText(reason, operatorReasonBytesMax)) {
    throw invalid("reason", `not well-formed text of 1 to ${operatorReasonBytesMax} bytes`);
  }
}

export const invalid = (option: string, reason: string): Error =>
  tenantryError("TENANT_OPTION_INVALID", { option, reason });
