/** What may be asked of an entity's aggregates, and what they answer. */

import type { GroupsRequest } from "../../aggregates/index.js";
import { optionNames } from "../../options/index.js";
import type {
  AggregateName,
  AggregateValue,
  AnyEntity,
  Bound,
  CounterName,
  GroupValues,
  KeyRange,
} from "../../schema/index.js";
import type { OperationOptions } from "./options.js";

/**
 * One group, by the values of all of its fields; a single value needs no array around it.
 *
 * @example
 * ```ts
 * import { type AggregateQuery, entity } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const corner: AggregateQuery<typeof Sale, "perShop"> = { equals: "corner" };
 * ```
 */
export type AggregateQuery<E extends AnyEntity, A extends AggregateName<E>> = OperationOptions & {
  readonly equals:
    | GroupValues<E, A>
    | (GroupValues<E, A> extends readonly [unknown] ? Bound<GroupValues<E, A>> : never);
};

/**
 * The query of an aggregate: needless where all records are one group.
 *
 * @example
 * ```ts
 * import { type AggregateArguments, entity } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const query: AggregateArguments<typeof Sale, "perShop"> = [{ equals: "corner" }];
 * ```
 */
export type AggregateArguments<E extends AnyEntity, A extends AggregateName<E>> =
  GroupValues<E, A> extends readonly [] ? [options?: OperationOptions] : [query: AggregateQuery<E, A>];

/**
 * A range of groups, in the order of their values, as a query says one of an index.
 *
 * @example
 * ```ts
 * import { entity, type GroupQuery } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const some: GroupQuery<typeof Sale, "perShop"> = { from: "c", limit: 10 };
 * ```
 */
export type GroupQuery<E extends AnyEntity, A extends AggregateName<E>> = OperationOptions &
  KeyRange<GroupValues<E, A>> & {
    /** Reads the range from its end. */
    readonly reverse?: boolean | undefined;
    /** Groups at most. */
    readonly limit?: number | undefined;
  };

export const aggregateNames = optionNames<OperationOptions & { readonly equals: unknown }>({
  signal: true,
  equals: true,
});
export const groupsNames = optionNames<OperationOptions & GroupsRequest>({
  signal: true,
  equals: true,
  from: true,
  to: true,
  prefix: true,
  reverse: true,
  limit: true,
});

/**
 * One group of an aggregate.
 *
 * @example
 * ```ts
 * import { type AggregateGroup, entity, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), country: z.string() }),
 *   id: ["id"],
 *   aggregates: { perCountry: { count: true, by: ["country"] } },
 * });
 * declare const cities: TenantRepository<typeof City>;
 * const groups: AggregateGroup<typeof City, "perCountry">[] = await cities.groups("perCountry");
 * for (const { values, value } of groups) console.log(`${values[0]}: ${value}`);
 * ```
 */
export interface AggregateGroup<E extends AnyEntity, A extends AggregateName<E>> {
  readonly values: GroupValues<E, A>;
  readonly value: AggregateValue<E, A>;
}

/**
 * The counters of a record.
 *
 * @example
 * ```ts
 * import { type Counters, entity } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const counters: Counters<typeof Sale> = { views: 12 };
 * ```
 */
export type Counters<E extends AnyEntity> = { readonly [C in CounterName<E>]: number };

/**
 * What is added to counters of a record.
 *
 * @example
 * ```ts
 * import { type CounterAmounts, entity } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const amounts: CounterAmounts<typeof Sale> = { views: 1 };
 * ```
 */
export type CounterAmounts<E extends AnyEntity> = { readonly [C in CounterName<E>]?: number };
