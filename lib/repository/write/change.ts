/** Changes of records: checked as a whole first, then written with their index entries in the same transaction. */

import { Additions, countersRange, countPlaceOf } from "../../aggregates/index.js";
import { tenantryError } from "../../errors/index.js";
import {
  type AddedEntry,
  entryChanges,
  holderOf,
  type Maintained,
  type MaintainedIndex,
  maintainedIndexes,
} from "../../indexes/index.js";
import { chunkRange, expiryOfRecord, queuedValue, queueKey, type Row } from "../../records/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";
import {
  type Operation,
  perform,
  type RecordChange,
  type RelativeRange,
  resultOf,
  type TenantTransaction,
  valuesAt,
} from "../../transaction/index.js";
import { equalBytes } from "../../tuple/index.js";
import { type DamagedRow, type Held, isDamaged } from "../table/held-row.js";
import type { RecordTable } from "../table/record-table.js";
import type { Stored } from "../table/stored-records.js";
import type { WriteContext } from "../tenant-reader.js";
import { textOf } from "./key-turns.js";

/** What one record is to become. */
export interface Change<E extends AnyEntity> {
  /** The packed id. */
  readonly id: Uint8Array;
  /** The record as it is stored now; undefined when there is none, or one that cannot be read. */
  readonly before: Stored<E> | undefined;
  /** What is under the record's key and cannot be read. */
  readonly damaged?: DamagedRow | undefined;
  /** The record to store; undefined to remove it. */
  readonly after: Infer<E> | undefined;
  /** The revision of `after`. */
  readonly revision: number;
}

/** The change that puts `after` in the place of what is held there; undefined removes it. */
export const changeOf = <E extends AnyEntity>(
  id: Uint8Array,
  held: Held<E>,
  after: Infer<E> | undefined,
  revision: number,
): Change<E> =>
  isDamaged(held)
    ? { id, before: undefined, damaged: held, after, revision }
    : { id, before: held, damaged: undefined, after, revision };

interface PreparedChange {
  readonly key: Uint8Array;
  /** The record's bytes; undefined to remove it. */
  readonly value: Uint8Array | undefined;
  /** The record's rows; none to remove it. */
  readonly rows: readonly Row[];
  /** The keys of all chunks there may be, when there are any before or after; undefined otherwise. */
  readonly chunks: RelativeRange | undefined;
  readonly removed: readonly Uint8Array[];
  readonly released: readonly Uint8Array[];
  readonly added: readonly AddedEntry[];
  /** The key in the queue of those that expire that is given up, and the one that is taken; where they differ. */
  readonly dequeued: Uint8Array | undefined;
  readonly queued: Uint8Array | undefined;
  /** The keys of the counters that end with a record; undefined where none does, or none has any. */
  readonly counters: RelativeRange | undefined;
  /** What hooks are told: one change, or two where a record takes the place of one that has expired. */
  readonly announcements: readonly [RecordChange, ...RecordChange[]];
}

/** An entry of a unique index that is new to its record. */
interface Contested {
  /** The packed id of the record. */
  readonly id: Uint8Array;
  readonly entry: AddedEntry;
  /** Its key, as the key of a map. */
  readonly text: string;
}

const kindOf = (isThere: boolean, after: unknown): RecordChange["kind"] => {
  if (!isThere) return "create";
  return after === undefined ? "delete" : "update";
};

