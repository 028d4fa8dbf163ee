/** Checks a definition and makes its model: everything that can be wrong with an entity is found here. */
import type * as core from "zod/v4/core";
import { recordBytesDefault, recordBytesLargest } from "../../limits/index.js";
import type { AggregateDefinition } from "../aggregates/aggregate-definition.js";
import { type AggregateModel, SchemaAggregateModel } from "../aggregates/aggregate-model.js";
import { RecordHistory } from "../evolution/history.js";
import { stepsOf } from "../evolution/migrations.js";
import { StoredForm } from "../evolution/stored-form.js";
import type { IndexDefinition, IndexField } from "../index-definition.js";
import { SchemaIndexModel } from "../index-model.js";
import type { AnyEntity } from "../infer.js";
import { SchemaKeyField } from "../key-field.js";
import { RecordModel } from "../record-model.js";
import { StoredFields } from "../stored-fields.js";
import { type KeyType, keyTypeOf } from "../zod/key-kind.js";
import { DefinitionPlace } from "../zod/place.js";
import { arrayIn, objectIn } from "../zod/unwrap.js";
import type { TakenDefinition } from "./taken-definition.js";

const pathDepthMax = 4;

/** Whether a wrapped object on the way may be absent. */
const mayBeNullish = (schema: core.$ZodType): boolean => {
  const type = schema._zod.def.type;
  return schema._zod.optout === "optional" || type === "nullable" || type === "optional";
};

class ModelDefinition {
  readonly #name: string;
  readonly #definition: TakenDefinition;
  readonly #root: DefinitionPlace;

  constructor(name: string, definition: TakenDefinition) {
    this.#name = name;
    this.#definition = definition;
    this.#root = new DefinitionPlace(name, "");
  }

  idFields(): SchemaKeyField[] {
    const { id, schema } = this.#definition;
    const place = this.#root.field("id");
    if (id.length === 0) place.refuse("noFields");
    return id.map((name, index) => {
      const at = place.item(index);
      const { shape } = schema._zod.def;
      if (id.indexOf(name) !== index) at.refuse("duplicateField");
      if (!Object.hasOwn(shape, name)) at.refuse("unknownField");
      const field = shape[name];
      const type = field && keyTypeOf(field);
      if (field === undefined || type === undefined) return at.refuse("notKeyable");
      if (type.nullish || field._zod.optout !== undefined) at.refuse("notRequired");
      return new SchemaKeyField({ path: name, names: [name], descending: false, type, schema: field });
    });
  }

  /** The field with the time a record expires at. */
  get expires(): SchemaKeyField | undefined {
    const { expires } = this.#definition;
    if (expires === undefined) return undefined;
    const place = this.#root.field("expires");
    const field = this.#indexField(expires, place);
    if (expires.includes(".")) place.refuse("unknownField");
    return field.kind === "date" && !field.encoded ? field : place.refuse("notADate");
  }

