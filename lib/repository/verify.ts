/** Verifying a repository: whether all that is kept beside its records agrees with them. */
import { type IndexDefect, verifyEntriesOf, verifyIndexes } from "../indexes/index.js";
import { recordPrefix } from "../keyspace/index.js";
import { type BatchReader, type ChunkDefect, forEachBatch, verifyChunks, wholeOrDefect } from "../records/index.js";
import type { AnyEntity, EntityModel } from "../schema/index.js";
import { tupleRange } from "../tuple/index.js";

/**
 * What `verify` finds: a defect of an index, which it names, or of the chunks of a large record.
 *
 * @example
 * ```ts
 * import type { AnyEntity, Defect } from "tenantry";
 * const where = (defect: Defect<AnyEntity>): string => ("index" in defect ? `index ${defect.index}` : defect.part);
 * ```
 */
export type Defect<E extends AnyEntity> = IndexDefect<E> | ChunkDefect<E>;

/**
 * Compares all that is kept beside an entity's records with them, batch by batch: each batch is of one point in time,
 * so writers may go on. Costs one get per entry a record has to have, one per entry and one per chunk there is.
 */
export async function verifyRecords<E extends AnyEntity>(
  model: EntityModel<E>,
  read: BatchReader,
): Promise<Defect<E>[]> {
  const defects: Defect<E>[] = [];
  const records = recordPrefix(model.name);
  await forEachBatch(read, tupleRange(records), async (transaction, rows) => {
    const found: Defect<E>[] = [];
    const checks = rows.map(async ([key, row]) => {
      const packed = key.subarray(records.length);
      const whole = await wholeOrDefect(transaction, model.name, packed, row);
      if ("defect" in whole) found.push({ part: "chunks", kind: whole.defect, id: model.decodeId(packed) });
      else found.push(...(await verifyEntriesOf(model, transaction, packed, model.decodeRecord(whole.value).record)));
    });
    await Promise.all(checks);
    defects.push(...found);
  });
  defects.push(...(await verifyIndexes(model, read)));
  defects.push(...(await verifyChunks(model, read)));
  return defects;
}
