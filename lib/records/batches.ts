/** Batches: a whole range read step by step, for work that looks at every row. */
import { scanBatchRowsMax } from "../limits/index.js";
import type { RangeBatch, ReadTransaction, RelativeRange } from "../transaction/index.js";
import { keyAfter } from "../tuple/index.js";

/** Runs reads at one point in time; each call may be at another. */
export type BatchReader = <T>(fn: (transaction: ReadTransaction) => Promise<T>) => Promise<T>;

/** Calls `check` with every batch of a range, each inside the transaction that read it. */
export async function forEachBatch(
  read: BatchReader,
  range: RelativeRange,
  check: (transaction: ReadTransaction, rows: RangeBatch["rows"]) => Promise<void>,
): Promise<void> {
  let begin: Uint8Array | undefined = range.begin;
  while (begin !== undefined) {
    const from: Uint8Array = begin;
    begin = await read(async (transaction) => {
      const { rows, more } = await transaction.getRange({ begin: from, end: range.end }, { limit: scanBatchRowsMax });
      await check(transaction, rows);
      const last = rows.at(-1)?.[0];
      return more && last !== undefined ? keyAfter(last) : undefined;
    });
  }
}
