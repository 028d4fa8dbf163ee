/** Pages: some rows of a range around a cut, and the sealed cursors of their neighbours. */
import { tenantryError } from "../errors/index.js";
import type { RangePlan } from "../indexes/index.js";
import { liveRowsLookedMax, pageSizeMax } from "../limits/index.js";
import type { AnyEntity } from "../schema/index.js";
import { assertPrincipal } from "../tenant/index.js";
import type { CallTerms, ReadTransaction } from "../transaction/index.js";
import { keyAfter, pack } from "../tuple/index.js";
import { seenPage } from "./access/seen-records.js";
import type { CursorBinding, CursorDirection, CursorSeal } from "./cursor.js";
import type { Page } from "./query.js";
import type { PlannedQuery } from "./query-plan.js";
import type { Gathering } from "./table/gathering.js";
import type { RecordTable } from "./table/record-table.js";
import { filteredRows, firstRows, visitFirst, type Wanted } from "./table/rows.js";
import type { Unread } from "./table/unread.js";
import type { TenantReader } from "./tenant-reader.js";

/** Which page of a range is wanted. */
export interface PageRequest {
  readonly planned: PlannedQuery;
  readonly size: number;
  readonly cursor: unknown;
  readonly principal: string | undefined;
  /** What passes over what cannot be read; undefined where that is an error. */
  readonly unread: Unread | undefined;
}

/** The rows of a page, in the order they were read. */
interface PageRows<R> {
  readonly records: R[];
  /** Whether rows follow. */
  readonly more: boolean;
  /** The key of the first row; undefined when there is none. */
  readonly first: Uint8Array | undefined;
  /** The key of the last one, when rows follow. */
  readonly last: Uint8Array | undefined;
}

async function readRows<E extends AnyEntity, R>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  part: RangePlan,
  wanted: Wanted,
): Promise<PageRows<R>> {
  const live = table.liveness.filter(part.index);
  if (live !== undefined) {
    const { rows: found, last } = await filteredRows(transaction, part, wanted, live, liveRowsLookedMax);
    const full = found.length === wanted.limit;
    const shown = full ? found.slice(0, -1) : found;
    return {
      records: await table.records<R>(transaction, planned, shown),
      more: full || last !== undefined,
      first: shown.at(0)?.[0],
      last: full ? shown.at(-1)?.[0] : last,
    };
  }
  const rows = await firstRows(transaction, part, wanted);
  const own = rows.slice(0, wanted.limit - 1);
  const records = await table.records<R>(transaction, planned, own);
  return { records, more: rows.length === wanted.limit, first: own.at(0)?.[0], last: own.at(-1)?.[0] };
}

/** The rows of a page whose records are yet to be made whole. */
interface VisitedRows<R> extends Omit<PageRows<R>, "records"> {
  readonly gathering: Gathering<R>;
}

/** As `readRows`, straight from the engine's memory; undefined where that cannot be. */
function visitRows<E extends AnyEntity, R>(
  transaction: ReadTransaction,
  table: RecordTable<E>,
  planned: PlannedQuery,
  part: RangePlan,
  wanted: Wanted,
): VisitedRows<R> | undefined {
  if (!table.isPlain(part)) return undefined;
  const size = wanted.limit - 1;
  const gathering = table.gather<R>(planned);
  let place = 0;
  let first: Uint8Array | undefined;
  let last: Uint8Array | undefined;
  const count = visitFirst(transaction, part, wanted, (key, keyBegin, keyEnd, value, begin, end) => {
    if (++place > size) return;
    if (place === 1) first = new Uint8Array(key.subarray(keyBegin, keyEnd));
    if (place === size) last = new Uint8Array(key.subarray(keyBegin, keyEnd));
    gathering.add(key, keyBegin, keyEnd, value, begin, end);
  });
  if (count === undefined) return undefined;
  return { gathering, more: count > size, first, last };
}

/** Reads a page: one range read of one row more than its size tells whether there is another. */
export async function readPage<E extends AnyEntity, R>(
  table: RecordTable<E>,
  reader: TenantReader,
  seal: CursorSeal,
  { planned, size, cursor, principal, unread }: PageRequest,
  terms: CallTerms,
): Promise<Page<R>> {
  const { range, reverse } = planned;
  if (!Number.isSafeInteger(size) || size < 1 || size > pageSizeMax) {
    throw tenantryError("PAGE_SIZE_INVALID", { size, pageSizeMax });
  }
  assertPrincipal(principal);
  const binding: CursorBinding = {
    tenantId: reader.tenantId,
    principal,
    query: pack([range.begin, range.end, reverse]),
  };
  const position = cursor === undefined ? undefined : await seal.open(cursor, binding);
  const backwards = position?.direction === "previous";
  const descending = reverse !== backwards;
  const part = position === undefined ? range : { ...range, [descending ? "end" : "begin"]: position.cut };

  const wanted = { limit: size + 1, reverse: descending };
  const visit = (transaction: ReadTransaction): VisitedRows<R> | undefined =>
    visitRows<E, R>(transaction, table, planned, part, wanted);
  const read = async (transaction: ReadTransaction): Promise<PageRows<R>> => {
    if (table.access?.filters || unread) return await seenPage<E, R>(transaction, table, planned, part, wanted, unread);
    const visited = visit(transaction);
    if (visited === undefined) return await readRows<E, R>(transaction, table, planned, part, wanted);
    return { ...visited, records: await visited.gathering.whole(transaction) };
  };
  const readSync = (transaction: ReadTransaction): PageRows<R> | undefined => {
    const visited = visit(transaction);
    const records = visited?.gathering.wholeSync(transaction);
    return visited && records && { ...visited, records };
  };
  const found = table.isPlain(part) && unread === undefined ? reader.readSync(readSync, terms) : undefined;
  const { first, last, records, more } = found ?? (await reader.read(read, terms));
  if (unread !== undefined) await unread.tell();
  if (backwards) records.reverse();

  const cursorAt = async (direction: CursorDirection): Promise<string | undefined> => {
    const key = (direction === "next") === backwards ? first : last;
    const above = (direction === "next") !== reverse;
    const cut = key === undefined ? position?.cut : above ? keyAfter(key) : key;
    return cut === undefined ? undefined : await seal.seal({ direction, cut }, binding);
  };
  return {
    items: records,
    next: backwards || more ? await cursorAt("next") : undefined,
    previous: (backwards ? more : position !== undefined) ? await cursorAt("previous") : undefined,
  };
}
