/** How an index is declared, and what the compiler lets a query over it say. */
import type { Misuse } from "../errors/index.js";
import type { AnyEntity, IdFieldsOf, Infer, KeyScalar } from "./infer.js";

/** `1` counts down to `0`: how many more levels of nested objects an index path may enter. */
type Below = { 4: 3; 3: 2; 2: 1; 1: 0; 0: 0 };

/**
 * The dotted paths of a record's fields that can be indexed, to a depth of four: `"name"`, `"at.lat"`. An optional or
 * nullable field can be indexed too; absent and null sort first.
 *
 * @example
 * ```ts
 * import type { FieldPath } from "tenantry";
 * const path: FieldPath<{ name: string; at: { lat: number } }> = "at.lat";
 * ```
 */
export type FieldPath<T, Depth extends keyof Below = 4> = Depth extends 0
  ? never
  : {
      [K in keyof T & string]-?: unknown extends T[K]
        ? never
        : T[K] extends KeyScalar | null | undefined
          ? K
          : NonNullable<T[K]> extends readonly unknown[] | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
            ? never
            : `${K}.${FieldPath<NonNullable<T[K]>, Below[Depth]>}`;
    }[keyof T & string];

/** The fields of an array's element `T` that follow `Path`, or the element itself. */
type ElementPath<T, Path extends string, Depth extends keyof Below> = unknown extends T
  ? never
  : NonNullable<T> extends KeyScalar
    ? Path
    : NonNullable<T> extends readonly unknown[]
      ? never
      : `${Path}.${FieldPath<NonNullable<T>, Below[Depth]>}`;

/**
 * The dotted paths that lead through one array, to a depth of four: `"tags"`, `"lines.sku"`.
 *
 * @example
 * ```ts
 * import { type EachPath } from "tenantry";
 * const path: EachPath<{ lines: { sku: string }[] }> = "lines.sku";
 * ```
 */
export type EachPath<T, Depth extends keyof Below = 4> = Depth extends 0
  ? never
  : {
      [K in keyof T & string]-?: T[K] extends KeyScalar | null | undefined
        ? never
        : unknown extends T[K]
          ? never
          : NonNullable<T[K]> extends readonly (infer Element)[]
            ? ElementPath<Element, K, Depth>
            : NonNullable<T[K]> extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
              ? never
              : `${K}.${EachPath<NonNullable<T[K]>, Below[Depth]>}`;
    }[keyof T & string];

/**
 * One field of an index: its path; its path and order; or `each`, the path through an array, for an entry per distinct
 * element.
 *
 * @example
 * ```ts
 * import type { IndexField } from "tenantry";
 * const fields: readonly IndexField[] = ["name", { field: "population", order: "descending" }, { each: "tags" }];
 * ```
 */
export type IndexField<Path extends string = string, Each extends string = string> =
  | Path
  | { readonly field: Path; readonly order?: "ascending" | "descending" | undefined }
  | { readonly each: Each; readonly order?: "ascending" | "descending" | undefined };

/**
 * An index over one or more fields, in this order; kept in the same transaction as the record.
 *
 * @example
 * ```ts
 * import { type IndexDefinition } from "tenantry";
 * const byName = { fields: ["name"], unique: true } as const satisfies IndexDefinition;
 * ```
 */
export interface IndexDefinition<
  Path extends string = string,
  Each extends string = string,
  Name extends string = string,
  Output = never,
> {
  /**
   * The fields, most significant first. At most one of them is an `each`: a record then has an entry for every distinct
   * element (`indexElementsMax`, 256, at most: `INDEX_ELEMENTS_TOO_MANY`), and none when the array is empty or absent.
   */
  readonly fields: readonly [IndexField<Path, Each>, ...IndexField<Path, Each>[]];
  /**
   * Whether no two records may have the same values: a write that would make a second is `UNIQUE_VIOLATION`. Values
   * with an absent or null field among them never collide.
   */
  readonly unique?: boolean | undefined;
  /** Whether records in which any of the fields is absent or null are left out. */
  readonly sparse?: boolean | undefined;
  /**
   * Fields of the record kept in the entry as well: a query that selects only these (and the id) reads no records.
   * Every change of one rewrites the entry.
   */
  readonly stored?: readonly Name[] | undefined;
  /**
   * A whole number from 1, the default. A higher one has the index built anew: when `where` or a codec of a field
   * changes what it answers, or a migration step changes what a field of the same name and type holds.
   */
  readonly revision?: number | undefined;
  /**
   * Which records are in the index; all of them without it. It must depend on the record alone and always answer
   * the same: entries are found by asking it again.
   */
  where?(record: Output): boolean;
}

/**
 * The indexes of an entity by name. Names follow the rule of entity names.
 *
 * @example
 * ```ts
 * import { type IndexDefinitions } from "tenantry";
 * const indexes = { byName: { fields: ["name"] } } as const satisfies IndexDefinitions;
 * ```
 */
