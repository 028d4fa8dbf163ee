/** Maintaining: which index entries a change of a record removes and adds. */
import type { AnyEntity, EntityModel, Infer } from "../schema/index.js";
import { equalBytes } from "../tuple/index.js";
import { entriesOf, type IndexEntry } from "./entry.js";

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
  readonly added: readonly AddedEntry[];
}

/**
 * What the indexes need when the record of `id` (packed) goes from `before` to `after`; undefined stands for no record.
 *
 * @throws `KEY_VALUE_INVALID` when a field of `after` has no place in an index's order
 * @throws `INDEX_ELEMENTS_TOO_MANY` when an array of `after` has too many distinct elements
 */
export function entryChanges<E extends AnyEntity>(
  model: EntityModel<E>,
  id: Uint8Array,
  before: Infer<E> | undefined,
  after: Infer<E> | undefined,
): EntryChanges {
  const removed: Uint8Array[] = [];
  const added: AddedEntry[] = [];
  for (const index of model.indexes.values()) {
    const old = before === undefined ? [] : entriesOf(model.name, index, before, id);
    const fresh = after === undefined ? [] : entriesOf(model.name, index, after, id);
    for (const { key } of old) if (!fresh.some((entry) => equalBytes(entry.key, key))) removed.push(key);
    for (const entry of fresh) {
      const same = old.find(({ key }) => equalBytes(key, entry.key));
      if (same !== undefined && equalBytes(same.value, entry.value)) continue;
      added.push({ ...entry, index: index.name, held: same !== undefined });
    }
  }
  return { removed, added };
}
