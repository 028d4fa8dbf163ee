/** Checking one index entry: whether its record has it, and whether a record's entry is there. */
import { recordPrefix } from "../keyspace/index.js";
import { wholeOrDefect } from "../records/index.js";
import type { AnyEntity, EntityModel, IdOf, IndexModel, Infer } from "../schema/index.js";
import type { ReadTransaction } from "../transaction/index.js";
import { concatBytes, equalBytes } from "../tuple/index.js";
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

/** The defect of a record's entry, given what is stored under its key. */
export async function entryDefect<E extends AnyEntity>(
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
  const found = await recordOf(model, transaction, other.packed);
  if (found === undefined || found === "broken") return "missing";
  const claims = entriesOf(model.name, index, found.record, other.packed);
  return claims.some(({ key }) => equalBytes(key, entry.key)) ? "duplicate" : "missing";
}

/** The record with a packed id: undefined when there is none, `broken` when its chunks are not all there. */
export async function recordOf<E extends AnyEntity>(
  model: EntityModel<E>,
  transaction: ReadTransaction,
  packed: Uint8Array,
): Promise<{ readonly record: Infer<E> } | "broken" | undefined> {
  const row = await transaction.get(concatBytes(recordPrefix(model.name), packed));
  if (row === undefined) return undefined;
  const whole = await wholeOrDefect(transaction, model.name, packed, row);
  return "defect" in whole ? "broken" : { record: model.decodeRecord(whole.value).record };
}

/** The id an entry names, undefined when its bytes are no entry of the index. */
export function readable<E extends AnyEntity>(
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

/** What is wrong with an entry that there is: one get for its record. */
export async function defectOf<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  transaction: ReadTransaction,
  key: Uint8Array,
  value: Uint8Array,
): Promise<IndexDefect<E> | undefined> {
  const named = readable(model, index, key, value);
  if (named === undefined) return { index: index.name, kind: "unreadable", id: undefined };
  const { packed, id } = named;
  const stored = await recordOf(model, transaction, packed);
  if (stored === undefined) return { index: index.name, kind: "orphan", id };
  // What is wrong with a broken record is found with its chunks.
  if (stored === "broken") return undefined;
  const entries = entriesOf(model.name, index, stored.record, packed);
  const agrees = entries.some((entry) => equalBytes(entry.key, key) && equalBytes(entry.value, value));
  return agrees ? undefined : { index: index.name, kind: "stale", id };
}
