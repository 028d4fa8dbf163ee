/** Maintained indexes: which of them a write has to keep in this tenant, and which of them a query may read. */
import { tenantryError } from "../errors/index.js";
import { indexPrefix, recordPrefix } from "../keyspace/index.js";
import type { AnyEntity, EntityModel, IndexModel } from "../schema/index.js";
import type { EntityState, IndexState } from "../tenant/index.js";
import type { ReadTransaction, TenantTransaction } from "../transaction/index.js";
import { equalBytes, tupleRange } from "../tuple/index.js";

/** An index whose entries writers keep. */
export interface MaintainedIndex {
  readonly index: IndexModel;
  /** Whether entries of earlier records may be missing. */
  readonly building: boolean;
}

/** What a model makes of a state. */
interface Reading {
  readonly maintained: readonly MaintainedIndex[];
  /** Indexes of the model that the state has not. */
  readonly lacking: readonly IndexModel[];
  /** Names of indexes that the state has and the model has not: this program cannot keep them. */
  readonly foreign: readonly string[];
  /** Whether the entity was seen to have records under this state, so that lacking indexes stay so. */
  filled: boolean;
}

const readings = new WeakMap<object, WeakMap<EntityState, Reading>>();

function readingOf(model: EntityModel<AnyEntity>, state: EntityState): Reading {
  const ofModel = readings.get(model) ?? new WeakMap<EntityState, Reading>();
  readings.set(model, ofModel);
  const known = ofModel.get(state);
  if (known !== undefined) return known;
  const maintained: MaintainedIndex[] = [];
  const lacking: IndexModel[] = [];
  for (const index of model.indexes.values()) {
    const own = ownState(state, index);
    if (own === undefined || own.status === "dropped") lacking.push(index);
    else maintained.push({ index, building: own.status === "writeOnly" });
  }
  const foreign = [...state.indexes].flatMap(([name, { fingerprint, status }]) =>
    status === "dropped" || model.indexes.get(name)?.fingerprint === fingerprint ? [] : [name],
  );
  const reading = { maintained, lacking, foreign, filled: false };
  ofModel.set(state, reading);
  return reading;
}

/** The state of an index, if it is of the index's own definition. */
export function ownState(state: EntityState | undefined, index: IndexModel): IndexState | undefined {
  const found = state?.indexes.get(index.name);
  return found?.fingerprint === index.fingerprint ? found : undefined;
}

/** A first state: all indexes of a definition can be relied on where there is no record yet, none where there is one. */
export function firstState(model: EntityModel<AnyEntity>, empty: boolean): EntityState {
  return { version: 0, layout: 0, indexes: new Map(empty ? readableStates(model.indexes.values()) : []) };
}

const readableStates = (indexes: Iterable<IndexModel>): [string, IndexState][] =>
  [...indexes].map(({ name, fingerprint }) => [name, { fingerprint, status: "readable" }]);

/** Whether an entity has no record. When it has none, one that comes meanwhile is a conflict. */
export async function isEmpty(transaction: ReadTransaction, entity: string): Promise<boolean> {
  const prefix = recordPrefix(entity);
  const { rows } = await transaction.getRange(tupleRange(prefix), { limit: 1 });
  return !rows.some(([key]) => equalBytes(key.subarray(0, prefix.length), prefix));
}

/** The indexes a write has to keep. */
export interface Maintained {
  readonly indexes: readonly MaintainedIndex[];
  /** To be called right before the write: notes what it changes about the entity's state. */
  readonly note?: (() => void) | undefined;
}

/** What is being settled, so that operations started together in one transaction settle it once. */
const settling = new WeakMap<TenantTransaction, Map<string, Promise<Maintained>>>();

/**
 * The indexes a write has to keep in the transaction's tenant; a promise unless it is known already.
 *
 * The first write of an entity in a tenant notes which indexes it keeps from the first record on. A write of a program
 * that lacks an index notes that the index cannot be relied on any more: it is to be built anew. The transaction
 * conflicts with every change of the state it goes by, so no write misses an index.
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
    const { maintained, lacking, foreign, filled } = readingOf(model, state);
    if (foreign.length === 0 && (filled || lacking.length === 0)) return { indexes: maintained };
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

/** What a write under the state `next` keeps; it notes the state once, and clears what is left of the indexes `anew`. */
function noting(
  transaction: TenantTransaction,
  model: EntityModel<AnyEntity>,
  next: EntityState,
  anew: readonly IndexModel[],
): Maintained {
  let noted = false;
  const note = (): void => {
    if (noted) return;
    noted = true;
    for (const { name } of anew) transaction.clearRange(tupleRange(indexPrefix(model.name, name)));
    transaction.setEntityState(model.name, next);
  };
  return { indexes: readingOf(model, next).maintained, note };
}

async function settle(
  transaction: TenantTransaction,
  model: EntityModel<AnyEntity>,
  found: EntityState | Promise<EntityState | undefined>,
): Promise<Maintained> {
  const state = await found;
  if (state === undefined) {
    const empty = await isEmpty(transaction, model.name);
    return noting(transaction, model, firstState(model, empty), []);
  }
  if (state.version > model.version) {
    throw tenantryError("SCHEMA_OUTDATED", { entity: model.name, version: model.version, migratedTo: state.version });
  }
  const reading = readingOf(model, state);
  const indexes = new Map(state.indexes);
  for (const name of reading.foreign) {
    const { fingerprint } = state.indexes.get(name) ?? { fingerprint: 0 };
    indexes.set(name, { fingerprint, status: "dropped" });
  }
  const adopted = reading.lacking.length > 0 && !reading.filled && (await isEmpty(transaction, model.name));
  if (adopted) for (const [name, own] of readableStates(reading.lacking)) indexes.set(name, own);
  else reading.filled = true;
  if (!adopted && reading.foreign.length === 0) return { indexes: reading.maintained };
  const next: EntityState = { ...state, indexes };
  readingOf(model, next).filled = !adopted;
  return noting(transaction, model, next, adopted ? reading.lacking : []);
}

/**
 * Lets a query read an index of the transaction's tenant, or the records themselves; a promise unless its state is known already. Where the entity
 * has no record, every index can be read.
 *
 * @throws INDEX_NOT_READABLE
 */
export function assertReadable<E extends AnyEntity>(
  transaction: ReadTransaction,
  model: EntityModel<E>,
  index: IndexModel | undefined,
): undefined | Promise<void> {
  if (index === undefined) return undefined;
  const state = transaction.entityState(model.name);
  if (!(state instanceof Promise) && ownState(state, index)?.status === "readable") return undefined;
  return settleReadable(transaction, model.name, index, state);
}

async function settleReadable(
  transaction: ReadTransaction,
  entity: string,
  index: IndexModel,
  found: EntityState | Promise<EntityState | undefined>,
): Promise<void> {
  const own = ownState(await found, index);
  if (own?.status === "readable" || (await isEmpty(transaction, entity))) return;
  throw tenantryError("INDEX_NOT_READABLE", { entity, index: index.name, status: own?.status ?? "dropped" });
}

/** The indexes of a model that queries may read in the transaction's tenant. */
export async function readableIndexes<E extends AnyEntity>(
  transaction: ReadTransaction,
  model: EntityModel<E>,
): Promise<readonly IndexModel[]> {
  const state = await transaction.entityState(model.name);
  return [...model.indexes.values()].filter((index) => ownState(state, index)?.status === "readable");
}
