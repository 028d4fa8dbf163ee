/** The states a tenant can be in, as data: what each permits and where it can lead. */

/**
 * A tenant's state; what it permits is in {@link tenantStates}.
 *
 * @example
 * ```ts
 * import type { TenantRecord, TenantState } from "tenantry";
 * declare const record: TenantRecord;
 * const state: TenantState = record.state;
 * ```
 */
export type TenantState = "active" | "readOnly" | "suspended" | "quarantined" | "retired";

/** What a state permits. */
export interface TenantStateRules {
  /** The tenant's data can be read. */
  readonly reads: boolean;
  /** The tenant's data can be written. */
  readonly writes: boolean;
  /** The states that can follow. */
  readonly next: readonly TenantState[];
}

/**
 * All states:
 * - `active`: in use
 * - `readOnly`: read but not written, as while it moves to another cluster
 * - `suspended`: neither, at the customer's or the business's wish
 * - `quarantined`: neither, because something may be wrong with its data; looked at before it is used again
 * - `retired`: neither, for good; its data waits for erasure
 */
export const tenantStates: Readonly<Record<TenantState, TenantStateRules>> = {
  active: { reads: true, writes: true, next: ["readOnly", "suspended", "quarantined", "retired"] },
  readOnly: { reads: true, writes: false, next: ["active", "suspended", "quarantined", "retired"] },
  suspended: { reads: false, writes: false, next: ["active", "readOnly", "quarantined", "retired"] },
  quarantined: { reads: false, writes: false, next: ["active", "readOnly", "suspended", "retired"] },
  retired: { reads: false, writes: false, next: [] },
};

/** Whether `value` names a state. */
export const isTenantState = (value: unknown): value is TenantState =>
  typeof value === "string" && Object.hasOwn(tenantStates, value);
