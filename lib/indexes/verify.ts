/** Verifying: whether every record has its index entries, and every entry its record. */
import { indexPrefix } from "../keyspace/index.js";
import { type BatchReader, forEachBatch } from "../records/index.js";
import type { AnyEntity, EntityModel, IndexModel, Infer } from "../schema/index.js";
import { type ReadTransaction, siblings } from "../transaction/index.js";
import { tupleRange } from "../tuple/index.js";
import { entriesOf } from "./entry.js";
import { defectOf, entryDefect, type IndexDefect } from "./entry-check.js";
import { verifyElements } from "./verify-elements.js";

/** What is wrong with the entries that a record has to have in some indexes: one get for each. */
export async function verifyEntriesOf<E extends AnyEntity>(
  model: EntityModel<E>,
  indexes: readonly IndexModel[],
  transaction: ReadTransaction,
  packed: Uint8Array,
  record: Infer<E>,
  expired = false,
): Promise<IndexDefect<E>[]> {
  const found: IndexDefect<E>[] = [];
  const checks = indexes.flatMap((index) =>
    entriesOf(model.name, index, record, packed).map(async (entry) => {
      // Another may have what an expired record had.
      if (expired && entry.taken) return;
      const kind = await entryDefect(model, index, transaction, entry);
      if (kind !== undefined) found.push({ index: index.name, kind, id: model.decodeId(packed) });
    }),
  );
  await siblings(checks);
  return found;
}

/** What is wrong with the entries that there are in an index: one get for each. */
async function verifyEntries<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  read: BatchReader,
): Promise<IndexDefect<E>[]> {
  const defects: IndexDefect<E>[] = [];
  await forEachBatch(read, tupleRange(indexPrefix(model.name, index.name)), async (transaction, rows) => {
    const found: IndexDefect<E>[] = [];
    const checks = rows.map(async ([key, value]) => {
      const defect = await defectOf(model, index, transaction, key, value);
      if (defect !== undefined) found.push(defect);
    });
    await siblings(checks);
    // Only now: a batch that fails is read again.
    defects.push(...found);
  });
  return defects;
}

/** What is wrong with the entries that there are in some indexes. */
export async function verifyIndexes<E extends AnyEntity>(
  model: EntityModel<E>,
  indexes: readonly IndexModel[],
  read: BatchReader,
): Promise<IndexDefect<E>[]> {
  const defects: IndexDefect<E>[] = [];
  for (const index of indexes) {
    const found = await (index.each === undefined ? verifyEntries : verifyElements)(model, index, read);
    for (const defect of found) defects.push(defect);
  }
  return defects;
}
