/** The entity: the name, schema, id and indexes a program declares once and infers everything else from. */
import type * as core from "zod/v4/core";
import type { FieldPath, IndexDefinitions } from "./index-definition.js";
import type { AnyEntity, IdValue, KeyFieldName, ObjectSchema } from "./infer.js";
import type { EntityModel } from "./model.js";

/** What {@link entity} takes besides the name. */
export interface EntityOptions<
  Schema extends ObjectSchema,
  Id extends readonly string[],
  Indexes extends IndexDefinitions,
> {
  /** The version of the schema, a positive integer; raised when stored records would no longer fit it. */
  readonly version: number;
  /** The fields: a zod object. */
  readonly schema: Schema;
  /** The fields the id is made of, most significant first. */
  readonly id: Id;
  /** The indexes by name. */
  readonly indexes?: Indexes | undefined;
}

export declare const model: unique symbol;

/** A kind of record: made by {@link entity}, given to `open` and `repository`. */
export interface Entity<
  Name extends string,
  Schema extends ObjectSchema,
  Id extends readonly string[],
  Indexes extends IndexDefinitions,
> {
  readonly name: Name;
  readonly version: number;
  readonly schema: Schema;
  readonly id: Id;
  readonly indexes: Indexes;
  /**
   * Reads an id from the text of a URL, as {@link Entity.formatId} wrote it.
   *
   * @throws `RECORD_ID_INVALID` when `text` is not exactly what `formatId` writes for some id.
   */
  parseId(text: string): IdValue<core.output<Schema>, Id>;
  /** The id as text for a URL path segment; unambiguous, also for composite ids. */
  formatId(id: IdValue<core.output<Schema>, Id>): string;
}

export declare function entity<
  const Name extends string,
  Schema extends ObjectSchema,
  const Id extends readonly [KeyFieldName<core.output<Schema>>, ...KeyFieldName<core.output<Schema>>[]],
  const Indexes extends IndexDefinitions<FieldPath<core.output<Schema>>> = Record<never, never>,
>(name: Name, options: EntityOptions<Schema, Id, Indexes>): Entity<Name, Schema, Id, Indexes>;

/** The runtime side of an entity, for the rooms that store it. */
export declare function modelOf<E extends AnyEntity>(entity: E): EntityModel<E>;
