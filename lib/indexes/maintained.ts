/** Maintaining: which indexes and aggregates a write has to keep in its tenant. */
import { tenantryError } from "../errors/index.js";
import { aggregatePrefix, indexPrefix, recordPrefix } from "../keyspace/index.js";
import type { AnyEntity, EntityModel } from "../schema/index.js";
import type { EntityState } from "../tenant/index.js";
import type { ReadTransaction, RelativeRange, TenantTransaction } from "../transaction/index.js";
import { equalBytes, tupleRange } from "../tuple/index.js";
import { adopting, dropping, firstState, type Maintained, type Parts, readingOf } from "./states.js";

/** The keys of groups from their prefix itself on, which is a key where all records are one group. */
export const keysFrom = (prefix: Uint8Array): RelativeRange => ({ begin: prefix, end: tupleRange(prefix).end });

/** Whether an entity has no record. When it has none, one that comes meanwhile is a conflict. */
export async function isEmpty(transaction: ReadTransaction, entity: string): Promise<boolean> {
  const prefix = recordPrefix(entity);
  const { rows } = await transaction.getRange(tupleRange(prefix), { limit: 1 });
  return !rows.some(([key]) => equalBytes(key.subarray(0, prefix.length), prefix));
}

/** What is being settled, so that operations started together in one transaction settle it once. */
const settling = new WeakMap<TenantTransaction, Map<string, Promise<Maintained>>>();

/**
 * The indexes and aggregates a write has to keep in the transaction's tenant; a promise unless it is known already.
 *
 * The first write of an entity in a tenant notes which of them it keeps from the first record on. A write of a program
 * that lacks one notes that it cannot be relied on any more: it is to be built anew. The transaction conflicts with
 * every change of the state it goes by, so no write misses one.
 *
 * @throws SCHEMA_OUTDATED when records were migrated to a later version than the model's
 */
export function maintainedIndexes<E extends AnyEntity>(
  transaction: TenantTransaction,
  given: EntityModel<E>,
): Maintained | Promise<Maintained> {
  // What is done here does not depend on what records are.
  const model = given as unknown as EntityModel<AnyEntity>;
  const state = transaction.entityState(model.name);
  if (!(state instanceof Promise) && state.version <= model.version) {
    const { maintained, lacks, isForeign, filled } = readingOf(model, state);
    if (!isForeign && (filled || !lacks)) return maintained;
  }
  const ofTransaction = settling.get(transaction) ?? new Map<string, Promise<Maintained>>();
  settling.set(transaction, ofTransaction);
  const before = ofTransaction.get(model.name);
  if (before !== undefined) {
    // Its failure is the other's as well.
    if (state instanceof Promise) state.catch(() => {});
    return before;
  }
  const settled = settle(transaction, model, state);
  ofTransaction.set(model.name, settled);
  return settled;
}

/** What a write under the state `next` keeps; it notes the state once, and clears what is left of what is `anew`. */
function noting(
  transaction: TenantTransaction,
  model: EntityModel<AnyEntity>,
  next: EntityState,
  anew: Parts | undefined,
): Maintained {
  let noted = false;
  const note = (): void => {
    if (noted) return;
    noted = true;
    for (const { name } of anew?.indexes ?? []) transaction.clearRange(tupleRange(indexPrefix(model.name, name)));
    for (const { name } of anew?.aggregates ?? []) transaction.clearRange(keysFrom(aggregatePrefix(model.name, name)));
    transaction.setEntityState(model.name, next);
  };
  return { ...readingOf(model, next).maintained, note };
}

async function settle(
  transaction: TenantTransaction,
  model: EntityModel<AnyEntity>,
  found: EntityState | Promise<EntityState | undefined>,
): Promise<Maintained> {
  const state = await found;
  if (state === undefined) {
    const empty = await isEmpty(transaction, model.name);
    return noting(transaction, model, firstState(model, empty), undefined);
  }
  if (state.version > model.version) {
    throw tenantryError("SCHEMA_OUTDATED", { entity: model.name, version: model.version, migratedTo: state.version });
  }
  const reading = readingOf(model, state);
  const adopted = reading.lacks && !reading.filled && (await isEmpty(transaction, model.name));
  if (!adopted) reading.filled = true;
  if (!adopted && !reading.isForeign) return reading.maintained;
  const dropped = dropping(state, reading);
  const next = adopted ? adopting(dropped, reading.lacking) : dropped;
  readingOf(model, next).filled = !adopted;
  return noting(transaction, model, next, adopted ? reading.lacking : undefined);
}
