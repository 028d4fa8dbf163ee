/** Violations: what is said of an attempt to leave a tenant, counted, and reported at a bounded rate. */
import { tenantryError } from "../errors/index.js";
import { violationReportsMax, violationWindowMs } from "../limits/index.js";
import type { TenantId } from "../tenant/index.js";

/**
 * What was about to happen, or had happened, when the guard refused.
 *
 * @example
 * ```ts
 * import type { GuardedOperation, Violation } from "tenantry";
 * const wrote = ({ operation }: Violation) => (["set", "clear", "atomic"] as GuardedOperation[]).includes(operation);
 * ```
 */
export type GuardedOperation =
  | "get"
  | "getKey"
  | "getRange"
  | "set"
  | "clear"
  | "clearRange"
  | "atomic"
  | "setVersionstampedKey"
  | "setVersionstampedValue"
  | "addReadConflictRange"
  | "addWriteConflictRange"
  | "watch"
  | "within"
  | "getEstimatedRangeSizeBytes"
  | "getRangeSplitPoints";

/**
 * Why the guard refused.
 *
 * @example
 * ```ts
 * import type { Violation, ViolationReason } from "tenantry";
 * declare const violation: Violation;
 * const reason: ViolationReason = violation.reason;
 * ```
 */
export type ViolationReason =
  | "notBytes"
  | "keyOutside"
  | "rangeOutside"
  | "resultOutside"
  | "stampOutside"
  | "selectorInvalid"
  | "unknownOperation";

/**
 * One attempt to leave a tenant, as it is reported. It names the acting tenant and no other, and no key.
 *
 * @example
 * ```ts
 * import type { Violation } from "tenantry";
 * const line = ({ tenantId, operation, reason }: Violation) => `${tenantId}: ${operation} refused, ${reason}`;
 * ```
 */
export interface Violation {
  /** The tenant whose transaction it was. */
  readonly tenantId: TenantId;
  readonly operation: GuardedOperation;
  readonly reason: ViolationReason;
  /** Violations that were counted but not reported since the last report. */
  readonly suppressed: number;
}

/**
 * Told of violations, out of band: what it throws or rejects with changes nothing.
 *
 * @example
 * ```ts
 * import type { OnViolation } from "tenantry";
 * const onViolation: OnViolation = ({ tenantId, operation }) => console.error("isolation", tenantId, operation);
 * ```
 */
export type OnViolation = (violation: Violation) => void | Promise<void>;

/** What a {@link ViolationLog} is made of. */
export interface ViolationLogOptions {
  readonly onViolation?: OnViolation | undefined;
  /** Milliseconds that never step back; the process's own clock by default. */
  readonly monotonic?: (() => number) | undefined;
}

/** Counts the violations of all guards of a database and reports them, some per tenant and window at most. */
export class ViolationLog {
  readonly #onViolation: OnViolation | undefined;
  readonly #monotonic: () => number;
  readonly #reported = new Map<TenantId, number>();
  #windowStart = Number.NEGATIVE_INFINITY;
  #count = 0;
  #suppressed = 0;

  constructor(options: ViolationLogOptions = {}) {
    this.#onViolation = options.onViolation;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  /** Violations so far. */
  get count(): number {
    return this.#count;
  }

  /** Counts and reports a violation; returns the error to throw, ISOLATION_VIOLATION. */
  refuse(tenantId: TenantId, operation: GuardedOperation, reason: ViolationReason): Error {
    this.#count++;
    if (this.#admit(tenantId)) {
      const suppressed = this.#suppressed;
      this.#suppressed = 0;
      this.#report({ tenantId, operation, reason, suppressed });
    } else this.#suppressed++;
    return tenantryError("ISOLATION_VIOLATION", { operation, reason });
  }

  /** Whether one more report of this tenant fits the window: one tenant's noise does not hide another's. */
  #admit(tenantId: TenantId): boolean {
    if (this.#onViolation === undefined) return false;
    const now = this.#monotonic();
    if (now - this.#windowStart >= violationWindowMs) {
      this.#windowStart = now;
      this.#reported.clear();
    }
    const reported = this.#reported.get(tenantId) ?? 0;
    if (reported >= violationReportsMax) return false;
    this.#reported.set(tenantId, reported + 1);
    return true;
  }

  #report(violation: Violation): void {
    try {
      Promise.resolve(this.#onViolation?.(violation)).catch(() => {});
    } catch {
      // The violation is what the caller has to see.
    }
  }
}
