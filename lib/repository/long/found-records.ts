/** Found records: those that the rows of a range are of, or lead to, as they are stored. */
import { type RangePlan, readEntry } from "../../indexes/index.js";
import { workBatchBytesMax } from "../../limits/index.js";
import type { AnyEntity } from "../../schema/index.js";
import { type ReadTransaction, siblings } from "../../transaction/index.js";
import type { RecordTable } from "../table/record-table.js";
import type { Rows } from "../table/rows.js";
import type { Stored } from "../table/stored-records.js";
import type { Unread } from "../table/unread.js";

/** A record and the row that led to it. */
export interface Found<E extends AnyEntity> {
  readonly id: Uint8Array;
  readonly key: Uint8Array;
  readonly before: Stored<E>;
}

/** What the first rows of a range lead to. */
export interface FoundRecords<E extends AnyEntity> {
  readonly found: readonly Found<E>[];
  /** The key of the last row gone through; undefined where there is none. */
  readonly last: Uint8Array | undefined;
  /** Whether all rows were gone through. */
  readonly all: boolean;
}

/** A row of a range, and the row of the record that it is of, or leads to; or what is wrong with it. */
type OwnRow = { readonly key: Uint8Array } & (
  | { readonly id: Uint8Array; readonly row: Uint8Array }
  | { readonly error: unknown }
);

async function ownRow<E extends AnyEntity>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  { index, prefix }: RangePlan,
  [key, value]: Rows[number],
): Promise<OwnRow> {
  if (index === undefined) return { id: key.slice(prefix.length), key, row: value };
  let id: Uint8Array;
  try {
    id = readEntry(table.model.name, index, key, value).id.slice();
  } catch (error) {
    return { key, error };
  }
  const row = await table.row(transaction, id);
  return row === undefined ? { key, error: table.withoutRecord(index, id) } : { id, key, row };
}

/**
 * The records of the first rows that have not expired: of all of them, unless large ones come to more bytes than a batch
 * reads. `unread` passes over those that cannot be read; without it, the first is an error.
 */
export async function foundBy<E extends AnyEntity>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  range: RangePlan,
  rows: Rows,
  unread: Unread | undefined,
): Promise<FoundRecords<E>> {
  unread?.restart();
  const found: Found<E>[] = [];
  let bytes = 0;
  let passed = 0;
  for (const own of await siblings(rows.map((row) => ownRow(transaction, table, range, row)))) {
    passed += 1;
    try {
      if ("error" in own) throw own.error;
      // One that has expired is not there, whether it can be read or not.
      if (!table.liveness.hasRecord(own.row)) continue;
      const before = await table.storedRow(transaction, own.id, own.row);
      found.push({ id: own.id, key: own.key, before });
      bytes += before.bytes;
    } catch (error) {
      if (unread === undefined) throw error;
      unread.pass(table.model.name, error);
    }
    if (bytes > workBatchBytesMax) break;
  }
  return { found, last: rows[passed - 1]?.[0], all: passed === rows.length };
}
