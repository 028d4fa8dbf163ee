/** Rows of a range: some of them, from one end or the other, copied or visited in the engine's memory. */
import type { RangePlan } from "../indexes/index.js";
import type { RangeBatch, ReadTransaction } from "../transaction/index.js";
import { keyAfter } from "../tuple/index.js";

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

/** Counts the rows of the next batch of a range. */
export async function countBatch(
  transaction: ReadTransaction,
  part: RangePlan,
  wanted: Wanted,
): Promise<Batch<number>> {
  const visited = transaction.visitRange(part, wanted, () => {});
  if (visited !== undefined) return { count: visited.rows, last: visited.last, value: visited.rows };
  const { rows, more } = await transaction.getRange(part, wanted);
  return { count: rows.length, last: more ? rows.at(-1)?.[0] : undefined, value: rows.length };
}

/**
 * Visits the first rows of a range, `limit` at most, in as many batches as the engine makes of them. How many they
 * were; undefined, before any, where rows cannot be visited.
 */
export function visitFirst(
  transaction: ReadTransaction,
  range: RangePlan,
  { limit, reverse }: Wanted,
  visit: Parameters<ReadTransaction["visitRange"]>[2],
): number | undefined {
  let count = 0;
  for (let rest = range; !range.empty && count < limit; ) {
    const visited = transaction.visitRange(rest, { limit: limit - count, reverse }, visit);
    if (visited === undefined) return undefined;
    count += visited.rows;
    if (visited.last === undefined) break;
    rest = rangeAfter(rest, visited.last, reverse);
  }
  return count;
}

/** What is left of a range once the row with `key` has been read. */
export const rangeAfter = (range: RangePlan, key: Uint8Array, reverse: boolean): RangePlan =>
  reverse ? { ...range, end: key } : { ...range, begin: keyAfter(key) };

/** The first rows of a range, `limit` at most, in as many batches as the engine makes of them. */
export async function firstRows(
  transaction: ReadTransaction,
  range: RangePlan,
  { limit, reverse }: Wanted,
): Promise<Rows> {
  const rows: Rows = [];
  let rest = range;
  while (rows.length < limit && !range.empty) {
    const batch = await transaction.getRange(rest, { limit: limit - rows.length, reverse });
    rows.push(...batch.rows);
    const last = batch.rows.at(-1)?.[0];
    if (!batch.more || last === undefined) break;
    rest = rangeAfter(rest, last, reverse);
  }
  return rows;
}
