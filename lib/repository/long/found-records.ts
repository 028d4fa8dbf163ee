/** Found records: those that the rows of a range are of, or lead to, as they are stored. */
import { tenantryError } from "../../errors/index.js";
import { type RangePlan, readEntry } from "../../indexes/index.js";
import { workBatchBytesMax } from "../../limits/index.js";
import type { AnyEntity } from "../../schema/index.js";
import { type ReadTransaction, siblings } from "../../transaction/index.js";
import type { RecordTable } from "../table/record-table.js";
import type { Rows } from "../table/rows.js";
import type { Stored } from "../table/stored-records.js";

/** A record and the row that led to it. */
export interface Found<E extends AnyEntity> {
  readonly id: Uint8Array;
  readonly key: Uint8Array;
  readonly before: Stored<E>;
}

/** The packed ids of the records that rows are of, or lead to, and these records' own rows. */
async function ownRows<E extends AnyEntity>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  { index, prefix }: RangePlan,
  rows: Rows,
): Promise<{ readonly id: Uint8Array; readonly key: Uint8Array; readonly row: Uint8Array }[]> {
  const { model } = table;
  if (index === undefined) return rows.map(([key, row]) => ({ id: key.slice(prefix.length), key, row }));
  return await siblings(
    rows.map(async ([key, value]) => {
      const id = readEntry(model.name, index, key, value).id.slice();
      const row = await table.row(transaction, id);
      if (row === undefined) throw tenantryError("INDEX_CORRUPT", { entity: model.name, index: index.name });
      return { id, key, row };
    }),
  );
}

/** The records of the first rows: of all of them, unless large ones come to more bytes than a batch reads. */
export async function foundBy<E extends AnyEntity>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  range: RangePlan,
  rows: Rows,
): Promise<Found<E>[]> {
  const found: Found<E>[] = [];
  let bytes = 0;
  for (const { id, key, row } of await ownRows(transaction, table, range, rows)) {
    const before = await table.storedRow(transaction, id, row);
    found.push({ id, key, before });
    bytes += before.bytes;
    if (bytes > workBatchBytesMax) break;
  }
  return found;
}