function prepare<E extends AnyEntity>(
  table: RecordTable<E>,
  indexes: readonly MaintainedIndex[],
  change: Change<E>,
): PreparedChange {
  const { id, before, damaged, after } = change;
  const { name } = table.model;
  const present = before?.expired ? undefined : before;
  if (damaged === undefined) table.access?.assertChange(present?.record, after);
  else table.access?.assertReplace(after);
  const key = table.key(id);
  const encoded = after === undefined ? undefined : table.encode(id, after, change.revision);
  const rows = encoded?.rows ?? [];
  const { removed, released, added } = entryChanges(table.model.name, indexes, { id, before, after }, table.keyFits);
  const longest = rows.at(-1);
  if (longest !== undefined) table.assertKeyFits(longest.key);
  for (const entry of added) table.assertEntryFits(id, entry.index, entry);
  const [row] = rows;
  const expiresAt = row === undefined ? undefined : expiryOfRecord(row.value);
  const expiredAt = (before ?? damaged)?.expiresAt;
  const moves = expiresAt !== expiredAt;
  const queueKeyAt = (time: number | undefined): Uint8Array | undefined =>
    time === undefined || !moves ? undefined : queueKey({ time, entity: name, id });
  const queued = queueKeyAt(expiresAt);
  if (queued !== undefined) table.assertKeyFits(queued);
  return {
    key,
    value: encoded?.value,
    rows,
    // Which ones a damaged row has is not for its head to say.
    chunks: rows.length > 1 || (before?.chunks ?? 0) > 0 || damaged ? chunkRange(name, id) : undefined,
    removed,
    released,
    added,
    dequeued: queueKeyAt(expiredAt),
    queued,
    // Also one that has expired ends, where another takes its id.
    counters:
      table.model.counters.size > 0 && (before ?? damaged) !== undefined && (after === undefined || before?.expired)
        ? countersRange(name, id)
        : undefined,
    announcements: announcementsOf(name, change, rows),
  };
}

/** What hooks are told of a change: a record that takes the place of an expired one is created after that one's end. */
function announcementsOf<E extends AnyEntity>(
  entity: string,
  { id, before, damaged, after }: Change<E>,
  rows: readonly Row[],
): PreparedChange["announcements"] {
  const bytesBefore = (before ?? damaged)?.bytes ?? 0;
  const bytesAfter = rows.reduce((bytes, row) => bytes + row.key.length + row.value.length, 0);
  const told = (was: Infer<E> | undefined, is: Infer<E> | undefined): RecordChange => ({
    entity,
    id,
    // What a damaged row was nobody knows: it was there, and is changed without a record before.
    kind: kindOf(was !== undefined || damaged !== undefined, is),
    before: was,
    after: is,
    bytesBefore: was === undefined && damaged === undefined ? 0 : bytesBefore,
    bytesAfter: is === undefined ? 0 : bytesAfter,
  });
  if (before?.expired && after !== undefined) return [told(before.record, undefined), told(undefined, after)];
  return [told(before?.record, after)];
}

/** The keys among the `released` ones whose entries are their record's own: one get each. */
function* ownReleased(prepared: readonly PreparedChange[]): Operation<readonly Uint8Array[]> {
  const all = prepared.flatMap(({ released, announcements: [{ id }] }) => released.map((key) => ({ key, id })));
  const holders = yield* valuesAt(all.map(({ key }) => key));
  return all.flatMap(({ key, id }, at) => {
    const holder = holders[at];
    return holder !== undefined && equalBytes(holderOf(holder), id) ? [key] : [];
  });
}

/** Throws `UNIQUE_VIOLATION` when an entry of one change belongs to a record of another, or to one that stays as it is. */
function* assertUnique<E extends AnyEntity>(
  table: RecordTable<E>,
  removed: readonly Uint8Array[],
  contested: readonly Contested[],
): Operation<void> {
  // What a record of this change gives up was read with it: a conflict guards it already.
  const given = new Set(removed.map(textOf));
  const others = contested.filter(({ text }) => !given.has(text));
  const values = others.length === 0 ? [] : yield* valuesAt(others.map(({ entry }) => entry.key));
  const holders = new Map(others.map((one, at) => [one, values[at]]));
  const claimed = new Set<string>();
  for (const one of contested) {
    const { id, entry, text } = one;
    const holder = holders.get(one);
    // What an expired record had is free; its removal will see whose it is by then.
    const held = holder !== undefined && table.liveness.hasEntry(holder) && !equalBytes(holderOf(holder), id);
    if (held || claimed.has(text)) {
      const named = table.named(table.model.decodeId(id));
      throw tenantryError("UNIQUE_VIOLATION", { ...named, index: entry.index });
    }
    claimed.add(text);
  }
}

