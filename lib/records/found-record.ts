/** Records as far as they can be read: what is wrong with one is no reason to stop at it. */
import { recordPrefix } from "../keyspace/index.js";
import type { AnyEntity, EntityModel, Infer } from "../schema/index.js";
import type { ReadTransaction } from "../transaction/index.js";
import { concatBytes } from "../tuple/index.js";
import { wholeValue } from "./chunks.js";
import { isAboutRecord } from "./unreadable.js";

/** A record and the bytes of its value, or the error by which it cannot be read. */
export type FoundRecord<E extends AnyEntity> =
  | { readonly record: Infer<E>; readonly bytes: number }
  | { readonly error: unknown };

/** The record with a packed id in its row; its chunks are read where it is split. */
export async function recordIn<E extends AnyEntity>(
  model: EntityModel<E>,
  transaction: ReadTransaction,
  packed: Uint8Array,
  row: Uint8Array,
): Promise<FoundRecord<E>> {
  try {
    const { value } = await wholeValue(transaction, model.name, packed, row);
    return { record: model.decodeRecord(value).record, bytes: value.length };
  } catch (error) {
    if (!isAboutRecord(error)) throw error;
    return { error };
  }
}

/** The record with a packed id; undefined when there is none. */
export async function recordAt<E extends AnyEntity>(
  model: EntityModel<E>,
  transaction: ReadTransaction,
  packed: Uint8Array,
): Promise<FoundRecord<E> | undefined> {
  const row = await transaction.get(concatBytes(recordPrefix(model.name), packed));
  return row === undefined ? undefined : await recordIn(model, transaction, packed, row);
}
