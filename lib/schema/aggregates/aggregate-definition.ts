/** How an aggregate is declared, and what the compiler knows of its groups and its values. */
import type { FieldValues, IndexField, ValueAt } from "../index-definition.js";
import type { AnyEntity, Infer } from "../infer.js";

/**
 * A count of records, or the sum of a field of theirs, kept as they are written: one for all of them, or one for each
 * group `by` the values of some fields. Exactly one of `count` and `sum` is given.
 */
export interface AggregateDefinition<Path extends string = string, Each extends string = string, Output = never> {
  /** Counts the records. */
  readonly count?: true | undefined;
  /** Sums the integers (`z.int()` or bigint) of this field; where it is absent or null it adds nothing. */
  readonly sum?: Path | undefined;
  /**
   * The fields whose values make the groups, as in an index: also descending, or each distinct element of one array.
   * Without it all records are one group.
   */
  readonly by?: readonly IndexField<Path, Each>[] | undefined;
  /**
   * Which records are taken; all of them without it. It must depend on the record alone and always answer the same.
   */
  where?(record: Output): boolean;
}

/** The aggregates of an entity by name. Names follow the rule of entity names. */
export type AggregateDefinitions<Path extends string = string, Each extends string = string, Output = never> = {
  readonly [name: string]: AggregateDefinition<Path, Each, Output>;
};

/** The names of an entity's aggregates. */
export type AggregateName<E extends AnyEntity> = keyof E["aggregates"] & string;

/** The values that make a group of an aggregate, in its order. */
export type GroupValues<E extends AnyEntity, A extends AggregateName<E>> = E["aggregates"][A] extends {
  readonly by: infer F extends readonly unknown[];
}
  ? FieldValues<Infer<E>, F>
  : readonly [];

/** What an aggregate comes to: a bigint for the sum of a bigint field, a number otherwise. */
export type AggregateValue<E extends AnyEntity, A extends AggregateName<E>> = E["aggregates"][A] extends {
  readonly sum: infer Path extends string;
}
  ? NonNullable<ValueAt<Infer<E>, Path>> extends bigint
    ? bigint
    : number
  : number;
