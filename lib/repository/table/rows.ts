/** Rows of a range: some of them, from one end or the other, copied or visited in the engine's memory. */
import type { RowVisitor } from "../../engine/index.js";
import type { RangePlan } from "../../indexes/index.js";
import { liveRowsMin, scanBatchRowsMax } from "../../limits/index.js";
import { type RangeBatch, type ReadTransaction, rangeAfter, readRows, visitRows } from "../../transaction/index.js";

/** Rows of a range as the engine gave them: of records, or of an index. */
export type Rows = RangeBatch["rows"];

/** What is wanted of a range: `limit` rows at most, from one end or the other. */
export interface Wanted {
  readonly limit: number;
  readonly reverse: boolean;
}

/** What a batch of a range's rows comes to. */
export interface Batch<T> {
  /** Rows in it. */
  readonly count: number;
  /** The last row's key when more may follow. */
  readonly last: Uint8Array | undefined;
  readonly value: T;
}

/** Tells whether a row, its value in the bytes from `begin` to `end`, counts. */
export type RowFilter = (value: Uint8Array, begin: number, end: number) => boolean;

/** A batch of a range's rows, those alone that a filter lets pass, `limit` at most. */
export async function filteredBatch(
  transaction: ReadTransaction,
  part: RangePlan,
  { limit, reverse }: Wanted,
  passes: RowFilter,
): Promise<Batch<Rows>> {
  const asked = Math.min(Math.max(limit, liveRowsMin), scanBatchRowsMax);
  const { rows, more } = await transaction.getRange(part, { limit: asked, reverse });
  const passed = rows.filter(([, value]) => passes(value, 0, value.length)).slice(0, limit);
  return { count: passed.length, last: more ? rows.at(-1)?.[0] : undefined, value: passed };
}

/**
 * The first rows of a range that a filter lets pass, `limit` at most, having looked at `looksMax`; `last` is the last
 * one looked at when there may be more behind it.
 */
export async function filteredRows(
  transaction: ReadTransaction,
  range: RangePlan,
  { limit, reverse }: Wanted,
  passes: RowFilter,
  looksMax: number,
): Promise<{ readonly rows: Rows; readonly last: Uint8Array | undefined }> {
  const found: Rows = [];
  let looked = 0;
  let size = Math.max(limit, liveRowsMin);
  for (let rest = range; !range.empty && limit > 0; size *= 2) {
    const asked = Math.min(size, scanBatchRowsMax, looksMax - looked);
    const { rows, more } = await transaction.getRange(rest, { limit: asked, reverse });
    for (const row of rows) {
      if (!passes(row[1], 0, row[1].length)) continue;
      found.push(row);
      if (found.length === limit) return { rows: found, last: row[0] };
    }
    const last = rows.at(-1)?.[0];
    if (!more || last === undefined) break;
    looked += rows.length;
    if (looked >= looksMax) return { rows: found, last };
    rest = rangeAfter(rest, last, reverse);
  }
  return { rows: found, last: undefined };
}

/** Counts the rows of the next batch of a range. */
export async function countBatch(
  transaction: ReadTransaction,
  part: RangePlan,
  wanted: Wanted,
  passes?: RowFilter | undefined,
): Promise<Batch<number>> {
  if (passes !== undefined) {
    const batch = await filteredBatch(transaction, part, wanted, passes);
    return { ...batch, value: batch.count };
  }
  const visited = transaction.visitRange(part, wanted, () => {});
  if (visited !== undefined) return { count: visited.rows, last: visited.last, value: visited.rows };
  const { rows, more } = await transaction.getRange(part, wanted);
  return { count: rows.length, last: more ? rows.at(-1)?.[0] : undefined, value: rows.length };
}

/** As `visitRows`, of a planned range. */
export const visitFirst = (
  transaction: ReadTransaction,
  range: RangePlan,
  wanted: Wanted,
  visit: RowVisitor,
): number | undefined => (range.empty ? 0 : visitRows(transaction, range, wanted, visit));

/** As `readRows`, of a planned range. */
export const firstRows = async (transaction: ReadTransaction, range: RangePlan, wanted: Wanted): Promise<Rows> =>
  range.empty ? [] : await readRows(transaction, range, wanted);
