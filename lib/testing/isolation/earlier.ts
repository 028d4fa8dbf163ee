/** Earlier: entities as a program had them before they got their indexes. */
import { type AnyEntity, entity } from "../../schema/index.js";

/** The same entities without indexes: a program that has these adopts the indexes in the first write after all records are gone. */
export const withoutIndexes = (entities: readonly AnyEntity[]): readonly AnyEntity[] =>
  entities.map(({ name, version, schema, id, aggregates }) => {
    // What the compiler would infer is not known of an entity of any kind.
    return entity(name, { version, schema, id, aggregates } as never) as AnyEntity;
  });
