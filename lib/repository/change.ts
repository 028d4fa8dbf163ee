/** Changes of records: checked as a whole first, then written with their index entries in the same transaction. */
import { entryChanges, entryValue } from "../indexes/index.js";
import type { AnyEntity, Infer } from "../schema/index.js";
import type { RecordChange, TenantTransaction } from "../transaction/index.js";
import type { RecordTable, Stored } from "./record-table.js";

/** What one record is to become. */
export interface Change<E extends AnyEntity> {
  /** The packed id. */
  readonly id: Uint8Array;
  /** The record as it is stored now; undefined when there is none. */
  readonly before: Stored<E> | undefined;
  /** The record to store; undefined to remove it. */
  readonly after: Infer<E> | undefined;
  /** The revision of `after`. */
  readonly revision: number;
}

interface PreparedChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly removed: readonly Uint8Array[];
  readonly added: readonly Uint8Array[];
  readonly announcement: RecordChange;
}

const kindOf = (before: unknown, after: unknown): RecordChange["kind"] => {
  if (before === undefined) return "create";
  return after === undefined ? "delete" : "update";
};

function prepare<E extends AnyEntity>(table: RecordTable<E>, change: Change<E>): PreparedChange {
  const { id, before, after } = change;
  const key = table.key(id);
  const value = after === undefined ? undefined : table.encode(after, change.revision);
  const { removed, added } = entryChanges(table.model, id, before?.record, after);
  if (value !== undefined) table.assertKeyFits(key);
  for (const entry of added) table.assertKeyFits(entry);
  return {
    key,
    value,
    removed,
    added,
    announcement: {
      entity: table.model.name,
      id,
      kind: kindOf(before, after),
      before: before?.record,
      after,
      bytesBefore: before === undefined ? 0 : key.length + before.bytes,
      bytesAfter: value === undefined ? 0 : key.length + value.length,
    },
  };
}

/** Writes the changes, each of another record. Throws before the first write when one of them cannot be made. */
export function applyChanges<E extends AnyEntity>(
  transaction: TenantTransaction,
  table: RecordTable<E>,
  changes: readonly Change<E>[],
): void {
  for (const { key, value, removed, added, announcement } of changes.map((change) => prepare(table, change))) {
    if (value === undefined) transaction.clear(key);
    else transaction.set(key, value);
    for (const entry of removed) transaction.clear(entry);
    for (const entry of added) transaction.set(entry, entryValue);
    transaction.announce(announcement);
  }
}
