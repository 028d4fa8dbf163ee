/** Verifying a repository: whether its records can be read, and all that is kept beside them agrees with them. */
import { Tally, verifyCounters } from "../../aggregates/index.js";
import {
  type IndexDefect,
  type LackingRecord,
  readableAggregates,
  readableIndexes,
  verifyIndexes,
  type WrongEntry,
} from "../../indexes/index.js";
import { recordPrefix } from "../../keyspace/index.js";
import { type BatchReader, forEachBatch, readId, verifyChunks, verifyQueue } from "../../records/index.js";
import type { AnyEntity, IndexModel } from "../../schema/index.js";
import { type ReadTransaction, siblings } from "../../transaction/index.js";
import { tupleRange } from "../../tuple/index.js";
import type { RecordTable } from "../table/record-table.js";
import type { Defect } from "./defect.js";
import { checkRow, unfitRecord } from "./record-check.js";
import type { IndexRepair } from "./repair.js";

/** What was found in the rows of the records. */
interface CheckedRecords<E extends AnyEntity> {
  readonly defects: Defect<E>[];
  readonly lacking: LackingRecord[];
  /** The indexes that could be read at the end. */
  readonly indexes: readonly IndexModel[];
}

async function checkRecords<E extends AnyEntity>(
  table: RecordTable<E>,
  read: BatchReader,
  tally: Tally<E>,
): Promise<CheckedRecords<E>> {
  const prefix = recordPrefix(table.model.name);
  const defects: Defect<E>[] = [];
  const lacking: LackingRecord[] = [];
  let indexes: readonly IndexModel[] = [];
  await forEachBatch(read, tupleRange(prefix), async (transaction, rows) => {
    indexes = await readableIndexes(transaction, table.model);
    const own = indexes;
    const checked = await siblings(
      rows.map(([key, row]) => checkRow(table, own, transaction, key.slice(prefix.length), row)),
    );
    // Only now: a batch that fails is read again.
    for (const { packed, record, ...found } of checked) {
      defects.push(...found.defects);
      lacking.push(...found.lacking);
      if (record === undefined) continue;
      try {
        tally.add(record);
      } catch (error) {
        if (found.defects.length === 0) defects.push(unfitRecord(table, packed, error));
      }
    }
  });
  return { defects, lacking, indexes };
}

/** What is wrong with entries, as users see it; those of damaged records are in order until a repair takes them away. */
async function wrongDefects<E extends AnyEntity>(
  wrong: readonly WrongEntry<E>[],
  repair?: IndexRepair<E>,
): Promise<IndexDefect<E>[]> {
  const repaired = await repair?.entries(wrong);
  return wrong.flatMap(({ index, kind, id }, at): IndexDefect<E>[] => {
    if (repaired !== undefined) return [{ index: index.name, kind, id, repaired: repaired[at] === true }];
    return kind === "damaged" ? [] : [{ index: index.name, kind, id }];
  });
}

async function lackingDefects<E extends AnyEntity>(
  { model }: RecordTable<E>,
  lacking: readonly LackingRecord[],
  repair: IndexRepair<E> | undefined,
): Promise<IndexDefect<E>[]> {
  const repaired = await repair?.lacking(lacking);
  return lacking.map(({ index, kind, packed }, at) => {
    const defect = { index: index.name, kind, id: readId(model, packed) };
    return repaired === undefined ? defect : { ...defect, repaired: repaired[at] === true };
  });
}

/** Puts the entries right that there are, those of damaged records removed, and tells which were wrong. */
export async function mendEntries<E extends AnyEntity>(
  { model }: RecordTable<E>,
  read: BatchReader,
  repair: IndexRepair<E>,
): Promise<IndexDefect<E>[]> {
  const indexes = await read((transaction) => readableIndexes(transaction, model));
  return await wrongDefects(await verifyIndexes(model, indexes, read), repair);
}

/** What a repair has done to the entries that there are, and what does the rest. */
export interface Mending<E extends AnyEntity> {
  readonly entries: readonly IndexDefect<E>[];
  readonly repair: IndexRepair<E>;
}

/**
 * Compares all that is kept beside an entity's records with them, indexes that are not built left out, batch by batch:
 * each batch is of one point in time, so writers may go on. Aggregates are compared with the records as they were read:
 * where reading them takes longer than one read version lives, what is written meanwhile may show as a defect of an
 * aggregate. Costs one get per entry a record has to have, one per entry and one per chunk there is; holds the totals of
 * all groups in memory.
 *
 * @param mending Of a repair, which is over with the entries by now: a record lacks those, too, whose place a wrong one
 *   had. Then `read` has to see what it wrote.
 */
export async function verifyRecords<E extends AnyEntity>(
  table: RecordTable<E>,
  read: BatchReader,
  mending?: Mending<E>,
): Promise<Defect<E>[]> {
  const { model } = table;
  const tally = new Tally(
    model,
    model.aggregates.size === 0 ? [] : await read((transaction) => readableAggregates(transaction, model)),
  );
  const { defects, lacking, indexes } = await checkRecords(table, read, tally);
  const isThere = async (transaction: ReadTransaction, id: Uint8Array): Promise<boolean> =>
    (await table.row(transaction, id)) !== undefined;
  return [
    defects,
    await lackingDefects(table, lacking, mending?.repair),
    mending?.entries ?? (await wrongDefects(await verifyIndexes(model, indexes, read))),
    await verifyChunks(model, read),
    model.expires ? await verifyQueue(model, read) : [],
    model.counters.size > 0 ? await verifyCounters(model, read, isThere) : [],
    await tally.defects(read),
  ].flat();
}
