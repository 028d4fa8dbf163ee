/** Reading aggregates: the total of one group, or the totals of a range of groups. */
import { givenName, tenantryError } from "../errors/index.js";
import { boundValues, isAggregateReadable, planBounds, type RangeQuery } from "../indexes/index.js";
import { aggregatePrefix } from "../keyspace/index.js";
import { listRecordsMax } from "../limits/index.js";
import type { AggregateModel, AnyEntity, EntityModel } from "../schema/index.js";
import { type ReadTransaction, type RelativeRange, readRows } from "../transaction/index.js";
import { concatBytes } from "../tuple/index.js";
import { decodeTotal } from "./total.js";

/** One group of an aggregate. */
export interface Group {
  readonly values: readonly unknown[];
  readonly value: number | bigint;
}

/** The groups of an aggregate that a query is about. */
export interface PlannedGroups extends RelativeRange {
  readonly aggregate: AggregateModel;
  readonly prefix: Uint8Array;
  readonly empty: boolean;
  /** Groups at most; undefined when the query does not say. */
  readonly limit: number | undefined;
  readonly reverse: boolean;
}

const refusal =
  (entity: string, index: string) =>
  (reason: string): Error =>
    tenantryError("QUERY_INVALID", { entity, index: givenName(index), reason, lacks: undefined });

function aggregateOf<E extends AnyEntity>(model: EntityModel<E>, name: string): AggregateModel {
  const aggregate = model.aggregates.get(name);
  if (aggregate === undefined) throw refusal(model.name, name)("the entity has no aggregate of this name");
  return aggregate;
}

function totalOf(entity: string, { name, bigints }: AggregateModel, bytes: Uint8Array): number | bigint {
  const total = decodeTotal(bytes);
  if (total === undefined) throw tenantryError("AGGREGATE_CORRUPT", { entity, aggregate: name });
  if (bigints) return total;
  const value = Number(total);
  if (!Number.isSafeInteger(value)) throw tenantryError("AGGREGATE_TOO_LARGE", { entity, aggregate: name });
  return value;
}

/**
 * Plans the key of one group.
 *
 * @throws `QUERY_INVALID` for an aggregate the entity lacks, or when not all values of the group are given
 * @throws `KEY_VALUE_INVALID` for a value that is not one of its field
 */
export function planGroup<E extends AnyEntity>(
  model: EntityModel<E>,
  name: string,
  equals: unknown,
): { readonly aggregate: AggregateModel; readonly key: Uint8Array } {
  const aggregate = aggregateOf(model, name);
  const { length } = aggregate.groups.fields;
  const values = boundValues(equals, length);
  if (values?.length !== length) {
    throw refusal(model.name, name)("a group is named by the values of all of its fields; groups reads several");
  }
  return { aggregate, key: concatBytes(aggregatePrefix(model.name, name), aggregate.groups.encodeValues(values)) };
}

/** The total of one group: 0 when there is none. One get. @throws `AGGREGATE_NOT_READABLE` */
export async function readGroup<E extends AnyEntity>(
  transaction: ReadTransaction,
  model: EntityModel<E>,
  { aggregate, key }: ReturnType<typeof planGroup>,
): Promise<number | bigint> {
  const bytes = (await isAggregateReadable(transaction, model, aggregate)) ? await transaction.get(key) : undefined;
  if (bytes === undefined) return aggregate.bigints ? 0n : 0;
  return totalOf(model.name, aggregate, bytes);
}

/** What a listing of groups says. */
export interface GroupsRequest extends Omit<RangeQuery, "index"> {
  readonly limit?: number | undefined;
  readonly reverse?: boolean | undefined;
}

/** Plans a range of groups. @throws as `planGroup` */
export function planGroups<E extends AnyEntity>(
  model: EntityModel<E>,
  name: string,
  query: GroupsRequest,
): PlannedGroups {
  const { limit, reverse = false } = query;
  const aggregate = aggregateOf(model, name);
  const refuse = refusal(model.name, name);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw refuse("a limit is a whole number from 0");
  }
  const prefix = aggregatePrefix(model.name, name);
  return { aggregate, prefix, limit, reverse, ...planBounds(prefix, aggregate.groups, query, refuse) };
}

/** The groups of a range in the order of their values. One range read for each batch. @throws `LIST_TOO_LARGE`, `AGGREGATE_NOT_READABLE` */
export async function readGroups<E extends AnyEntity>(
  transaction: ReadTransaction,
  model: EntityModel<E>,
  { aggregate, prefix, begin, end, empty, limit, reverse }: PlannedGroups,
): Promise<Group[]> {
  const wanted = { limit: limit ?? listRecordsMax + 1, reverse };
  const nothing = empty || !(await isAggregateReadable(transaction, model, aggregate));
  const rows = nothing ? [] : await readRows(transaction, { begin, end }, wanted);
  const groups = rows.map(([key, bytes]): Group => {
    const { values } = aggregate.groups.decodeValues(key, prefix.length);
    return { values, value: totalOf(model.name, aggregate, bytes) };
  });
  if (limit === undefined && groups.length > listRecordsMax) {
    throw tenantryError("LIST_TOO_LARGE", { entity: model.name, listRecordsMax });
  }
  return groups;
}
