/** One batch of long work: the next records of a range, changed in one transaction. */
import { tenantryError } from "../../errors/index.js";
import { assertReadable, entriesOf } from "../../indexes/index.js";
import { workBatchBytesMax } from "../../limits/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";
import { rangeAfter } from "../../transaction/index.js";
import { compareBytes, equalBytes } from "../../tuple/index.js";
import type { PlannedQuery } from "../query-plan.js";
import type { RecordTable } from "../table/record-table.js";
import type { Unread } from "../table/unread.js";
import type { WriteContext } from "../tenant-reader.js";
import { applyChanges, type Change } from "../write/change.js";
import { type Found, foundBy } from "./found-records.js";
import type { Place } from "./place.js";

/** What becomes of a record: another one in its place, nothing in its place, or undefined when it stays as it is. */
export type Verdict<E extends AnyEntity> = { readonly after: Infer<E> | undefined } | undefined;

/** Decides about one record; it may be asked again about the same one when a batch is tried again. */
export type Judge<E extends AnyEntity> = (record: Infer<E>) => Verdict<E>;

/** Throws `WORK_MOVES_RECORD` when a record, changed to `after`, would be met again further on in the range. */
function assertStaysBehind<E extends AnyEntity>(
  table: RecordTable<E>,
  { range, reverse }: PlannedQuery,
  { id, key }: Found<E>,
  after: Infer<E>,
): void {
  const { index } = range;
  if (index === undefined) return;
  const { begin, end } = rangeAfter(range, key, reverse);
  const isAhead = entriesOf(table.model.name, index, after, id).some(
    (entry) => compareBytes(begin, entry.key) <= 0 && compareBytes(entry.key, end) < 0,
  );
  if (isAhead) {
    throw tenantryError("WORK_MOVES_RECORD", { ...table.named(table.model.decodeId(id)), index: index.name });
  }
}

/** The change that a record's verdict asks for; undefined when it stays as it is. */
function changeOf<E extends AnyEntity>(
  table: RecordTable<E>,
  planned: PlannedQuery,
  found: Found<E>,
  judge: Judge<E>,
): Change<E> | undefined {
  const { model } = table;
  const { id, before } = found;
  const stored = model.encodeRecord(before.record, before.revision);
  // Of its own: what the function does to its record must not reach the one that index entries are read from.
  const verdict = judge(model.decodeRecord(stored).record);
  if (verdict === undefined) return undefined;
  const { after } = verdict;
  if (after === undefined) return { id, before, after, revision: 0 };
  if (!equalBytes(model.encodeId(model.idOf(after)), id)) {
    throw tenantryError("RECORD_ID_CHANGED", table.named(model.decodeId(id)));
  }
  if (equalBytes(model.encodeRecord(after, before.revision), stored)) return undefined;
  assertStaysBehind(table, planned, found, after);
  return { id, before, after, revision: before.revision + 1 };
}

/** Goes on from `place` through `rows` rows at most; the place come to. */
export async function workBatch<E extends AnyEntity>(
  context: WriteContext,
  table: RecordTable<E>,
  planned: PlannedQuery,
  judge: Judge<E>,
  place: Place,
  limit: number,
  unread: Unread | undefined,
): Promise<Place> {
  const { range, reverse } = planned;
  const { transaction } = context;
  const settled = assertReadable(transaction, table.model, range.index);
  if (settled !== undefined) await settled;
  const rest = place.last === undefined ? range : rangeAfter(range, place.last, reverse);
  const nothing = range.empty || compareBytes(rest.begin, rest.end) >= 0;
  const { rows, more } = nothing
    ? { rows: [], more: false }
    : await transaction.getRange(rest, { limit, reverse, targetBytes: workBatchBytesMax });
  const gone = await foundBy(transaction, table, range, rows, unread);
  const found = gone.found.filter(({ before }) => table.present(before) !== undefined);
  const changes = found.flatMap((each) => changeOf(table, planned, each, judge) ?? []);
  await applyChanges(context, table, changes);
  return {
    last: gone.last ?? place.last,
    examined: place.examined + found.length,
    changed: place.changed + changes.length,
    done: !more && gone.all,
  };
}
