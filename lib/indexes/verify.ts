/** Verifying: whether every record has its index entries, and every entry its record. */
import { indexPrefix, recordPrefix } from "../keyspace/index.js";
import { scanBatchRowsMax } from "../limits.js";
import type { AnyEntity, EntityModel, IdOf, IndexModel } from "../schema/index.js";
import type { RangeBatch, ReadTransaction, RelativeRange } from "../transaction/index.js";
import { concatBytes, equalBytes, keyAfter, tupleRange } from "../tuple/index.js";
import { entriesOf, type IndexEntry, readEntry } from "./entry.js";

/**
 * A disagreement of an index with the records: `missing`, a record without its entry; `duplicate`, a record whose
 * values in a unique index another record has as well; `orphan`, an entry without a record; `stale`, an entry with
 * values or stored fields its record does not have; `unreadable`, a key or value that is no entry at all.
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
  readonly kind: "missing" | "duplicate" | "orphan" | "stale" | "unreadable";
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

/** The defect of a record's entry, given what is stored under its key. */
async function entryDefect<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  transaction: ReadTransaction,
  entry: IndexEntry,
): Promise<"missing" | "duplicate" | undefined> {
  const stored = await transaction.get(entry.key);
  if (stored === undefined) return "missing";
  // Other stored fields are found with the entries. Another id matters when that record has the values, too.
  if (!entry.taken || equalBytes(stored, entry.value)) return undefined;
  const other = readable(model, index, entry.key, stored);
  const own = readable(model, index, entry.key, entry.value);
  if (other === undefined || own === undefined) return "missing";
  if (equalBytes(other.packed, own.packed)) return undefined;
  const value = await transaction.get(concatBytes(recordPrefix(model.name), other.packed));
  if (value === undefined) return "missing";
  const { record } = model.decodeRecord(value);
  const claims = entriesOf(model.name, index, record, other.packed);
  return claims.some(({ key }) => equalBytes(key, entry.key)) ? "duplicate" : "missing";
}

/** The id an entry names, undefined when its bytes are no entry of the index. */
function readable<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  key: Uint8Array,
  value: Uint8Array,
): { readonly packed: Uint8Array; readonly id: IdOf<E> } | undefined {
  try {
    const packed = readEntry(model.name, index, key, value).id;
    return { packed, id: model.decodeId(packed) };
  } catch {
    return undefined;
  }
}

/**
 * Compares all indexes of an entity with its records, batch by batch: each batch is of one point in time, so writers
 * may go on. Costs one get per entry a record has to have, and one per entry there is.
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
      return indexes.flatMap((index) =>
        entriesOf(model.name, index, record, packed).map(async (entry) => {
          const kind = await entryDefect(model, index, transaction, entry);
          if (kind !== undefined) found.push({ index: index.name, kind, id: model.decodeId(packed) });
        }),
      );
    });
    await Promise.all(checks);
    defects.push(...found);
  });

  for (const index of indexes) {
    await forEachBatch(read, tupleRange(indexPrefix(model.name, index.name)), async (transaction, rows) => {
      const found: IndexDefect<E>[] = [];
      const checks = rows.map(async ([key, value]) => {
        const named = readable(model, index, key, value);
        if (named === undefined) {
          found.push({ index: index.name, kind: "unreadable", id: undefined });
          return;
        }
        const { packed, id } = named;
        const stored = await transaction.get(concatBytes(records, packed));
        if (stored === undefined) {
          found.push({ index: index.name, kind: "orphan", id });
          return;
        }
        const entries = entriesOf(model.name, index, model.decodeRecord(stored).record, packed);
        const agrees = entries.some((entry) => equalBytes(entry.key, key) && equalBytes(entry.value, value));
        if (!agrees) found.push({ index: index.name, kind: "stale", id });
      });
      await Promise.all(checks);
      defects.push(...found);
    });
  }
  return defects;
}
