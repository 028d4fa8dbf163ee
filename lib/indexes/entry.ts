/** Index entries: their keys and values, and what can be read off them. */
import { tenantryError } from "../errors/index.js";
import { indexPrefix } from "../keyspace/index.js";
import type { IndexModel } from "../schema/index.js";
import { concatBytes } from "../tuple/index.js";

/** One entry of a record in an index; the key is tenant-relative. */
export interface IndexEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Whether the key may belong to one record only: the id is in the value, so that one get tells whose it is. */
  readonly taken: boolean;
  /** Whether it is of a record that does not fit its entity any more: who knows if it was ever written. */
  readonly unfit?: true;
}

/** What an entry says. */
export interface ReadEntry {
  /** The record's packed id. */
  readonly id: Uint8Array;
  readonly values: readonly unknown[];
  /** The bytes of the stored fields; empty when the index has none. */
  readonly stored: Uint8Array;
}

/**
 * The formats of entry values there have been. An empty value is an entry whose key says it all, the id at its end.
 *
 * 1: format (1 byte), length of the id (2 bytes, big-endian; 0 when it is at the key's end), id, stored fields.
 * 2: of a record that expires: format (1 byte), its time of expiry (8 bytes, big-endian, ms since 1970), then as 1.
 */
const formatPlain = 1;
const formatExpiring = 2;
const lengthBytes = 2;
const timeBytes = 8;
const nothing = new Uint8Array(0);

const prefixes = new WeakMap<IndexModel, Uint8Array>();

const prefixOf = (entityName: string, index: IndexModel): Uint8Array => {
  const cached = prefixes.get(index);
  if (cached !== undefined) return cached;
  const prefix = indexPrefix(entityName, index.name);
  prefixes.set(index, prefix);
  return prefix;
};

function entryValue(id: Uint8Array, stored: Uint8Array, expiresAt: number | undefined): Uint8Array {
  const length = Uint8Array.of(id.length >> 8, id.length & 0xff);
  if (expiresAt === undefined) {
    if (id.length === 0 && stored.length === 0) return nothing;
    return concatBytes(Uint8Array.of(formatPlain), length, id, stored);
  }
  const head = Buffer.alloc(1 + timeBytes);
  head[0] = formatExpiring;
  head.writeBigUInt64BE(BigInt(expiresAt), 1);
  return concatBytes(head, length, id, stored);
}

/** Where an entry's value says how long the id in it is; undefined for bytes that are no such value. */
function lengthAt(value: Uint8Array): number | undefined {
  const at = value[0] === formatPlain ? 1 : value[0] === formatExpiring ? 1 + timeBytes : undefined;
  return at === undefined || value.length < at + lengthBytes ? undefined : at;
}

/** When the record of an entry expires, in milliseconds since 1970; undefined when it stays. */
export function expiryOfEntry(value: Uint8Array, begin = 0, end = value.length): number | undefined {
  if (end - begin < 1 + timeBytes || value[begin] !== formatExpiring) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Number(view.getBigUint64(begin + 1));
}

/**
 * A record's entries in one index. The key is the index's prefix, the values, the id; without the id where the index
 * is unique and no value is null.
 */
export function entriesOf(
  entityName: string,
  index: IndexModel,
  record: unknown,
  id: Uint8Array,
  held?: boolean,
): readonly IndexEntry[] {
  const indexed = index.valuesOf(record, held);
  if (indexed.length === 0) return [];
  const prefix = prefixOf(entityName, index);
  const stored = index.encodeStored(record);
  const expiresAt = index.expiryOf(record);
  return indexed.map(({ values, taken }) => ({
    key: taken ? concatBytes(prefix, values) : concatBytes(prefix, values, id),
    value: entryValue(taken ? id : nothing, stored, expiresAt),
    taken,
  }));
}

/**
 * The entries that a stored record may have. One that does not fit the schema any more had them by the schema of before;
 * none where its values have no place in the index at all, or where the index's predicate cannot tell.
 */
export function heldEntriesOf(
  entityName: string,
  index: IndexModel,
  record: unknown,
  id: Uint8Array,
): readonly IndexEntry[] {
  try {
    return entriesOf(entityName, index, record, id);
  } catch {
    return unfitEntriesOf(entityName, index, record, id);
  }
}

function unfitEntriesOf(entityName: string, index: IndexModel, record: unknown, id: Uint8Array): readonly IndexEntry[] {
  try {
    return entriesOf(entityName, index, record, id, true).map((entry) => ({ ...entry, unfit: true }));
  } catch {
    return [];
  }
}

/** The id in the value of an entry whose key may belong to one record only; empty when the value is none of these. */
export function holderOf(value: Uint8Array): Uint8Array {
  const at = lengthAt(value);
  return at === undefined ? nothing : value.subarray(at + lengthBytes, idEnd(value, at));
}

const idEnd = (value: Uint8Array, at: number): number =>
  at + lengthBytes + (Number(value[at]) << 8) + Number(value[at + 1]);

/**
 * Reads an entry.
 *
 * @throws `INDEX_CORRUPT` when key and value are no entry of the index
 */
export function readEntry(entityName: string, index: IndexModel, key: Uint8Array, value: Uint8Array): ReadEntry {
  const corrupt = (cause?: unknown): Error =>
    tenantryError("INDEX_CORRUPT", { entity: entityName, index: index.name }, { cause });
  const { values, end } = valuesIn(key, prefixOf(entityName, index).length, index, corrupt);
  const idInKey = key.subarray(end);
  if (value.length === 0) {
    if (idInKey.length === 0) throw corrupt();
    return { id: idInKey, values, stored: nothing };
  }
  const at = lengthAt(value);
  if (at === undefined) throw corrupt();
  const idAt = at + lengthBytes;
  const storedAt = idEnd(value, at);
  // One place or the other holds the id.
  const misplaced = storedAt > idAt === idInKey.length > 0;
  if (!(storedAt <= value.length) || misplaced) throw corrupt();
  const id = idInKey.length > 0 ? idInKey : value.subarray(idAt, storedAt);
  return { id, values, stored: value.subarray(storedAt) };
}

function valuesIn(
  key: Uint8Array,
  offset: number,
  index: IndexModel,
  corrupt: (cause: unknown) => Error,
): ReturnType<IndexModel["decodeValues"]> {
  try {
    return index.decodeValues(key, offset);
  } catch (cause) {
    throw corrupt(cause);
  }
}
