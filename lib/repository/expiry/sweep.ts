/** Sweeps: the records of a tenant that have expired, removed batch by batch in the order of their time. */
import { tenantryError } from "../../errors/index.js";
import { sweepBytesMax, sweepRecordsMax } from "../../limits/index.js";
import { optionNames, takeOptions } from "../../options/index.js";
import { isAboutRecord, type QueuedRecord, queueUntil, readQueueKey } from "../../records/index.js";
import type { AnyEntity } from "../../schema/index.js";
import { callTerms, type TenantTransaction } from "../../transaction/index.js";
import { keyAfter } from "../../tuple/index.js";
import type { OperationOptions } from "../interface/options.js";
import type { RecordTable } from "../table/record-table.js";
import { alone, type RunnerWriter } from "../tenant-reader.js";
import { applyChanges, type Change } from "../write/change.js";

/**
 * What a sweep takes.
 *
 * @example
 * ```ts
 * import type { SweepOptions, Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * const options: SweepOptions = { limit: 10_000, signal: AbortSignal.timeout(60_000) };
 * await tenant.sweep(options);
 * ```
 */
export interface SweepOptions extends OperationOptions {
  /** Records removed at most; all that have expired when the sweep begins unless given. */
  readonly limit?: number | undefined;
}

const sweepNames = optionNames<SweepOptions>({ signal: true, limit: true });

/**
 * What a sweep came to.
 *
 * @example
 * ```ts
 * import type { Swept, Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * const { removed, failed }: Swept = await tenant.sweep();
 * if (failed > 0) console.error(`${failed} of ${removed + failed} expired records cannot be read`);
 * ```
 */
export interface Swept {
  /** Records removed. */
  readonly removed: number;
  /** Records left, since they cannot be read: damaged, or of a newer version of their entity. */
  readonly failed: number;
}

/** The tables of a database's entities by name: no rights bind them. */
export type SweptTables = ReadonlyMap<string, RecordTable<AnyEntity>>;

/** What one transaction of a sweep did. */
interface SweptBatch extends Swept {
  /** The last place of the queue looked at; undefined when there is none after it. */
  readonly last: Uint8Array | undefined;
}

/** A queued record's change: removed when it is there and expires then; undefined when its place is of none. */
async function removalOf(
  transaction: TenantTransaction,
  table: RecordTable<AnyEntity>,
  { id, time }: QueuedRecord,
): Promise<Change<AnyEntity> | undefined> {
  const before = await table.stored(transaction, id);
  if (before === undefined || before.expiresAt !== time) return undefined;
  return { id, before, after: undefined, revision: 0 };
}

async function sweepBatch(
  transaction: TenantTransaction,
  tables: SweptTables,
  range: { readonly begin: Uint8Array; readonly end: Uint8Array },
  limit: number,
): Promise<SweptBatch> {
  // Whoever has rights to no record may call it then, and is told nothing.
  if (![...tables.values()].some(({ model }) => model.expires)) return { removed: 0, failed: 0, last: undefined };
  // The conflict is on the records: who changes one's time writes it.
  const options = { limit: Math.min(limit, sweepRecordsMax), snapshot: true };
  const { rows, more } = await transaction.getRange(range, options);
  const removals = new Map<RecordTable<AnyEntity>, Change<AnyEntity>[]>();
  let [removed, failed, bytes] = [0, 0, 0];
  let last: Uint8Array | undefined;
  for (const [key] of rows) {
    if (bytes > sweepBytesMax) return { removed, failed, last: await written() };
    last = key;
    const queued = readQueueKey(key);
    const table = queued && tables.get(queued.entity);
    // Of an entity that the database was opened without, or that no longer expires: its records stay.
    if (queued === undefined || table === undefined || !table.model.expires) continue;
    try {
      const change = await removalOf(transaction, table, queued);
      if (change === undefined) transaction.clear(key);
      else {
        removals.set(table, [...(removals.get(table) ?? []), change]);
        bytes += change.before?.bytes ?? 0;
        removed++;
      }
    } catch (error) {
      if (!isAboutRecord(error)) throw error;
      failed++;
    }
  }
  return { removed, failed, last: await written().then((end) => (more ? end : undefined)) };

  /** Removes what was found; the last place looked at. */
  async function written(): Promise<Uint8Array | undefined> {
    for (const [table, changes] of removals) await applyChanges(alone(transaction), table, changes);
    return last;
  }
}

/**
 * Removes the expired records of a tenant. What it has removed stays removed whatever happens next: another sweep goes
 * on from there.
 */
export async function sweepExpired(
  tables: SweptTables,
  writer: RunnerWriter,
  now: number,
  options: SweepOptions | undefined,
): Promise<Swept> {
  const { limit = Number.POSITIVE_INFINITY, signal } = takeOptions(options, sweepNames, "sweep");
  if (!(limit === Number.POSITIVE_INFINITY || (Number.isSafeInteger(limit) && limit >= 0))) {
    throw tenantryError("TENANT_OPTION_INVALID", { option: "limit", reason: "not a whole number from 0" });
  }
  const { begin, end } = queueUntil(now);
  const terms = callTerms("sweep", undefined, signal);
  let swept: Swept = { removed: 0, failed: 0 };
  for (let from: Uint8Array | undefined = begin; from !== undefined && swept.removed < limit; ) {
    const range = { begin: from, end };
    const rest = limit - swept.removed;
    const batch: SweptBatch = await writer.write(
      ({ transaction }) => sweepBatch(transaction, tables, range, rest),
      terms,
    );
    swept = { removed: swept.removed + batch.removed, failed: swept.failed + batch.failed };
    from = batch.last === undefined ? undefined : keyAfter(batch.last);
  }
  return swept;
}
