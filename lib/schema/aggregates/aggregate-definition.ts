/** How an aggregate is declared, and what the compiler knows of its groups and its values. */
import type { Misuse } from "../../errors/index.js";
import type { FieldValues, IndexField, ValueAt } from "../index-definition.js";
import type { AnyEntity, Infer } from "../infer.js";

/**
 * A count of records, or the sum of a field of theirs, kept as they are written: one for all of them, or one for each
 * group `by` the values of some fields. Or a counter that each record has beside its fields. Exactly one of `count`,
 * `sum` and `counter` is given, and `counter` alone.
 *
 * @example
 * ```ts
 * import type { AggregateDefinition } from "tenantry";
 * const perShop = { sum: "cents", by: ["shop"] } as const satisfies AggregateDefinition;
 * ```
 */
export interface AggregateDefinition<Path extends string = string, Each extends string = string, Output = never> {
  /** Counts the records. */
  readonly count?: true | undefined;
  /** Sums the integers (`z.int()` or bigint) of this field; where it is absent or null it adds nothing. */
  readonly sum?: Path | undefined;
  /** A number that each record has, 0 when it is created: `add` changes it, and any number of writers at once. */
  readonly counter?: true | undefined;
  /**
   * The fields whose values make the groups, as in an index: also descending, or each distinct element of one array.
   * Without it all records are one group.
   */
  readonly by?: readonly IndexField<Path, Each>[] | undefined;
  /**
   * A whole number from 1, the default. A higher one has the aggregate counted anew by `db.migrate`: when `where` or a
   * codec of a field changes what it answers.
   */
  readonly revision?: number | undefined;
  /**
   * Which records are taken; all of them without it. It must depend on the record alone and always answer the same.
   */
  where?(record: Output): boolean;
}

/**
 * The aggregates of an entity by name. Names follow the rule of entity names.
 *
 * @example
 * ```ts
 * import { type AggregateDefinitions } from "tenantry";
 * const sums = { perShop: { sum: "cents", by: ["shop"] } } as const satisfies AggregateDefinitions;
 * ```
 */
export type AggregateDefinitions<Path extends string = string, Each extends string = string, Output = never> = {
  readonly [name: string]: AggregateDefinition<Path, Each, Output>;
};

/**
 * The aggregates with a sentence in place of the field of each sum over something else than numbers and bigints.
 *
 * @example
 * ```ts
 * import { type SummedFields } from "tenantry";
 * const fits: SummedFields<{ cents: number }, { total: { sum: "cents" } }> = { total: { sum: "cents" } };
 * ```
 */
export type SummedFields<Output, Aggregates> = {
  readonly [A in keyof Aggregates]: Aggregates[A] extends { readonly sum: infer Path extends string }
    ? NonNullable<ValueAt<Output, Path>> extends number | bigint
      ? unknown
      : { readonly sum: Misuse<"a sum is over a field of z.int() or z.bigint(), and this is none"> }
    : unknown;
};

/**
 * The names of an entity's counts and sums.
 *
 * @example
 * ```ts
 * import { type AggregateName, entity } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const name: AggregateName<typeof Sale> = "perShop";
 * ```
 */
export type AggregateName<E extends AnyEntity> = Exclude<keyof E["aggregates"] & string, CounterName<E>>;

/**
 * The names of the counters of an entity's records.
 *
 * @example
 * ```ts
 * import { type CounterName, entity } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const name: CounterName<typeof Sale> = "views";
 * ```
 */
export type CounterName<E extends AnyEntity> = {
  [A in keyof E["aggregates"] & string]: E["aggregates"][A] extends { readonly counter: true } ? A : never;
}[keyof E["aggregates"] & string];

/**
 * The values that make a group of an aggregate, in its order.
 *
 * @example
 * ```ts
 * import { entity, type GroupValues } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const values: GroupValues<typeof Sale, "perShop"> = ["corner"];
 * ```
 */
export type GroupValues<E extends AnyEntity, A extends AggregateName<E>> = E["aggregates"][A] extends {
  readonly by: infer F extends readonly unknown[];
}
  ? FieldValues<Infer<E>, F>
  : readonly [];

/**
 * What an aggregate comes to: a bigint for the sum of a bigint field, a number otherwise.
 *
 * @example
 * ```ts
 * import { type AggregateValue, entity } from "tenantry";
 * import { z } from "zod";
 * const Sale = entity("sale", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), shop: z.string(), cents: z.int() }),
 *   id: ["id"],
 *   aggregates: { perShop: { sum: "cents", by: ["shop"] }, views: { counter: true } },
 * });
 * const cents: AggregateValue<typeof Sale, "perShop"> = 1_200;
 * ```
 */
export type AggregateValue<E extends AnyEntity, A extends AggregateName<E>> = E["aggregates"][A] extends {
  readonly sum: infer Path extends string;
}
  ? NonNullable<ValueAt<Infer<E>, Path>> extends bigint
    ? bigint
    : number
  : number;
