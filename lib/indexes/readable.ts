/** Reading: which indexes and aggregates a query may read in its tenant. */
import { tenantryError } from "../errors/index.js";
import type { AggregateModel, AnyEntity, EntityModel, IndexModel } from "../schema/index.js";
import type { EntityState } from "../tenant/index.js";
import type { ReadTransaction } from "../transaction/index.js";
import { isEmpty } from "./maintained.js";
import { ownAggregateState, ownState } from "./states.js";

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

/** The aggregates of a model that queries may read in the transaction's tenant. */
export async function readableAggregates<E extends AnyEntity>(
  transaction: ReadTransaction,
  model: EntityModel<E>,
): Promise<readonly AggregateModel[]> {
  const state = await transaction.entityState(model.name);
  return [...model.aggregates.values()].filter(
    (aggregate) => ownAggregateState(state, aggregate)?.status === "readable",
  );
}

/**
 * Whether an aggregate's totals may be read in the transaction's tenant: false where the entity has no record, so that
 * all of them are 0.
 *
 * @throws AGGREGATE_NOT_READABLE
 */
export async function isAggregateReadable<E extends AnyEntity>(
  transaction: ReadTransaction,
  model: EntityModel<E>,
  aggregate: AggregateModel,
): Promise<boolean> {
  const own = ownAggregateState(await transaction.entityState(model.name), aggregate);
  if (own?.status === "readable") return true;
  if (await isEmpty(transaction, model.name)) return false;
  const status = own?.status ?? "dropped";
  throw tenantryError("AGGREGATE_NOT_READABLE", { entity: model.name, aggregate: aggregate.name, status });
}
