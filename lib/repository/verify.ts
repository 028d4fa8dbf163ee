/** Verifying a repository: whether all that is kept beside its records agrees with them. */
import { type AggregateDefect, type CounterDefect, Tally, verifyCounters } from "../aggregates/index.js";
import {
  type IndexDefect,
  readableAggregates,
  readableIndexes,
  verifyEntriesOf,
  verifyIndexes,
} from "../indexes/index.js";
import { recordPrefix } from "../keyspace/index.js";
import {
  type BatchReader,
  type ChunkDefect,
  type ExpiryDefect,
  forEachBatch,
  queueDefect,
  verifyChunks,
  verifyQueue,
  wholeOrDefect,
} from "../records/index.js";
import type { AnyEntity, IndexModel, Infer } from "../schema/index.js";
import { type ReadTransaction, siblings } from "../transaction/index.js";
import { tupleRange } from "../tuple/index.js";
import type { RecordTable } from "./table/record-table.js";

/**
 * What `verify` finds: a defect of an index, which it names, of the chunks of a large record, of an aggregate, or of the
 * queue of records that expire.
 *
 * @example
 * ```ts
 * import type { AnyEntity, Defect } from "tenantry";
 * const where = (defect: Defect<AnyEntity>): string => ("index" in defect ? `index ${defect.index}` : defect.part);
 * ```
 */
export type Defect<E extends AnyEntity> =
  | IndexDefect<E>
  | ChunkDefect<E>
  | AggregateDefect
  | CounterDefect<E>
  | ExpiryDefect<E>;

/**
 * Compares all that is kept beside an entity's records with them, indexes that are not built left out, batch by batch:
 * each batch is of one point in time, so writers may go on. Aggregates are compared with the records as they were read:
 * where reading them takes longer than one read version lives, what is written meanwhile may show as a defect of an
 * aggregate. Costs one get per entry a record has to have, one per entry and one per chunk there is; holds the totals of
 * all groups in memory.
 */
export async function verifyRecords<E extends AnyEntity>(
  table: RecordTable<E>,
  read: BatchReader,
): Promise<Defect<E>[]> {
  const { model } = table;
  const defects: Defect<E>[] = [];
  let indexes: readonly IndexModel[] = [];
  const records = recordPrefix(model.name);
  const aggregates = new Tally(
    model,
    model.aggregates.size === 0 ? [] : await read((transaction) => readableAggregates(transaction, model)),
  );
  await forEachBatch(read, tupleRange(records), async (transaction, rows) => {
    indexes = await readableIndexes(transaction, model);
    const found: Defect<E>[] = [];
    const taken: Infer<E>[] = [];
    const isLive = table.liveness.filter(undefined);
    const checks = rows.map(async ([key, row]) => {
      const packed = key.subarray(records.length);
      const whole = await wholeOrDefect(transaction, model.name, packed, row);
      if (model.expires) found.push(...(await queueDefect(model, transaction, packed, row)));
      if ("defect" in whole) found.push({ part: "chunks", kind: whole.defect, id: model.decodeId(packed) });
      else {
        const { record } = model.decodeRecord(whole.value);
        taken.push(record);
        const expired = isLive?.(row, 0, row.length) === false;
        found.push(...(await verifyEntriesOf(model, indexes, transaction, packed, record, expired)));
      }
    });
    await siblings(checks);
    // Only now: a batch that fails is read again.
    defects.push(...found);
    for (const record of taken) aggregates.add(record);
  });
  defects.push(...(await verifyIndexes(model, indexes, read)));
  defects.push(...(await verifyChunks(model, read)));
  if (model.expires) defects.push(...(await verifyQueue(model, read)));
  if (model.counters.size > 0) {
    const isThere = async (transaction: ReadTransaction, id: Uint8Array): Promise<boolean> =>
      (await table.row(transaction, id)) !== undefined;
    defects.push(...(await verifyCounters(model, read, isThere)));
  }
  defects.push(...(await aggregates.defects(read)));
  return defects;
}
