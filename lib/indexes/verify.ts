/** Verifying: whether every record has its index entries, and every entry its record. */
import { indexPrefix } from "../keyspace/index.js";
import { type BatchReader, forEachBatch } from "../records/index.js";
import type { AnyEntity, EntityModel, IndexModel, Infer } from "../schema/index.js";
import { type ReadTransaction, siblings } from "../transaction/index.js";
import { tupleRange } from "../tuple/index.js";
import { entriesOf } from "./entry.js";
import { entryDefect, type WrongEntry, wrongEntry } from "./entry-check.js";
import { verifyElements } from "./verify-elements.js";

/** A record without an entry that it has to have. */
export interface LackingRecord {
  readonly index: IndexModel;
  readonly kind: "missing" | "duplicate";
  /** Its packed id. */
  readonly packed: Uint8Array;
}

/**
 * What is wrong with the entries that a record has to have in some indexes: one get for each.
 *
 * @throws before the first get what is wrong with values of the record that have no place in an index.
 */
export function verifyEntriesOf<E extends AnyEntity>(
  model: EntityModel<E>,
  indexes: readonly IndexModel[],
  transaction: ReadTransaction,
  packed: Uint8Array,
  record: Infer<E>,
  expired = false,
): Promise<LackingRecord[]> {
  const entries = indexes.flatMap((index) =>
    // Another may have what an expired record had.
    entriesOf(model.name, index, record, packed).flatMap((entry) => (expired && entry.taken ? [] : { index, entry })),
  );
  return lackingAmong(model, transaction, packed, entries);
}

async function lackingAmong<E extends AnyEntity>(
  model: EntityModel<E>,
  transaction: ReadTransaction,
  packed: Uint8Array,
  entries: readonly { readonly index: IndexModel; readonly entry: ReturnType<typeof entriesOf>[number] }[],
): Promise<LackingRecord[]> {
  const found: LackingRecord[] = [];
  const checks = entries.map(async ({ index, entry }) => {
    const kind = await entryDefect(model, index, transaction, entry);
    if (kind !== undefined) found.push({ index, kind, packed });
  });
  await siblings(checks);
  return found;
}

/** What is wrong with the entries that there are in an index: one get for each. */
async function verifyEntries<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  read: BatchReader,
): Promise<WrongEntry<E>[]> {
  const wrong: WrongEntry<E>[] = [];
  await forEachBatch(read, tupleRange(indexPrefix(model.name, index.name)), async (transaction, rows) => {
    const found: WrongEntry<E>[] = [];
    const checks = rows.map(async ([key, value]) => {
      const one = await wrongEntry(model, index, transaction, key, value);
      if (one !== undefined) found.push(one);
    });
    await siblings(checks);
    // Only now: a batch that fails is read again.
    for (const one of found) wrong.push(one);
  });
  return wrong;
}

/** What is wrong with the entries that there are in some indexes. */
export async function verifyIndexes<E extends AnyEntity>(
  model: EntityModel<E>,
  indexes: readonly IndexModel[],
  read: BatchReader,
): Promise<WrongEntry<E>[]> {
  const wrong: WrongEntry<E>[] = [];
  for (const index of indexes) {
    const found = await (index.each === undefined ? verifyEntries : verifyElements)(model, index, read);
    for (const one of found) wrong.push(one);
  }
  return wrong;
}
