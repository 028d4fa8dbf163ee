/** Batches: the records or ids that one call is given, copied before anything is awaited. */
import { tenantryError } from "../errors/index.js";
import { arrayLength } from "../intrinsics/index.js";
import { batchRecordsMax } from "../limits/index.js";

/**
 * The items of a batch, each read once, by its index.
 *
 * @throws BATCH_INVALID for what is no array, BATCH_TOO_LARGE when there is more in it than one transaction takes.
 */
export function copiedBatch<T>(items: readonly T[]): T[] {
  const records = arrayLength(items);
  if (records === undefined) throw tenantryError("BATCH_INVALID", {});
  if (records > batchRecordsMax) throw tenantryError("BATCH_TOO_LARGE", { records, batchRecordsMax });
  const copy: T[] = [];
  for (let at = 0; at < records; at++) copy.push(items[at] as T);
  return copy;
}
