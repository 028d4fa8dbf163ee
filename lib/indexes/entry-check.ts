/** Checking one index entry: whether its record has it, and whether a record's entry is there. */
import { isDamage, readId, recordAt } from "../records/index.js";
import type { AnyEntity, EntityModel, IdOf, IndexModel } from "../schema/index.js";
import type { ReadTransaction } from "../transaction/index.js";
import { equalBytes } from "../tuple/index.js";
import { heldEntriesOf, type IndexEntry, readEntry } from "./entry.js";

/**
 * A disagreement of an index with the records: `missing`, a record without its entry; `duplicate`, a record whose
 * values in a unique index another record has as well; `orphan`, an entry without a record; `stale`, an entry with
 * values or stored fields its record does not have; `unreadable`, a key or value that is no entry at all; `damaged`, an
 * entry of a damaged record, which a repair takes away.
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
  readonly part?: undefined;
  readonly index: string;
  readonly kind: "missing" | "duplicate" | "orphan" | "stale" | "unreadable" | "damaged";
  /** The record's id; undefined when the entry is unreadable. */
  readonly id: IdOf<E> | undefined;
  /** Whether it was put right. */
  readonly repaired?: boolean | undefined;
}

/** An entry that there is and should not be, or not like this. */
export interface WrongEntry<E extends AnyEntity> {
  readonly index: IndexModel;
  readonly key: Uint8Array;
  readonly kind: "orphan" | "stale" | "unreadable" | "damaged";
  readonly id: IdOf<E> | undefined;
  /** The value it has to have; undefined where no record has an entry with this key. */
  readonly right: Uint8Array | undefined;
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
  const found = await recordAt(model, transaction, other.packed);
  if (found === undefined || "error" in found) return "missing";
  const claims = heldEntriesOf(model.name, index, found.record, other.packed);
  return claims.some(({ key }) => equalBytes(key, entry.key)) ? "duplicate" : "missing";
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
    const id = readId(model, packed);
    return id === undefined ? undefined : { packed, id };
  } catch {
    return undefined;
  }
}

/** What is wrong with an entry that there is: one get for its record. */
export async function wrongEntry<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  transaction: ReadTransaction,
  key: Uint8Array,
  value: Uint8Array,
): Promise<WrongEntry<E> | undefined> {
  const named = readable(model, index, key, value);
  if (named === undefined) return { index, key, kind: "unreadable", id: undefined, right: undefined };
  const { packed, id } = named;
  const found = await recordAt(model, transaction, packed);
  if (found === undefined) return { index, key, kind: "orphan", id, right: undefined };
  if ("error" in found) {
    return isDamage(found.error) ? { index, key, kind: "damaged", id, right: undefined } : undefined;
  }
  const own = heldEntriesOf(model.name, index, found.record, packed).find((entry) => equalBytes(entry.key, key));
  if (own !== undefined && equalBytes(own.value, value)) return undefined;
  return { index, key, kind: "stale", id, right: own?.value };
}
