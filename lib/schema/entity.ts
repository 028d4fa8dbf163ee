/** The entity: the name, schema, id and indexes a program declares once and infers everything else from. */
import type * as core from "zod/v4/core";
import { givenName, isOfAnotherCopy, type Misuse, markOwn, tenantryError } from "../errors/index.js";
import type { AggregateDefinitions, SummedFields } from "./aggregates/aggregate-definition.js";
import { defineModel } from "./definition/define-model.js";
import { takeDefinition } from "./definition/taken-definition.js";
import type { EarlierSchemas, Migrations } from "./evolution/migrations.js";
import type { EachPath, FieldPath, IndexDefinitions } from "./index-definition.js";
import type { AnyEntity, DateFieldName, IdFieldNames, IdValue, ObjectSchema } from "./infer.js";
import type { EntityModel } from "./model.js";

/**
 * What {@link entity} takes besides the name.
 *
 * @example
 * ```ts
 * import { type EntityOptions, entity } from "tenantry";
 * import { z } from "zod";
 * const schema = z.object({ id: z.int(), name: z.string() });
 * const options: EntityOptions<typeof schema, readonly ["id"]> = { version: 1, schema, id: ["id"] };
 * const City = entity("city", options);
 * ```
 */
export interface EntityOptions<
  Schema extends ObjectSchema,
  Id extends readonly string[],
  Indexes extends IndexDefinitions = Record<never, never>,
  Earlier extends EarlierSchemas = Record<never, never>,
  Aggregates extends AggregateDefinitions = Record<never, never>,
> {
  /** The version of the schema, a positive integer; raised when stored records would no longer fit it. */
  readonly version: number;
  /** The fields: a zod object. */
  readonly schema: Schema;
  /** The fields the id is made of, most significant first. */
  readonly id: Id & IdFieldNames<core.output<Schema>, Id>;
  /** The indexes by name. */
  readonly indexes?: (Indexes & IndexDefinitions<string, string, string, core.output<Schema>>) | undefined;
  /**
   * For each earlier version with records of another form: the schema it had, and a function from its record to the
   * next version's. Records are upgraded when they are read, and stored anew when they are written.
   */
  readonly migrations?: Migrations<Schema, Earlier> | undefined;
  /** Counts and sums of the records by name, kept in the transactions that write them. */
  readonly aggregates?:
    | (Aggregates &
        AggregateDefinitions<string, string, core.output<Schema>> &
        SummedFields<core.output<Schema>, Aggregates>)
    | undefined;
  /**
   * The field, a `z.date()` that may be optional or nullable, with the time from which on a record is gone: no read
   * finds it, and `sweep` removes it. Without a date a record stays.
   */
  readonly expires?: DateFieldName<core.output<Schema>> | Misuse<"`expires` names a field of z.date()"> | undefined;
  /**
   * Bytes a record may have in its stored form: 1,000,000 unless given, 8,000,000 at most, since all of a record is
   * written in one transaction. Over 100,000 bytes a record takes several keys: reading it costs one range read more.
   */
  readonly recordBytesMax?: number | undefined;
}

/**
 * A kind of record: made by {@link entity}, given to `open` and `repository`.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { z } from "zod";
 * const Street = entity("street", {
 *   version: 1,
 *   schema: z.object({ city: z.int(), name: z.string() }),
 *   id: ["city", "name"],
 * });
 * const path = Street.formatId([2988507, "Rue de Rivoli"]); // "2988507~~Rue~20de~20Rivoli"
 * const [city, name] = Street.parseId(path);
 * ```
 */
export interface Entity<
  Name extends string,
  Schema extends ObjectSchema,
  Id extends readonly string[],
  Indexes extends IndexDefinitions,
  Aggregates extends AggregateDefinitions = Record<never, never>,
> {
  readonly name: Name;
  readonly version: number;
  readonly schema: Schema;
  readonly id: Id;
  readonly indexes: Indexes;
  readonly aggregates: Aggregates;
  /**
   * Reads an id from the text of a URL, as {@link Entity.formatId} wrote it.
   *
   * @throws `RECORD_ID_INVALID` when `text` is not exactly what `formatId` writes for some id.
   */
  parseId(text: string): IdValue<core.output<Schema>, Id>;
  /**
   * The id as text for a URL path segment: unreserved characters only, unambiguous also for composite ids.
   *
   * @throws `RECORD_ID_INVALID` when the value cannot be an id of this entity.
   */
  formatId(id: IdValue<core.output<Schema>, Id>): string;
}