  indexes(): Map<string, SchemaIndexModel> {
    const models = new Map<string, SchemaIndexModel>();
    const place = this.#root.field("indexes");
    for (const [name, definition] of Object.entries(this.#definition.indexes)) {
      const at = place.field(name);
      models.set(name, this.#index(name, definition, at));
    }
    return models;
  }

  #index(name: string, definition: IndexDefinition, at: DefinitionPlace): SchemaIndexModel {
    const { fields, unique = false, sparse = false, stored = [], revision = 1, where } = definition;
    if (fields.length === 0) at.field("fields").refuse("noFields");
    if (typeof unique !== "boolean") at.field("unique").refuse("notABoolean");
    if (typeof sparse !== "boolean") at.field("sparse").refuse("notABoolean");
    if (!Number.isSafeInteger(revision) || revision < 1) at.field("revision").refuse("notAPositiveInteger");
    if (where !== undefined && typeof where !== "function") at.field("where").refuse("notAFunction");
    const keyFields = this.#indexFields(fields, at.field("fields"));
    const options = { layout: `${this.#name}.${name}`, schema: this.#definition.schema, names: stored };
    return new SchemaIndexModel({
      entity: this.#name,
      name,
      fields: keyFields,
      unique,
      sparse,
      revision,
      expires: this.expires,
      stored: stored.length === 0 ? undefined : new StoredFields(options, at.field("stored")),
      // A definition's function takes its own entity's records: it is given no others.
      where: where === undefined ? undefined : (record) => Reflect.apply(where, undefined, [record]),
    });
  }

  aggregates(): Map<string, AggregateModel> {
    const models = new Map<string, AggregateModel>();
    const place = this.#root.field("aggregates");
    for (const [name, definition] of Object.entries(this.#definition.aggregates)) {
      const at = place.field(name);
      if (definition.counter === undefined) models.set(name, this.#aggregate(name, definition, at));
    }
    return models;
  }

  /** The names of the counters each record has. */
  counters(): ReadonlySet<string> {
    const names = new Set<string>();
    const place = this.#root.field("aggregates");
    for (const [name, definition] of Object.entries(this.#definition.aggregates)) {
      if (definition.counter === undefined) continue;
      const at = place.field(name);
      if (definition.counter !== true) at.field("counter").refuse("notTrue");
      if (Object.keys(definition).length > 1) at.refuse("counterAlone");
      names.add(name);
    }
    return names;
  }

  #aggregate(name: string, definition: AggregateDefinition, at: DefinitionPlace): AggregateModel {
    const { count, sum, by = [], revision = 1, where } = definition;
    if (count !== undefined && count !== true) at.field("count").refuse("notTrue");
    if ((count === undefined) === (sum === undefined)) at.refuse("countOrSum");
    if (!Number.isSafeInteger(revision) || revision < 1) at.field("revision").refuse("notAPositiveInteger");
    if (where !== undefined && typeof where !== "function") at.field("where").refuse("notAFunction");
    const summed = sum === undefined ? undefined : this.#indexField(sum, at.field("sum"));
    if (summed !== undefined && !summed.sums) at.field("sum").refuse("notAnInteger");
    const groups = new SchemaIndexModel({
      entity: this.#name,
      name,
      fields: this.#indexFields(by, at.field("by")),
      unique: false,
      sparse: false,
      revision,
      stored: undefined,
      where: where === undefined ? undefined : (record) => Reflect.apply(where, undefined, [record]),
      place: "aggregates",
    });
    return new SchemaAggregateModel({
      entity: this.#name,
      groups,
      sum: summed,
      bigints: summed?.kind === "bigint",
    });
  }

  #indexFields(given: readonly IndexField[], place: DefinitionPlace): SchemaKeyField[] {
    const keyFields: SchemaKeyField[] = [];
    for (const [index, each] of given.entries()) {
      const at = place.item(index);
      const made = this.#indexField(each, at);
      if (keyFields.some((field) => field.path === made.path)) at.refuse("duplicateField");
      if (made.each && keyFields.some((field) => field.each)) at.refuse("secondArray");
      keyFields.push(made);
    }
    return keyFields;
  }

  #indexField(given: IndexField, place: DefinitionPlace): SchemaKeyField {
    const each = typeof given === "object" && "each" in given;
    const path = typeof given === "string" ? given : each ? given.each : given.field;
    const order = typeof given === "object" ? (given.order ?? "ascending") : "ascending";
    if (order !== "ascending" && order !== "descending") place.refuse("notAnOrder");
    const descending = order === "descending";
    if (typeof path !== "string") return place.refuse("unknownField");
    const names = path.split(".");
    if (names.length > pathDepthMax) place.refuse("pathTooDeep");
    let schema: core.$ZodType = this.#definition.schema;
    let nullish = false;
    let arrayAt: number | undefined;
    names.forEach((name, index) => {
      const object = objectIn(schema);
      if (object === undefined || !Object.hasOwn(object.shape, name)) place.refuse("unknownField");
      nullish ||= mayBeNullish(schema);
      schema = object.shape[name] ?? schema;
      const array = each && arrayAt === undefined ? arrayIn(schema) : undefined;
      if (array === undefined) return;
      // An absent array has no elements: what may be absent before it makes no entry null.
      arrayAt = index + 1;
      nullish = false;
      schema = array.element;
    });
    if (each && arrayAt === undefined) place.refuse("noArray");
    const type = keyTypeOf(schema);
    if (type === undefined) return place.refuse("notKeyable");
    const nullable: KeyType = { ...type, nullish: type.nullish || nullish };
    return new SchemaKeyField({ path, names, arrayAt, descending, type: nullable, schema });
  }
}

/** Checks a definition that was taken and makes the entity's model; ENTITY_INVALID tells what is wrong and where. */
export function defineModel(name: string, definition: TakenDefinition): RecordModel<AnyEntity> {
  const root = new DefinitionPlace(name, "");
  const { version, schema, recordBytesMax = recordBytesDefault } = definition;
  if (!Number.isSafeInteger(version) || version < 1) root.field("version").refuse("notAPositiveInteger");
  if (!Number.isSafeInteger(recordBytesMax) || recordBytesMax < 1) {
    root.field("recordBytesMax").refuse("notAPositiveInteger");
  }
  if (recordBytesMax > recordBytesLargest) root.field("recordBytesMax").refuse("tooLarge");
  const place = root.field("schema");
  if (schema?._zod?.def === undefined) place.refuse("notAZod4Schema");
  if (schema._zod.def.type !== "object") place.refuse("notAnObject");
  const form = new StoredForm({ entity: name, version, schema }, place);
  const checked = new ModelDefinition(name, definition);
  const idFields = checked.idFields();
  const steps = stepsOf({ name, ...definition }, definition.migrations, root.field("migrations"));
  return new RecordModel({
    name,
    version,
    schema,
    idFields,
    indexes: checked.indexes(),
    aggregates: checked.aggregates(),
    counters: checked.counters(),
    history: new RecordHistory(name, form, steps),
    recordBytesMax,
    expires: checked.expires,
  });
}
