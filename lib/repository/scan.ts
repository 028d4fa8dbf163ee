/** Scans: the rows of a range as a stream, fetched in batches and handed out one by one or batch by batch. */
import type { RangePlan } from "../indexes/index.js";
import { scanBatchRowsMax } from "../limits/index.js";
import { type ReadSession, type ReadTransaction, rangeAfter } from "../transaction/index.js";
import type { Scan } from "./interface/read-repository.js";
import type { PlannedQuery } from "./query-plan.js";
import type { Batch, Wanted } from "./table/rows.js";
import type { Unread } from "./table/unread.js";

/**
 * The batches of a range that have rows, each read by `next` in a transaction of the session; ends the session. What
 * `next` passed over is told once a batch is read.
 */
export async function* batchesOf<T>(
  session: Pick<ReadSession, "read" | "end">,
  { range, reverse, limit }: PlannedQuery,
  next: (transaction: ReadTransaction, part: RangePlan, wanted: Wanted) => Promise<Batch<T>>,
  unread?: Unread,
): AsyncGenerator<T, undefined, undefined> {
  let rest = range;
  let remaining = range.empty ? 0 : limit;
  try {
    while (remaining > 0) {
      const part = rest;
      const wanted = { limit: Math.min(remaining, scanBatchRowsMax), reverse };
      const batch = await session.read((transaction) => next(transaction, part, wanted));
      if (unread !== undefined) await unread.tell();
      if (batch.count > 0) yield batch.value;
      if (batch.last === undefined) return;
      rest = rangeAfter(rest, batch.last, reverse);
      remaining -= batch.count;
    }
  } finally {
    session.end();
  }
}

/** Rows one by one, from batches: a promise that is resolved already for all but the first row of a batch. */
class RowIterator<R> implements AsyncIterableIterator<R, undefined> {
  readonly #batches: AsyncGenerator<R[], undefined, undefined>;
  /** Those handed out are not kept: they are the caller's to forget. */
  #rows: (R | undefined)[] = [];
  #at = 0;
  #loading: Promise<void> | undefined;
  #done = false;

  constructor(batches: AsyncGenerator<R[], undefined, undefined>) {
    this.#batches = batches;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<R, undefined>> {
    const value = this.#rows[this.#at];
    if (value !== undefined) {
      this.#rows[this.#at] = undefined;
      this.#at += 1;
      return Promise.resolve({ value, done: false });
    }
    if (this.#done) return Promise.resolve({ value: undefined, done: true });
    this.#loading ??= this.#load();
    return this.#loading.then(() => this.next());
  }

  async return(): Promise<IteratorResult<R, undefined>> {
    this.#done = true;
    this.#rows = [];
    await this.#batches.return(undefined);
    return { value: undefined, done: true };
  }

  async #load(): Promise<void> {
    try {
      const { value, done } = await this.#batches.next();
      if (done === true) this.#done = true;
      if (value === undefined || this.#done) return;
      this.#rows = value;
      this.#at = 0;
    } catch (error) {
      this.#done = true;
      throw error;
    } finally {
      this.#loading = undefined;
    }
  }
}

/** A scan over the batches that `open` starts anew for every iteration. */
export class RecordScan<R> implements Scan<R> {
  readonly #open: () => AsyncGenerator<R[], undefined, undefined>;

  constructor(open: () => AsyncGenerator<R[], undefined, undefined>) {
    this.#open = open;
  }

  [Symbol.asyncIterator](): AsyncIterator<R, undefined> {
    return new RowIterator(this.#open());
  }

  batches(): AsyncIterable<readonly R[]> {
    return this.#open();
  }
}
