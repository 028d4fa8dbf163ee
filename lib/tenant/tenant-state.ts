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
export type TenantState = "provisioning" | "active" | "readOnly" | "suspended" | "quarantined" | "retired" | "erased";

/** What a state permits. */
export interface TenantStateRules {
  /** The tenant's data can be read. */
  readonly reads: boolean;
  /** The tenant's data can be written. */
  readonly writes: boolean;
  /** An operator can read it. */
  readonly operatorReads: boolean;
  /** An operator can write it. */
  readonly operatorWrites: boolean;
  /** The states that can follow. */
  readonly next: readonly TenantState[];
}

/**
 * All states:
 * - `provisioning`: being made: its seeds run, nobody else sees it
 * - `active`: in use
 * - `readOnly`: read but not written, as while it moves to another cluster
 * - `suspended`: neither, at the customer's or the business's wish; an operator may look
 * - `quarantined`: neither, because something may be wrong with its data; operators look and mend
 * - `retired`: neither; its data waits for erasure, until which it can be taken back
 * - `erased`: its data is gone; the id stays taken for good
 */
export const tenantStates: Readonly<Record<TenantState, TenantStateRules>> = {
  provisioning: {
    reads: false,
    writes: false,
    operatorReads: true,
    operatorWrites: true,
    next: ["active", "retired"],
  },
  active: {
    reads: true,
    writes: true,
    operatorReads: true,
    operatorWrites: true,
    next: ["readOnly", "suspended", "quarantined", "retired"],
  },
  readOnly: {
    reads: true,
    writes: false,
    operatorReads: true,
    operatorWrites: false,
    next: ["active", "suspended", "quarantined", "retired"],
  },
  suspended: {
    reads: false,
    writes: false,
    operatorReads: true,
    operatorWrites: false,
    next: ["active", "readOnly", "quarantined", "retired"],
  },
  quarantined: {
    reads: false,
    writes: false,
    operatorReads: true,
    operatorWrites: true,
    next: ["active", "readOnly", "suspended", "retired"],
  },
  retired: {
    reads: false,
    writes: false,
    operatorReads: true,
    operatorWrites: false,
    next: ["active", "erased"],
  },
  erased: { reads: false, writes: false, operatorReads: false, operatorWrites: false, next: [] },
};

/** Whether `value` names a state. */
export const isTenantState = (value: unknown): value is TenantState =>
  typeof value === "string" && Object.hasOwn(tenantStates, value);