const models = new WeakMap<object, EntityModel<AnyEntity>>();

/**
 * Declares an entity. Its types follow from the definition; nothing needs an annotation.
 *
 * - The name matches `[A-Za-z][A-Za-z0-9_-]*` and has at most 64 bytes; so do the names of indexes.
 * - Id fields are required and of a type with an order: string, `z.int()`, bigint, boolean, `z.number()` (as a double),
 *   Date, enum or literals of one kind, `z.instanceof(Uint8Array)`. Fields of an index may be optional or nullable too:
 *   absent and null sort first.
 * - An index may be `unique`, `sparse`, over a part of the records (`where`), over the elements of one array
 *   (`{ each: "tags" }`), and keep further fields (`stored`) so that a `select` of them reads no records.
 * - Everything in the schema comes back equal from the store, so what cannot is refused here: one-way transforms,
 *   `preprocess`, `coerce`, asynchronous refinements, functions, symbols, promises, NaN, classes other than Uint8Array,
 *   Date, Map and Set. Codecs store their encoded side. Defaults apply when a record is first written.
 *
 * @throws `ENTITY_INVALID` (a TypeError) with the path in the definition and the reason.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), name: z.string(), population: z.int() }),
 *   id: ["id"],
 *   indexes: { byPopulation: { fields: ["population"] } },
 * });
 * ```
 */
export function entity<
  const Name extends string,
  Schema extends ObjectSchema,
  const Id extends readonly [keyof core.output<Schema> & string, ...(keyof core.output<Schema> & string)[]],
  const Indexes extends IndexDefinitions<
    FieldPath<core.output<Schema>>,
    EachPath<core.output<Schema>>,
    keyof core.output<Schema> & string,
    core.output<Schema>
  > = Record<never, never>,
  const Earlier extends EarlierSchemas = Record<never, never>,
  const Aggregates extends AggregateDefinitions<
    FieldPath<core.output<Schema>>,
    EachPath<core.output<Schema>>,
    core.output<Schema>
  > = Record<never, never>,
>(
  name: Name,
  options: EntityOptions<Schema, Id, Indexes, Earlier, Aggregates>,
): Entity<Name, Schema, Id, Indexes, Aggregates> {
  const taken = takeDefinition(name, options);
  const defined = defineModel(name, taken);
  const made: Entity<Name, Schema, Id, Indexes, Aggregates> = markOwn({
    name,
    version: taken.version,
    // What was taken is what was given, whose types these are; of indexes and aggregates that were not, it is none.
    schema: taken.schema as Schema,
    id: taken.id as readonly string[] as Id,
    indexes: taken.indexes as Indexes,
    aggregates: taken.aggregates as Aggregates,
    // The model was made from this very schema and id: what it takes and returns are their types.
    parseId: (text: string) => defined.parseId(text) as IdValue<core.output<Schema>, Id>,
    formatId: (value: IdValue<core.output<Schema>, Id>) => defined.formatId(value as never),
  });
  models.set(made, defined);
  return Object.freeze(made);
}

/** The error of an entity that a database was opened without. */
export const unknownEntity = (entity: AnyEntity): Error =>
  isOfAnotherCopy(entity)
    ? tenantryError("ENTITY_INVALID", { entity: entity.name, path: "", reason: "madeByAnotherCopy" })
    : tenantryError("ENTITY_UNKNOWN", { entity: givenName(entity) });

/**
 * The runtime side of an entity, for the rooms that store it.
 *
 * @throws `ENTITY_INVALID` when it was not made by {@link entity}.
 */
export function modelOf<E extends AnyEntity>(entity: E): EntityModel<E> {
  const found = models.get(entity);
  if (found === undefined) {
    const reason = isOfAnotherCopy(entity) ? "madeByAnotherCopy" : "notMadeByEntity";
    throw tenantryError("ENTITY_INVALID", { entity: givenName(entity), path: "", reason });
  }
  // The map holds each entity's own model.
  return found as EntityModel<AnyEntity> as never;
}
