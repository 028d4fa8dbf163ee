/** Maintaining: which index entries a change of a record removes and adds. */
import type { AnyEntity, Infer, StoredRecord } from "../schema/index.js";
import { equalBytes } from "../tuple/index.js";
import { entriesOf, heldEntriesOf, type IndexEntry } from "./entry.js";
import type { MaintainedIndex } from "./states.js";

/** An entry to write. */
export interface AddedEntry extends IndexEntry {
  readonly index: string;
  /** Whether the record had this very key before: then nobody else can hold it. */
  readonly held: boolean;
}

/** What a change of one record does to its index entries. */
export interface EntryChanges {
  /** Tenant-relative keys. */
  readonly removed: readonly Uint8Array[];
  /** Keys in unique indexes, to be removed unless the entry there turns out to be another record's. */
  readonly released: readonly Uint8Array[];
  readonly added: readonly AddedEntry[];
}

/** A record before and after a change; undefined stands for no record. */
export interface RecordVersions<E extends AnyEntity> {
  /** The packed id. */
  readonly id: Uint8Array;
  readonly before:
    | (Pick<StoredRecord<E>, "record" | "origin"> & { readonly expiresAt: number | undefined })
    | undefined;
  readonly after: Infer<E> | undefined;
}

/**
 * What the indexes need for a change of a record.
 *
 * What a record that expires has in a unique index another may have by now, and while a unique index is being built, a
 * key of the record's values may be another's as well: whose it is has to be asked.
 *
 * A record that migration steps upgraded has entries of before or of after the step, who knows: both are removed, and
 * all of its new ones are written.
 *
 * @param fits Whether a key is one that an engine takes; entries of before under others were never written.
 *
 * @throws `KEY_VALUE_INVALID` when a field of `after` has no place in an index's order
 * @throws `INDEX_ELEMENTS_TOO_MANY` when an array of `after` has too many distinct elements
 */
export function entryChanges<E extends AnyEntity>(
  entity: string,
  indexes: readonly MaintainedIndex[],
  { id, before, after }: RecordVersions<E>,
  fits: (key: Uint8Array) => boolean,
): EntryChanges {
  const removed: Uint8Array[] = [];
  const released: Uint8Array[] = [];
  const added: AddedEntry[] = [];
  for (const { index, building } of indexes) {
    const certain = before?.origin === undefined;
    // Another may have taken what an expired record had; on another clock this one may have expired already.
    const mayBeLost = building || before?.expiresAt !== undefined;
    const held = (record: object | undefined): readonly IndexEntry[] =>
      record === undefined ? [] : heldEntriesOf(entity, index, record, id).filter(({ key }) => fits(key));
    const old = held(before?.record);
    const earlier = held(before?.origin);
    const fresh = after === undefined ? [] : entriesOf(entity, index, after, id);
    for (const { key, taken, unfit } of [...old, ...earlier]) {
      if (fresh.some((entry) => equalBytes(entry.key, key))) continue;
      if (!taken || (certain && !mayBeLost && unfit === undefined)) removed.push(key);
      else released.push(key);
    }
    for (const entry of fresh) {
      const expires = before?.expiresAt !== undefined;
      const same = certain && !(entry.taken && expires) ? old.find(({ key }) => equalBytes(key, entry.key)) : undefined;
      // While the index is being built, an entry that stays as it is may be missing: the builder makes it.
      if (same !== undefined && equalBytes(same.value, entry.value)) continue;
      added.push({ ...entry, index: index.name, held: same !== undefined && !building });
    }
  }
  return { removed, released, added };
}
