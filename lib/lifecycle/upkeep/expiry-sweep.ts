/** Sweeping a database: the expired records of all tenants, some tenants at once, none in another's way. */
import pLimit from "p-limit";
import { tenantryError } from "../../errors/index.js";
import { abortReason, isAborted } from "../../intrinsics/index.js";
import { sweptTenantsFailedMax, sweptTenantsMax } from "../../limits/index.js";
import { optionNames, takeOptions } from "../../options/index.js";
import type { SweepOptions, Swept } from "../../repository/index.js";
import { type TenantId, type TenantRecord, tenantStates } from "../../tenant/index.js";

/**
 * What a sweep of all tenants takes.
 *
 * @example
 * ```ts
 * import type { Database, DatabaseSweepOptions } from "tenantry";
 * declare const db: Database;
 * const options: DatabaseSweepOptions = { concurrency: 8, signal: AbortSignal.timeout(600_000) };
 * await db.sweep(options);
 * ```
 */
export interface DatabaseSweepOptions {
  /** Tenants swept at once: 4 unless given. */
  readonly concurrency?: number | undefined;
  /** Ends the work: rejects with `TRANSACTION_ABORTED` once those under way have ended. What was removed stays so. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of a sweep of all tenants, by name. */
export const takeSweepOptions = (options: DatabaseSweepOptions | undefined): DatabaseSweepOptions =>
  takeOptions(options, optionNames<DatabaseSweepOptions>({ concurrency: true, signal: true }), "sweep");

/**
 * What a sweep of all tenants came to.
 *
 * @example
 * ```ts
 * import type { Database, DatabaseSwept } from "tenantry";
 * declare const db: Database;
 * const { failures }: DatabaseSwept = await db.sweep();
 * for (const { tenantId, error } of failures) console.error(tenantId, error);
 * ```
 */
export interface DatabaseSwept extends Swept {
  /** Tenants swept; those whose state takes no writes are passed over. */
  readonly tenants: number;
  /** Tenants whose sweep failed. */
  readonly tenantsFailed: number;
  /** The first hundred of these, and why. */
  readonly failures: readonly { readonly tenantId: TenantId; readonly error: unknown }[];
}

/** Sweeps each of the tenants; one that fails does not stop the others. */
export async function sweepTenants(
  tenants: AsyncIterable<TenantRecord>,
  sweep: (id: TenantId, options: SweepOptions) => Promise<Swept>,
  { concurrency = sweptTenantsMax, signal }: DatabaseSweepOptions,
): Promise<DatabaseSwept> {
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    const reason = "not a whole number from 1";
    throw tenantryError("DATABASE_OPTION_INVALID", { option: "concurrency", reason });
  }
  const stopped = (): boolean => signal !== undefined && isAborted(signal);
  const atOnce = pLimit(concurrency);
  const failures: { readonly tenantId: TenantId; readonly error: unknown }[] = [];
  const swept = { tenants: 0, tenantsFailed: 0, removed: 0, failed: 0 };
  const sweepOne = async (tenantId: TenantId): Promise<void> => {
    if (stopped()) return;
    try {
      const { removed, failed } = await sweep(tenantId, { signal });
      swept.tenants++;
      swept.removed += removed;
      swept.failed += failed;
    } catch (error) {
      swept.tenantsFailed++;
      if (failures.length < sweptTenantsFailedMax) failures.push({ tenantId, error });
    }
  };
  const running = new Set<Promise<void>>();
  try {
    for await (const { id, state } of tenants) {
      if (stopped()) break;
      if (!tenantStates[state].writes) continue;
      const one = atOnce(() => sweepOne(id));
      running.add(one);
      one.then(() => running.delete(one));
      // No more of them wait than are swept at once: the list of tenants is read as they are.
      if (running.size >= 2 * concurrency) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  if (signal !== undefined && stopped()) {
    throw tenantryError("TRANSACTION_ABORTED", { attempts: 0 }, { cause: abortReason(signal) });
  }
  return { ...swept, failures };
}
