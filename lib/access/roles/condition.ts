/** Conditions as programs write them: which of an entity's records a permission is about. */
import type { Misuse } from "../../errors/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";

/** Values that conditions compare. */
export type ConditionScalar = string | number | bigint | boolean | Date | null;

/** What has an order. */
export type OrderedScalar = string | number | bigint | Date;

/** What a condition compares a field with: for an array its elements, one of which has to match. */
type Compared<V> = V extends readonly (infer Element)[]
  ? Compared<Element>
  : undefined extends V
    ? Extract<V, ConditionScalar> | null
    : Extract<V, ConditionScalar>;

type Ordered<V> = Extract<V, OrderedScalar>;

/**
 * What a field has to be: equal to a value, or what the operators say, all of them. `null` also stands for a field that
 * is absent. For an array, one element has to be so, for each operator by itself; for `$ne` and `$nin`, none may be.
 *
 * - `$eq`, `$ne`: equal to the value, or not.
 * - `$in`, `$nin`: equal to one of the values, or to none; 1,000 at most.
 * - `$lt`, `$lte`, `$gt`, `$gte`: less or more, as JavaScript compares two numbers, texts or dates. A field that is absent
 *   or null is neither.
 * - `$exists`: whether the field is there, perhaps as null or as an empty array.
 *
 * @example
 * ```ts
 * import type { FieldCondition } from "tenantry/access";
 * const adult: FieldCondition<number> = { $gte: 18, $lt: 150 };
 * const open: FieldCondition<"draft" | "review" | "done"> = { $in: ["draft", "review"] };
 * ```
 */
export type FieldCondition<V> =
  | Compared<V>
  | {
      readonly $eq?: Compared<V>;
      readonly $ne?: Compared<V>;
      readonly $in?: readonly Compared<V>[];
      readonly $nin?: readonly Compared<V>[];
      readonly $lt?: Ordered<Compared<V>>;
      readonly $lte?: Ordered<Compared<V>>;
      readonly $gt?: Ordered<Compared<V>>;
      readonly $gte?: Ordered<Compared<V>>;
      readonly $exists?: boolean;
    };

/** `1` counts down to `0`: how many more levels of nested objects a path may enter. */
type Below = { 4: 3; 3: 2; 2: 1; 1: 0; 0: 0 };

/** The names of an object's fields that its definition names, of each of a union's objects. */
type NameOf<T> = T extends unknown
  ? keyof { [K in keyof T as string extends K ? never : number extends K ? never : K]: unknown } & string
  : never;

/** The type of a field of each of a union's objects; undefined for those that lack it. */
type FieldOf<T, K> = T extends unknown ? (K extends keyof T ? T[K] : undefined) : never;

/** The objects that a value can be, and those in its arrays. */
type ObjectIn<V> = V extends readonly (infer Element)[]
  ? ObjectIn<Element>
  : V extends ConditionScalar | undefined | Uint8Array | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
    ? never
    : V extends object
      ? V
      : never;

/** The dotted paths of an object's fields, to a depth of four: `"name"`, `"at.lat"`, through an array `"lines.sku"`. */
type PathOf<T, Depth extends keyof Below = 4> = Depth extends 0
  ? never
  : { [K in NameOf<T>]: K | `${K}.${PathOf<ObjectIn<FieldOf<T, K>>, Below[Depth]>}` }[NameOf<T>];

/** Undefined when a value may be absent. */
type Absent<V> = V extends null | undefined ? undefined : never;

/** The type of what is at a path. */
type ValueAt<T, Path> =
  Path extends NameOf<T>
    ? FieldOf<T, Path>
    : Path extends `${infer Head}.${infer Rest}`
      ? ValueAt<ObjectIn<FieldOf<T, Head>>, Rest> | Absent<FieldOf<T, Head>>
      : never;

/** The conditions on a record's fields, by path. */
type FieldConditions<T> = { readonly [Path in PathOf<T>]?: FieldCondition<ValueAt<T, Path>> };

/**
 * Which records a permission is about: all fields named have to be as their conditions say, and all of `$and`, one of
 * `$or`, and not `$not`. A field of an object in the record is named by its path: `"address.city"`. Where the path leads
 * through an array, one of its objects has to have such a field.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import type { RecordCondition } from "tenantry/access";
 * import { z } from "zod";
 * const Note = entity("note", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), author: z.string(), at: z.object({ city: z.string() }), public: z.boolean() }),
 *   id: ["id"],
 * });
 * const mine: RecordCondition<typeof Note> = { author: "u1" };
 * const near: RecordCondition<typeof Note> = { $or: [{ author: "u1" }, { public: true, "at.city": "Lyon" }] };
 * ```
 */
export type RecordCondition<E extends AnyEntity> = FieldConditions<Infer<E>> & {
  readonly $and?: readonly RecordCondition<E>[];
  readonly $or?: readonly RecordCondition<E>[];
  readonly $not?: RecordCondition<E>;
};

/**
 * Keeps what a function returns from naming a field that the entity has not, as an object given in its place.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import type { WithoutStrays } from "tenantry/access";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), author: z.string() }), id: ["id"] });
 * const condition = { author: "u1" };
 * const checked: WithoutStrays<typeof Note, typeof condition> = condition;
 * ```
 */
export type WithoutStrays<E extends AnyEntity, C> = [Exclude<keyof C, keyof RecordCondition<E>>] extends [never]
  ? unknown
  : { readonly [Name in Exclude<keyof C, keyof RecordCondition<E>>]: Misuse<"records have no field of this name"> };