export type IndexDefinitions<
  Path extends string = string,
  Each extends string = string,
  Name extends string = string,
  Output = never,
> = { readonly [name: string]: IndexDefinition<Path, Each, Name, Output> };

/** The names of an entity's indexes. */
export type IndexName<E extends AnyEntity> = keyof E["indexes"] & string;

type PathOf<F> = F extends string ? F : F extends { readonly field: infer P } ? P : never;

/** The type of a nested field; `null` stands in for absent at every step. */
export type ValueAt<T, Path> = T extends null | undefined
  ? null | undefined
  : Path extends keyof T
    ? T[Path]
    : Path extends `${infer Head}.${infer Rest}`
      ? Head extends keyof T
        ? ValueAt<T[Head], Rest>
        : never
      : never;

/** The type of an element, or of a field of it, of the one array on a path. */
type EachAt<T, Path> = T extends null | undefined
  ? null | undefined
  : Path extends keyof T
    ? NonNullable<T[Path]> extends readonly (infer Element)[]
      ? Element
      : never
    : Path extends `${infer Head}.${infer Rest}`
      ? Head extends keyof T
        ? NonNullable<T[Head]> extends readonly (infer Element)[]
          ? ValueAt<Element, Rest>
          : EachAt<T[Head], Rest>
        : never
      : never;

/** The type of what a field of an index orders by. */
type IndexedValue<Output, F> = F extends { readonly each: infer P } ? EachAt<Output, P> : ValueAt<Output, PathOf<F>>;

/** `undefined` and `null` mean the same in an index: both are accepted where either may be. */
type Nullish<T> = null extends T ? T | undefined : undefined extends T ? T | null : T;

/** The values of the fields `Fields` of a record, in their order. */
export type FieldValues<Output, Fields extends readonly unknown[]> = {
  readonly [K in keyof Fields]: Nullish<IndexedValue<Output, Fields[K]>>;
};

/** The values of an index's fields, in its order: `[name: string, population: number]`. */
export type IndexValues<E extends AnyEntity, I extends IndexName<E>> = FieldValues<
  Infer<E>,
  E["indexes"][I] extends { readonly fields: infer F extends readonly unknown[] } ? F : readonly []
>;

/** The non-empty beginnings of a tuple: `[A]` and `[A, B]` of `[A, B]`. */
type Beginnings<T extends readonly unknown[], Seen extends readonly unknown[] = readonly []> = T extends readonly [
  infer Head,
  ...infer Tail,
]
  ? readonly [...Seen, Head] | Beginnings<Tail, readonly [...Seen, Head]>
  : never;

/** A bound over some leading fields: their values as a tuple, or the first one's bare value. */
export type Bound<T extends readonly unknown[]> = T extends readonly [infer Head, ...unknown[]]
  ? Head | Beginnings<T>
  : Misuse<"`equals` has a value for every field: there is none left to bound">;

/** What a `prefix` over the first of the fields `T` may be: a text where that field is one. */
type Prefix<T extends readonly unknown[]> = T extends readonly [infer Head, ...unknown[]]
  ? [Head] extends [string | null | undefined]
    ? string
    : Misuse<"`prefix` is the beginning of a text, and the next field is none">
  : Misuse<"`equals` has a value for every field: there is none left to begin with">;

/** The ways to say `equals`, and then `from` and `to` over the fields that follow those. */
type Split<T extends readonly unknown[], Seen extends readonly unknown[] = readonly []> = T extends readonly [
  infer Head,
  ...infer Tail,
]
  ?
      | {
          readonly equals: readonly [...Seen, Head] | (Seen extends readonly [] ? Head : never);
          readonly from?: Bound<Tail> | undefined;
          readonly to?: Bound<Tail> | undefined;
          readonly prefix?: Prefix<Tail> | undefined;
        }
      | Split<Tail, readonly [...Seen, Head]>
  : never;

/**
 * What a query over the key fields `T` may say: `equals` fixes leading fields; `from` (inclusive) and `to` (exclusive)
 * bound the values of the fields that follow them, whichever way these are ordered; what is null or absent is left out
 * unless `from` is null. `prefix`, without these, is what the text of the next field begins with.
 */
export type KeyRange<T extends readonly unknown[]> =
  | {
      readonly equals?: undefined;
      readonly from?: Bound<T> | undefined;
      readonly to?: Bound<T> | undefined;
      readonly prefix?: Prefix<T> | undefined;
    }
  | Split<T>;

/** What a query over the index `I` may say. */
export type IndexRange<E extends AnyEntity, I extends IndexName<E>> = KeyRange<IndexValues<E, I>>;

/** What a query over the id, without an index, may say. */
export type IdRange<E extends AnyEntity> = KeyRange<IdFieldsOf<E>>;
