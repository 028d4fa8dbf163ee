/** Definitions as programs give them: taken by name, once, so that nobody changes an entity after it was checked. */
import { givenName } from "../../errors/index.js";
import { definitionListMax, entityNameBytesMax } from "../../limits/index.js";
import { copiedList, optionNames, takeOptions } from "../../options/index.js";
import type { AggregateDefinition, AggregateDefinitions } from "../aggregates/aggregate-definition.js";
import type { EntityOptions } from "../entity.js";
import type { GivenSteps } from "../evolution/migrations.js";
import type { IndexDefinition, IndexDefinitions, IndexField } from "../index-definition.js";
import type { ObjectSchema } from "../infer.js";
import { DefinitionPlace } from "../zod/place.js";

/** The options of any entity. */
type AnyOptions = EntityOptions<ObjectSchema, readonly string[]>;

const entityNames = optionNames<AnyOptions>({
  version: true,
  schema: true,
  id: true,
  indexes: true,
  migrations: true,
  aggregates: true,
  expires: true,
  recordBytesMax: true,
});
const indexNames = optionNames<IndexDefinition>({
  fields: true,
  unique: true,
  sparse: true,
  stored: true,
  revision: true,
  where: true,
});
const aggregateNames = optionNames<AggregateDefinition>({
  count: true,
  sum: true,
  counter: true,
  by: true,
  revision: true,
  where: true,
});
const fieldNames = optionNames<Exclude<IndexField, string>>({ field: true, each: true, order: true });
const stepNames = optionNames<GivenSteps[string]>({ schema: true, up: true });

const namePattern = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** @throws ENTITY_INVALID for what cannot be the name of an entity, an index or an aggregate. */
export function checkName(name: string, place: DefinitionPlace): void {
  if (typeof name !== "string" || !namePattern.test(name)) place.refuse("namePattern");
  if (name.length > entityNameBytesMax) place.refuse("nameTooLong");
}

/** A definition of the library's own. What it holds is checked where the model is made of it. */
export interface TakenDefinition {
  readonly version: number;
  readonly schema: ObjectSchema;
  readonly id: readonly string[];
  readonly indexes: IndexDefinitions;
  readonly migrations: GivenSteps;
  readonly recordBytesMax: number | undefined;
  readonly aggregates: AggregateDefinitions;
  readonly expires: string | undefined;
}

/** Takes the definition of an entity. @throws ENTITY_INVALID, OPTION_UNKNOWN, OPTIONS_INVALID */
export function takeDefinition(name: string, given: object): TakenDefinition {
  const root = new DefinitionPlace(givenName(name), "");
  checkName(name, root.field("name"));
  const options = takeOptions<AnyOptions>(given as AnyOptions, entityNames, "entity");
  const { version, schema, recordBytesMax, expires } = options;
  return {
    version,
    schema,
    recordBytesMax,
    // It names a field: nothing is the other type it may have.
    expires: expires as string | undefined,
    id: listOf(options.id, root.field("id"), "noFields"),
    indexes: each(options.indexes, root.field("indexes"), takeIndex),
    aggregates: each(options.aggregates, root.field("aggregates"), takeAggregate),
    migrations: steps(options.migrations, root.field("migrations")),
  };
}

/** What a definition names by words of its own, each taken. */
function each<T extends object>(
  given: Readonly<Record<string, T>> | undefined,
  place: DefinitionPlace,
  take: (definition: T, at: DefinitionPlace) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(given ?? {}).map(([name, definition]) => {
    const at = place.field(name);
    checkName(name, at);
    return [name, Object.freeze(take(definition, at))] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

function takeIndex(given: IndexDefinition, at: DefinitionPlace): IndexDefinition {
  const definition = takeOptions(given, indexNames, at.path);
  const fields = fieldsOf(definition.fields, at.field("fields"), "noFields");
  const { stored } = definition;
  const copies = stored === undefined ? {} : { stored: listOf(stored, at.field("stored"), "notAnArray") };
  return Object.assign(definition, { fields, ...copies });
}

function takeAggregate(given: AggregateDefinition, at: DefinitionPlace): AggregateDefinition {
  const definition = takeOptions(given, aggregateNames, at.path);
  const { by } = definition;
  return by === undefined ? definition : Object.assign(definition, { by: fieldsOf(by, at.field("by"), "notAnArray") });
}

function fieldsOf(given: unknown, place: DefinitionPlace, reason: string): readonly IndexField[] {
  const fields: readonly IndexField[] = listOf(given, place, reason);
  return Object.freeze(
    fields.map((field, index) =>
      typeof field === "object" ? Object.freeze(takeOptions(field, fieldNames, place.item(index).path)) : field,
    ),
  );
}

/** A frozen copy of a list. */
function listOf<T>(given: unknown, place: DefinitionPlace, reason: string): readonly T[] {
  const list = copiedList(given, definitionListMax) ?? place.refuse(reason);
  return Object.freeze(list as readonly T[]);
}

function steps(given: object | undefined, place: DefinitionPlace): GivenSteps {
  const entries = Object.entries((given ?? {}) as GivenSteps).map(([version, step]) => {
    const at = place.field(version);
    if (!/^[1-9][0-9]{0,15}$/.test(version)) at.refuse("notAnEarlierVersion");
    return [version, takeOptions(step, stepNames, at.path)] as const;
  });
  return Object.fromEntries(entries);
}
