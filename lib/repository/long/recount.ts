/** Recounts: an entity's aggregates made anew from its records. */
import { Tally } from "../../aggregates/index.js";
import { recordPrefix } from "../../keyspace/index.js";
import { forEachBatch, wholeValue } from "../../records/index.js";
import type { AnyEntity, EntityModel } from "../../schema/index.js";
import type { TenantTransaction } from "../../transaction/index.js";
import { tupleRange } from "../../tuple/index.js";

/** Reads all records of an entity and writes what its aggregates come to, in place of what they are. */
export async function recount<E extends AnyEntity>(
  transaction: TenantTransaction,
  model: EntityModel<E>,
): Promise<void> {
  const records = recordPrefix(model.name);
  const tally = new Tally(model);
  const readBatch = <T>(fn: (reading: TenantTransaction) => Promise<T>): Promise<T> => fn(transaction);
  await forEachBatch(readBatch, tupleRange(records), async (_, rows) => {
    for (const [key, row] of rows) {
      const { value } = await wholeValue(transaction, model.name, key.subarray(records.length), row);
      tally.add(model.decodeRecord(value).record);
    }
  });
  tally.write(transaction);
}
