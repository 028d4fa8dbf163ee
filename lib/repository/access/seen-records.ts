/** Ranges read by a context that may not see all their records: the rows it may see, found by reading the others too. */
import { tenantryError } from "../../errors/index.js";
import type { RangePlan } from "../../indexes/index.js";
import { scanBatchRowsMax, seenRowsMax } from "../../limits/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";
import { type ReadTransaction, rangeAfter } from "../../transaction/index.js";
import type { PlannedQuery } from "../query-plan.js";
import { picked } from "../table/gathering.js";
import type { RecordTable } from "../table/record-table.js";
import type { Batch, Wanted } from "../table/rows.js";

/** Rows of the first read, which is doubled until it is a batch: most contexts see most rows. */
const firstRead = 32;

interface SeenRow<E extends AnyEntity> {
  readonly key: Uint8Array;
  readonly record: Infer<E>;
}

interface SeenRows<E extends AnyEntity> {
  readonly rows: readonly SeenRow<E>[];
  /** The last row looked at, when the range may go on behind it. */
  readonly last: Uint8Array | undefined;
}

/** The first rows that the table's context may see, having looked at `looksMax` at most. */
async function seenRows<E extends AnyEntity>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  part: RangePlan,
  { limit, reverse }: Wanted,
  looksMax: number,
): Promise<SeenRows<E>> {
  // A condition is about the whole record, whatever is selected.
  const whole = { ...planned, select: undefined, covered: part.index === undefined };
  const live = table.liveness.filter(part.index);
  const seen: SeenRow<E>[] = [];
  let looked = 0;
  let size = Math.min(Math.max(firstRead, limit), scanBatchRowsMax);
  for (let rest = part; !part.empty && limit > 0; size = Math.min(2 * size, scanBatchRowsMax)) {
    const batch = await transaction.getRange(rest, { limit: Math.min(size, looksMax - looked), reverse });
    const rows = live === undefined ? batch.rows : batch.rows.filter(([, value]) => live(value, 0, value.length));
    const records = await table.records<Infer<E>>(transaction, whole, rows);
    for (const [at, [key]] of rows.entries()) {
      const record = records[at];
      if (record === undefined || table.access?.shows(record) !== true) continue;
      seen.push({ key, record });
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

/** The answers of a query to a context: `limit` at most. @throws ACCESS_FILTER_TOO_WIDE */
export async function seenRecords<E extends AnyEntity, R>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  limit: number,
): Promise<R[]> {
  const wanted = { limit, reverse: planned.reverse };
  const { rows, last } = await seenRows(transaction, table, planned, planned.range, wanted, seenRowsMax);
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
): Promise<Batch<R[]>> {
  const { rows, last } = await seenRows(transaction, table, planned, part, wanted, scanBatchRowsMax);
  return { count: rows.length, last, value: answers(planned, rows) };
}

/** A page's rows: fewer than wanted, though more follow, where `seenRowsMax` rows did not have as many to see. */
export async function seenPage<E extends AnyEntity, R>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  part: RangePlan,
  wanted: Wanted,
): Promise<{
  readonly records: R[];
  readonly more: boolean;
  readonly first: Uint8Array | undefined;
  readonly last: Uint8Array | undefined;
}> {
  const { rows, last } = await seenRows(transaction, table, planned, part, wanted, seenRowsMax);
  const full = rows.length === wanted.limit;
  const own = full ? rows.slice(0, -1) : rows;
  return {
    records: answers(planned, own),
    more: full || last !== undefined,
    first: own.at(0)?.key,
    last: full ? own.at(-1)?.key : last,
  };
}
