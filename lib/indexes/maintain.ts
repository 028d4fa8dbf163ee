/** Index entries of records: which keys a change of a record removes and adds. */
import { indexPrefix } from "../keyspace/index.js";
import type { AnyEntity, EntityModel, IndexModel, Infer } from "../schema/index.js";
import { compareBytes, concatBytes } from "../tuple/index.js";

/** The entries, as tenant-relative keys, that a change of one record removes and adds. */
export interface EntryChanges {
  readonly removed: readonly Uint8Array[];
  readonly added: readonly Uint8Array[];
}

/** The value of every index entry: all it says is in its key. */
export const entryValue = new Uint8Array(0);

const prefixes = new WeakMap<IndexModel, Uint8Array>();

const prefixOf = (entityName: string, index: IndexModel): Uint8Array => {
  const cached = prefixes.get(index);
  if (cached !== undefined) return cached;
  const prefix = indexPrefix(entityName, index.name);
  prefixes.set(index, prefix);
  return prefix;
};

/** The key of a record's entry in one index: the index's prefix, the values, the id. */
export const entryKey = (entityName: string, index: IndexModel, record: unknown, id: Uint8Array): Uint8Array =>
  concatBytes(prefixOf(entityName, index), index.encode(record), id);

/**
 * What the indexes need when the record of `id` (packed) goes from `before` to `after`; undefined stands for no record.
 *
 * @throws `KEY_VALUE_INVALID` when a field of `after` has no place in an index's order
 */
export function entryChanges<E extends AnyEntity>(
  model: EntityModel<E>,
  id: Uint8Array,
  before: Infer<E> | undefined,
  after: Infer<E> | undefined,
): EntryChanges {
  const removed: Uint8Array[] = [];
  const added: Uint8Array[] = [];
  for (const index of model.indexes.values()) {
    const old = before === undefined ? undefined : entryKey(model.name, index, before, id);
    const fresh = after === undefined ? undefined : entryKey(model.name, index, after, id);
    if (old !== undefined && fresh !== undefined && compareBytes(old, fresh) === 0) continue;
    if (old !== undefined) removed.push(old);
    if (fresh !== undefined) added.push(fresh);
  }
  return { removed, added };
}

/** The packed id at the end of an entry's key. */
export const entryId = (index: IndexModel, prefix: Uint8Array, key: Uint8Array): Uint8Array =>
  key.subarray(index.decodeValues(key, prefix.length).end);
