/** Verifying: whether every record has its index entries, and every entry its record. */
import { indexPrefix, recordPrefix } from "../keyspace/index.js";
import { scanBatchRowsMax } from "../limits.js";
import type { AnyEntity, EntityModel, IdOf, IndexModel } from "../schema/index.js";
import type { RangeBatch, ReadTransaction, RelativeRange } from "../transaction/index.js";
import { compareBytes, concatBytes, keyAfter, tupleRange } from "../tuple/index.js";
import { entryId, entryKey } from "./maintain.js";

/**
 * A disagreement of an index with the records: `missing`, a record without its entry; `orphan`, an entry without a
 * record; `stale`, an entry under values its record does not have; `unreadable`, a key that is no entry at all.
 *
 * @example
 * ```ts
 * import { entity, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * for (const { index, kind, id } of await cities.verify()) console.error(`${index} has a ${kind} entry for ${id}`);
 * ```
 */
export interface IndexDefect<E extends AnyEntity> {
  readonly index: string;
  readonly kind: "missing" | "orphan" | "stale" | "unreadable";
  /** The record's id; undefined when the entry is unreadable. */
  readonly id: IdOf<E> | undefined;
}

/** Runs reads at one point in time; each call may be at another. */
export type BatchReader = <T>(fn: (transaction: ReadTransaction) => Promise<T>) => Promise<T>;

/** Calls `check` with every batch of a range, each inside the transaction that read it. */
async function forEachBatch(
  read: BatchReader,
  range: RelativeRange,
  check: (transaction: ReadTransaction, rows: RangeBatch["rows"]) => Promise<void>,
): Promise<void> {
  let begin: Uint8Array | undefined = range.begin;
  while (begin !== undefined) {
    const from: Uint8Array = begin;
    begin = await read(async (transaction) => {
      const { rows, more } = await transaction.getRange({ begin: from, end: range.end }, { limit: scanBatchRowsMax });
      await check(transaction, rows);
      const last = rows.at(-1)?.[0];
      return more && last !== undefined ? keyAfter(last) : undefined;
    });
  }
}

/** The id an entry names, undefined when its bytes are no entry of the index. */
function readableId<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  prefix: Uint8Array,
  key: Uint8Array,
): { readonly packed: Uint8Array; readonly id: IdOf<E> } | undefined {
  try {
    const packed = entryId(index, prefix, key);
    return { packed, id: model.decodeId(packed) };
  } catch {
    return undefined;
  }
}

/**
 * Compares all indexes of an entity with its records, batch by batch: each batch is of one point in time, so writers
 * may go on. Costs one get per record and index, and one per entry.
 */
export async function verifyIndexes<E extends AnyEntity>(
  model: EntityModel<E>,
  read: BatchReader,
): Promise<IndexDefect<E>[]> {
  const defects: IndexDefect<E>[] = [];
  const indexes = [...model.indexes.values()];
  const records = recordPrefix(model.name);

  await forEachBatch(read, tupleRange(records), async (transaction, rows) => {
    const found: IndexDefect<E>[] = [];
    const checks = rows.flatMap(([key, value]) => {
      const { record } = model.decodeRecord(value);
      const packed = key.subarray(records.length);
      return indexes.map(async (index) => {
        const entry = await transaction.get(entryKey(model.name, index, record, packed));
        if (entry === undefined) found.push({ index: index.name, kind: "missing", id: model.decodeId(packed) });
      });
    });
    await Promise.all(checks);
    defects.push(...found);
  });

  for (const index of indexes) {
    const prefix = indexPrefix(model.name, index.name);
    await forEachBatch(read, tupleRange(prefix), async (transaction, rows) => {
      const found: IndexDefect<E>[] = [];
      const checks = rows.map(async ([key]) => {
        const readable = readableId(model, index, prefix, key);
        if (readable === undefined) {
          found.push({ index: index.name, kind: "unreadable", id: undefined });
          return;
        }
        const { packed, id } = readable;
        const value = await transaction.get(concatBytes(records, packed));
        if (value === undefined) found.push({ index: index.name, kind: "orphan", id });
        else if (compareBytes(entryKey(model.name, index, model.decodeRecord(value).record, packed), key) !== 0) {
          found.push({ index: index.name, kind: "stale", id });
        }
      });
      await Promise.all(checks);
      defects.push(...found);
    });
  }
  return defects;
}
