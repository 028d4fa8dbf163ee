/** Getting many: the records of some ids, in their order, of one point in time. */
import type { AnyEntity, Infer, StoredRecord } from "../schema/index.js";
import { type CallTerms, type ReadTransaction, siblings } from "../transaction/index.js";
import type { RecordTable } from "./table/record-table.js";
import { Unread, Unreadable } from "./table/unread.js";
import type { TenantReader } from "./tenant-reader.js";

type MaybeRecord<E extends AnyEntity> = Infer<E> | undefined;

/**
 * The records of packed ids, undefined where there is none that the table's context may see, and for those that `unread`
 * passes over.
 */
export async function getRecords<E extends AnyEntity>(
  table: RecordTable<E>,
  reader: TenantReader,
  packed: readonly Uint8Array[],
  terms: CallTerms,
  unread: Unread | undefined,
): Promise<MaybeRecord<E>[]> {
  if (unread === undefined) {
    const find = (transaction: ReadTransaction): (StoredRecord<E> | undefined)[] | undefined =>
      table.foundAllSync(transaction, packed);
    const found = reader.readSync(find, terms);
    if (found !== undefined) return found.map((stored) => table.shown(stored)?.record);
  }
  const one = async (transaction: ReadTransaction, id: Uint8Array): Promise<MaybeRecord<E> | Unreadable> => {
    try {
      const loaded = await table.load(transaction, id);
      return table.shown(loaded && table.decodeAs(id, loaded.value))?.record;
    } catch (error) {
      if (unread !== undefined && Unread.mayPass(error)) return new Unreadable(error);
      throw error;
    }
  };
  const found = await reader.read((transaction) => siblings(packed.map((id) => one(transaction, id))), terms);
  const records = found.map((record) => {
    if (!(record instanceof Unreadable)) return record;
    unread?.pass(table.model.name, record.error);
    return undefined;
  });
  if (unread !== undefined) await unread.tell();
  return records;
}
