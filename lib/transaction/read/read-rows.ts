/** Rows of a range, in as many batches as the engine makes of them: copied, or visited in the engine's memory. */
import type { RowVisitor } from "../../engine/index.js";
import { own } from "../../intrinsics/index.js";
import { keyAfter } from "../../tuple/index.js";
import type { RangeBatch, RangeReadOptions, ReadTransaction, RelativeRange } from "../read-transaction.js";

/** Which rows of a range are read: from one end or the other, `limit` at most, all of them unless given. */
export type RowsOptions = Pick<RangeReadOptions, "limit" | "reverse" | "snapshot" | "mode">;

/** What is left of a range once the row with `key` has been read. */
export const rangeAfter = <R extends RelativeRange>(range: R, key: Uint8Array, reverse: boolean): R =>
  reverse ? { ...range, end: key } : { ...range, begin: keyAfter(key) };

/** The options of the next batch, once `count` rows have been read; undefined when these are all that are wanted. */
function nextBatch(options: RowsOptions, count: number): RowsOptions | undefined {
  const limit = own(options, "limit");
  if (limit === undefined) return options;
  return count < limit ? { ...options, limit: limit - count } : undefined;
}

/** Reads rows. */
export async function readRows(
  transaction: Pick<ReadTransaction, "getRange">,
  range: RelativeRange,
  options: RowsOptions = {},
): Promise<RangeBatch["rows"]> {
  const all: RangeBatch["rows"] = [];
  let rest = range;
  for (let wanted = nextBatch(options, 0); wanted !== undefined; wanted = nextBatch(options, all.length)) {
    const { rows, more } = await transaction.getRange(rest, wanted);
    for (const row of rows) all.push(row);
    const last = rows.at(-1)?.[0];
    if (!more || last === undefined) break;
    rest = rangeAfter(rest, last, own(options, "reverse") === true);
  }
  return all;
}

/** As `readRows`, visited at once. How many they were; undefined, before any, where rows cannot be visited. */
export function visitRows(
  transaction: Pick<ReadTransaction, "visitRange">,
  range: RelativeRange,
  options: RowsOptions,
  visit: RowVisitor,
): number | undefined {
  let count = 0;
  let rest = range;
  for (let wanted = nextBatch(options, 0); wanted !== undefined; wanted = nextBatch(options, count)) {
    const visited = transaction.visitRange(rest, wanted, visit);
    if (visited === undefined) return undefined;
    count += visited.rows;
    if (visited.last === undefined) break;
    rest = rangeAfter(rest, visited.last, own(options, "reverse") === true);
  }
  return count;
}
