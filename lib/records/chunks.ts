/** Chunks: the further rows of a record that is too long for one, read and counted. */
import { tenantryError } from "../errors/index.js";
import { chunkKey, chunkPrefix, subspacePrefix, subspaces } from "../keyspace/index.js";
import type { AnyEntity, EntityModel, IdOf } from "../schema/index.js";
import type { ReadTransaction, RelativeRange } from "../transaction/index.js";
import { equalBytes, keyAfter, tupleRange, unpack } from "../tuple/index.js";
import { chunkCount, isSplit, joinValue, splitValue } from "./split.js";

/** One row to write; the key is tenant-relative. */
export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The rows of a record: the one under its key first, its chunks after it. */
export type RecordRows = readonly [Row, ...Row[]];

/** The number of a record's first chunk; the others follow it. */
const firstChunk = 1;

/** Bytes of such a number in a key: no record has as many as 256. */
const numberBytes = 2;

/** A record's value together with what it takes in the store. */
export interface WholeValue {
  readonly value: Uint8Array;
  /** Rows beside the one under the record's key. */
  readonly chunks: number;
  /** Bytes of these rows, keys and values. */
  readonly chunkBytes: number;
}

/** The rows that hold the value of the record with the key `key` and the packed id `id`. */
export function recordRows(entity: string, key: Uint8Array, id: Uint8Array, value: Uint8Array): RecordRows {
  const split = splitValue(value);
  if (split === undefined) return [{ key, value }];
  const chunks = split.chunks.map((chunk, at) => ({ key: chunkKey(entity, id, firstChunk + at), value: chunk }));
  return [{ key, value: split.head }, ...chunks];
}

/** The keys of all chunks that a record of this packed id may have. */
export const chunkRange = (entity: string, id: Uint8Array): RelativeRange => tupleRange(chunkPrefix(entity, id));

/** A chunk's key read: whose it is, and which; undefined when it is none. */
export function readChunkKey<E extends AnyEntity>(
  model: EntityModel<E>,
  key: Uint8Array,
): { readonly id: IdOf<E>; readonly packed: Uint8Array; readonly n: number } | undefined {
  const packed = key.subarray(subspacePrefix(subspaces.chunks, model.name).length, -numberBytes);
  try {
    const [n] = unpack(key.subarray(-numberBytes));
    return typeof n === "number" && n >= firstChunk ? { id: model.decodeId(packed), packed, n } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The whole value of the record with a packed id whose key holds `value`: one range read more when that is a head.
 *
 * @throws VALUE_CORRUPT when a chunk is missing or belongs to another value
 */
export async function wholeValue(
  transaction: ReadTransaction,
  entity: string,
  id: Uint8Array,
  value: Uint8Array,
): Promise<WholeValue> {
  if (!isSplit(value)) return { value, chunks: 0, chunkBytes: 0 };
  const count = chunkCount(value);
  const parts: Uint8Array[] = [];
  let chunkBytes = 0;
  let begin = chunkKey(entity, id, firstChunk);
  const end = chunkKey(entity, id, firstChunk + count);
  while (parts.length < count) {
    // The conflict is on the record's key, which is written with its chunks.
    const options = { limit: count - parts.length, mode: "exact", snapshot: true } as const;
    const { rows, more } = await transaction.getRange({ begin, end }, options);
    for (const [key, part] of rows) {
      if (!equalBytes(key, chunkKey(entity, id, firstChunk + parts.length))) break;
      parts.push(part);
      chunkBytes += key.length + part.length;
    }
    const last = rows.at(-1)?.[0];
    if (!more || last === undefined) break;
    begin = keyAfter(last);
  }
  return joined(value, parts, chunkBytes);
}

function joined(head: Uint8Array, parts: Uint8Array[], chunkBytes: number): WholeValue {
  const chunks = chunkCount(head);
  if (parts.length < chunks) throw tenantryError("VALUE_CORRUPT", { offset: head.length, reason: "chunkMissing" });
  return { value: joinValue(head, parts), chunks, chunkBytes };
}

/** As `wholeValue` of a head, at once, in a transaction that shows rows in place; undefined when this one does not. */
export function wholeValueSync(
  transaction: ReadTransaction,
  entity: string,
  id: Uint8Array,
  head: Uint8Array,
): WholeValue | undefined {
  const count = chunkCount(head);
  const parts: Uint8Array[] = [];
  let chunkBytes = 0;
  let begin = chunkKey(entity, id, firstChunk);
  const end = chunkKey(entity, id, firstChunk + count);
  while (parts.length < count) {
    const options = { limit: count - parts.length, mode: "exact", snapshot: true } as const;
    const visited = transaction.visitRange({ begin, end }, options, (key, keyBegin, keyEnd, value, from, to) => {
      if (!equalBytes(key.subarray(keyBegin, keyEnd), chunkKey(entity, id, firstChunk + parts.length))) return;
      parts.push(new Uint8Array(value.subarray(from, to)));
      chunkBytes += keyEnd - keyBegin + to - from;
    });
    if (visited === undefined) return undefined;
    if (visited.last === undefined) break;
    begin = keyAfter(visited.last);
  }
  return joined(head, parts, chunkBytes);
}
