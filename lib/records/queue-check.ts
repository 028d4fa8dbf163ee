/** Verifying the queue of records that expire: whether each has its place there, and each place its record. */
import { recordPrefix } from "../keyspace/index.js";
import type { AnyEntity, EntityModel, IdOf } from "../schema/index.js";
import { type ReadTransaction, siblings } from "../transaction/index.js";
import { concatBytes } from "../tuple/index.js";
import { type BatchReader, forEachBatch } from "./batches.js";
import { expiryOfRecord, queueKey, readQueueKey, wholeQueue } from "./expiry.js";
import { readId } from "./record-id.js";

/**
 * A defect of the queue by which expired records are removed: `missing`, a record that expires is not in it; `stale`, a
 * place in it is of no record that expires then. A sweep removes stale places.
 *
 * @example
 * ```ts
 * import type { AnyEntity, ExpiryDefect } from "tenantry";
 * const describe = ({ kind, id, time }: ExpiryDefect<AnyEntity>): string => `${kind}: ${String(id)} at ${time}`;
 * ```
 */
export interface ExpiryDefect<E extends AnyEntity> {
  readonly part: "expiry";
  readonly index?: undefined;
  readonly kind: "missing" | "stale";
  /** The record's id; undefined when its place in the queue names none. */
  readonly id: IdOf<E> | undefined;
  /** The time of expiry, in ms since 1970. */
  readonly time: number;
}

/** Whether a record is in the queue, given its row; no defect when it does not expire. At most one get. */
export async function queueDefect<E extends AnyEntity>(
  model: EntityModel<E>,
  transaction: ReadTransaction,
  packed: Uint8Array,
  row: Uint8Array,
): Promise<ExpiryDefect<E>[]> {
  const time = expiryOfRecord(row);
  if (time === undefined) return [];
  const queued = await transaction.get(queueKey({ time, entity: model.name, id: packed }));
  return queued === undefined ? [{ part: "expiry", kind: "missing", id: readId(model, packed), time }] : [];
}

/** The places in the queue without their record: one get for each of the entity's. */
export async function verifyQueue<E extends AnyEntity>(
  model: EntityModel<E>,
  read: BatchReader,
): Promise<ExpiryDefect<E>[]> {
  const found: ExpiryDefect<E>[] = [];
  await forEachBatch(read, wholeQueue(), async (transaction, rows) => {
    const own = rows.flatMap(([key]) => readQueueKey(key) ?? []).filter(({ entity }) => entity === model.name);
    const records = await siblings(own.map(({ id }) => transaction.get(concatBytes(recordPrefix(model.name), id))));
    for (const [at, { id, time }] of own.entries()) {
      const row = records[at];
      if (row !== undefined && expiryOfRecord(row) === time) continue;
      found.push({ part: "expiry", kind: "stale", id: readId(model, id), time });
    }
  });
  return found;
}
