/** Ranges read by whoever may not see all their records, or passes over what cannot be read: found by reading it all. */
import { tenantryError } from "../../errors/index.js";
import type { RangePlan } from "../../indexes/index.js";
import { scanBatchRowsMax, seenRowsMax } from "../../limits/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";
import { type ReadTransaction, rangeAfter } from "../../transaction/index.js";
import type { PlannedQuery } from "../query-plan.js";
import { picked } from "../table/gathering.js";
import type { RecordTable } from "../table/record-table.js";
import type { Batch, Wanted } from "../table/rows.js";
import { type Unread, Unreadable } from "../table/unread.js";

/** Rows of the first read, which is doubled until it is a batch: most contexts see most rows. */
const firstRead = 32;

interface SeenRow<E extends AnyEntity> {
  readonly key: Uint8Array;
  readonly record: Infer<E>;
  /** How many were passed over before it. */
  readonly passed: number;
}

interface SeenRows<E extends AnyEntity> {
  readonly rows: readonly SeenRow<E>[];
  /** The last row looked at, when the range may go on behind it. */
  readonly last: Uint8Array | undefined;
}

/** The first rows that the table's context may see and that can be read, having looked at `looksMax` at most. */
async function seenRows<E extends AnyEntity>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  part: RangePlan,
  { limit, reverse }: Wanted,
  looksMax: number,
  unread: Unread | undefined,
): Promise<SeenRows<E>> {
  unread?.restart();
  // A condition is about the whole record, whatever is selected.
  const whole = table.access?.filters ? { ...planned, select: undefined, covered: part.index === undefined } : planned;
  const live = table.liveness.filter(part.index);
  const seen: SeenRow<E>[] = [];
  let looked = 0;
  let size = Math.min(Math.max(firstRead, limit), scanBatchRowsMax);
  for (let rest = part; !part.empty && limit > 0; size = Math.min(2 * size, scanBatchRowsMax)) {
    const batch = await transaction.getRange(rest, { limit: Math.min(size, looksMax - looked), reverse });
    const rows = live === undefined ? batch.rows : batch.rows.filter(([, value]) => live(value, 0, value.length));
    const records =
      unread === undefined
        ? await table.records<Infer<E>>(transaction, whole, rows)
        : await table.readableRecords<Infer<E>>(transaction, whole, rows);
    for (const [at, [key]] of rows.entries()) {
      const record = records[at];
      if (record instanceof Unreadable) unread?.pass(table.model.name, record.error);
      else if (record !== undefined && table.access?.shows(record) !== false) {
        seen.push({ key, record, passed: unread?.count ?? 0 });
      }
      if (seen.length === limit) return { rows: seen, last: key };
    }
    const last = batch.rows.at(-1)?.[0];
    if (!batch.more || last === undefined) return { rows: seen, last: undefined };
    looked += batch.rows.length;
    if (looked >= looksMax) return { rows: seen, last };
    rest = rangeAfter(rest, last, reverse);
  }
  return { rows: seen, last: undefined };
}

const answers = <E extends AnyEntity, R>({ select }: PlannedQuery, rows: readonly SeenRow<E>[]): R[] =>
  rows.map(({ record }) => (select === undefined ? record : picked(record, select)) as R);

/** How many rows are looked at for a list or a page: all where it is no condition that leaves some out. */
const looksOf = <E extends AnyEntity>({ access }: RecordTable<E>): number =>
  access?.filters ? seenRowsMax : Number.POSITIVE_INFINITY;

/** The answers of a query to a context: `limit` at most. @throws ACCESS_FILTER_TOO_WIDE */
export async function seenRecords<E extends AnyEntity, R>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  limit: number,
  unread?: Unread,
): Promise<R[]> {
  const wanted = { limit, reverse: planned.reverse };
  const { rows, last } = await seenRows(transaction, table, planned, planned.range, wanted, looksOf(table), unread);
  if (last !== undefined && rows.length < limit) {
    throw tenantryError("ACCESS_FILTER_TOO_WIDE", { entity: table.model.name, seenRowsMax });
  }
  return answers(planned, rows);
}

/** The next batch of a query's answers to a context: perhaps none, though more may follow. */
export async function seenBatch<E extends AnyEntity, R>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  part: RangePlan,
  wanted: Wanted,
  unread?: Unread,
): Promise<Batch<R[]>> {
  const { rows, last } = await seenRows(transaction, table, planned, part, wanted, scanBatchRowsMax, unread);
  return { count: rows.length, last, value: answers(planned, rows) };
}

/** A page's rows: fewer than wanted, though more follow, where `seenRowsMax` rows did not have as many to see. */
export async function seenPage<E extends AnyEntity, R>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  part: RangePlan,
  wanted: Wanted,
  unread?: Unread,
): Promise<{
  readonly records: R[];
  readonly more: boolean;
  readonly first: Uint8Array | undefined;
  readonly last: Uint8Array | undefined;
}> {
  const { rows, last } = await seenRows(transaction, table, planned, part, wanted, looksOf(table), unread);
  const full = rows.length === wanted.limit;
  const own = full ? rows.slice(0, -1) : rows;
  // What lies before the next page's first record is told with that.
  if (full) unread?.keep(own.at(-1)?.passed ?? 0);
  return {
    records: answers(planned, own),
    more: full || last !== undefined,
    first: own.at(0)?.key,
    last: full ? own.at(-1)?.key : last,
  };
}