/**
 * Writes the changes, each of another record, as an operation of their transaction. The bytes of each as they are stored,
 * in their order; undefined for one that is removed. Throws `TRANSACTION_TOO_LARGE` before the first write when it cannot
 * hold them.
 *
 * @param maintained The indexes they have to keep, by whoever knows.
 */
export function* changing<E extends AnyEntity>(
  { transaction, turns, lock }: WriteContext,
  table: RecordTable<E>,
  changes: readonly Change<E>[],
  maintained?: Maintained,
): Operation<readonly (Uint8Array | undefined)[]> {
  if (changes.length === 0) return [];
  const kept = maintained ?? (yield* resultOf(maintainedIndexes(transaction, table.model)));
  const { indexes, aggregates, note } = kept;
  const prepared = changes.map((change) => prepare(table, indexes, change));
  const contested: Contested[] = [];
  const texts: string[] = [];
  for (const { added, released, announcements } of prepared) {
    for (const entry of added) {
      if (!entry.taken || entry.held) continue;
      const text = textOf(entry.key);
      contested.push({ id: announcements[0].id, entry, text });
      texts.push(text);
    }
    for (const key of released) texts.push(textOf(key));
  }
  const additions = aggregates.length === 0 ? undefined : new Additions(table.model.name);
  if (additions !== undefined) {
    const place = yield* countPlaceOf(table.model.name, aggregates);
    for (const { id, before, after } of changes) {
      additions.change(aggregates, { id, before: before?.record, after }, { place, fits: table.keyFits });
    }
    for (const key of additions.keys) table.assertKeyFits(key);
  }
  const turn = texts.length === 0 ? undefined : turns?.take(texts);
  try {
    if (turn?.ready !== undefined) yield* resultOf(turn.ready);
    const removed: Uint8Array[] = [];
    for (const change of prepared) removed.push(...change.removed);
    if (prepared.some(({ released }) => released.length > 0)) removed.push(...(yield* ownReleased(prepared)));
    if (contested.length > 0) yield* assertUnique(table, removed, contested);
    const waiting = lock?.beginWrite();
    if (waiting !== undefined) yield* resultOf(waiting);
    try {
      transaction.assertRoom(bytesOf(removed, prepared));
      note?.();
      write(transaction, removed, prepared);
      additions?.apply(transaction);
    } finally {
      lock?.endWrite();
    }
  } finally {
    turn?.end();
  }
  return prepared.map(({ value }) => value);
}

/** Bytes that are to be written, as a transaction counts them. */
function bytesOf(removed: readonly Uint8Array[], prepared: readonly PreparedChange[]): number {
  let bytes = 0;
  for (const key of removed) bytes += key.length;
  for (const { rows, added } of prepared) {
    for (const { key, value } of rows) bytes += key.length + value.length;
    for (const { key, value } of added) bytes += key.length + value.length;
  }
  return bytes;
}

/** Writes what was prepared, in one go. */
function write(
  transaction: TenantTransaction,
  removed: readonly Uint8Array[],
  prepared: readonly PreparedChange[],
): void {
  // What one record gives up another of them may take.
  for (const key of removed) transaction.clear(key);
  for (const { dequeued } of prepared) if (dequeued !== undefined) transaction.clear(dequeued);
  for (const { key, rows, chunks, added, queued, counters, announcements } of prepared) {
    if (counters !== undefined) transaction.clearRange(counters);
    if (chunks !== undefined) transaction.clearRange(chunks);
    if (rows.length === 0) transaction.clear(key);
    for (const row of rows) transaction.set(row.key, row.value);
    for (const entry of added) transaction.set(entry.key, entry.value);
    if (queued !== undefined) transaction.set(queued, queuedValue());
    for (const announcement of announcements) transaction.announce(announcement);
  }
}

/**
 * Writes the changes, each of another record. Throws before the first write when one of them cannot be made. Every new
 * key in a unique index costs one get, all at once.
 */
export function applyChanges<E extends AnyEntity>(
  context: WriteContext,
  table: RecordTable<E>,
  changes: readonly Change<E>[],
): Promise<unknown> {
  return perform(context.transaction, changing(context, table, changes));
}
