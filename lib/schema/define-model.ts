/** Checks a definition and makes its model: everything that can be wrong with an entity is found here. */
import type * as core from "zod/v4/core";
import { entityNameBytesMax } from "../limits.js";
import { RecordCodec } from "../value/index.js";
import type { IndexDefinitions } from "./index-definition.js";
import { SchemaIndexModel } from "./index-model.js";
import type { AnyEntity } from "./infer.js";
import { SchemaKeyField } from "./key-field.js";
import { RecordModel } from "./record-model.js";
import { type KeyType, keyTypeOf } from "./zod/key-kind.js";
import { innerOfLazy } from "./zod/lazy.js";
import { DefinitionPlace } from "./zod/place.js";
import { reviverOf } from "./zod/revive.js";
import { StorageWalk } from "./zod/storage.js";

interface Definition {
  readonly version: number;
  readonly schema: core.$ZodObject;
  readonly id: readonly string[];
  readonly indexes: IndexDefinitions;
}

const namePattern = /^[A-Za-z][A-Za-z0-9_-]*$/;
const pathDepthMax = 4;

function checkName(name: string, place: DefinitionPlace): void {
  if (typeof name !== "string" || !namePattern.test(name)) place.refuse("namePattern");
  if (name.length > entityNameBytesMax) place.refuse("nameTooLong");
}

/** The schema of an object behind what only wraps it. */
function objectIn(schema: core.$ZodType, depth = 0): core.$ZodObjectDef | undefined {
  const { def } = (schema as core.$ZodTypes)._zod;
  switch (def.type) {
    case "object":
      return def;
    case "optional":
    case "nullable":
    case "nonoptional":
    case "default":
    case "prefault":
    case "catch":
    case "readonly":
      return depth > 16 ? undefined : objectIn(def.innerType, depth + 1);
    case "lazy":
      return depth > 16 ? undefined : objectIn(innerOfLazy(schema, def), depth + 1);
    default:
      return undefined;
  }
}

/** Whether a wrapped object on the way may be absent. */
const mayBeNullish = (schema: core.$ZodType): boolean => {
  const type = schema._zod.def.type;
  return schema._zod.optout === "optional" || type === "nullable" || type === "optional";
};

class ModelDefinition {
  readonly #definition: Definition;
  readonly #root: DefinitionPlace;

  constructor(name: string, definition: Definition) {
    this.#definition = definition;
    this.#root = new DefinitionPlace(name, "");
  }

  idFields(): SchemaKeyField[] {
    const { id, schema } = this.#definition;
    const place = this.#root.field("id");
    if (!Array.isArray(id) || id.length === 0) place.refuse("noFields");
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

  indexes(): Map<string, SchemaIndexModel> {
    const models = new Map<string, SchemaIndexModel>();
    const place = this.#root.field("indexes");
    for (const [name, { fields }] of Object.entries(this.#definition.indexes)) {
      const at = place.field(name);
      checkName(name, at);
      if (!Array.isArray(fields) || fields.length === 0) at.field("fields").refuse("noFields");
      const keyFields: SchemaKeyField[] = [];
      fields.forEach((given, index) => {
        const { field: path, order } = typeof given === "string" ? { field: given, order: undefined } : given;
        const fieldPlace = at.field("fields").item(index);
        if (keyFields.some((field) => field.path === path)) fieldPlace.refuse("duplicateField");
        keyFields.push(this.#indexField(path, order === "descending", fieldPlace));
      });
      models.set(name, new SchemaIndexModel(name, keyFields));
    }
    return models;
  }

  #indexField(path: string, descending: boolean, place: DefinitionPlace): SchemaKeyField {
    if (typeof path !== "string") return place.refuse("unknownField");
    const names = path.split(".");
    if (names.length > pathDepthMax) place.refuse("pathTooDeep");
    let schema: core.$ZodType = this.#definition.schema;
    let nullish = false;
    for (const name of names) {
      const object = objectIn(schema);
      if (object === undefined || !Object.hasOwn(object.shape, name)) return place.refuse("unknownField");
      nullish ||= mayBeNullish(schema);
      schema = object.shape[name] ?? schema;
    }
    const type = keyTypeOf(schema);
    if (type === undefined) return place.refuse("notKeyable");
    const nullable: KeyType = { ...type, nullish: type.nullish || nullish };
    return new SchemaKeyField({ path, names, descending, type: nullable, schema });
  }
}

/** Checks a definition and makes the entity's model; ENTITY_INVALID tells what is wrong and where. */
export function defineModel(name: string, definition: Definition): RecordModel<AnyEntity> {
  const root = new DefinitionPlace(String(name), "");
  checkName(name, root.field("name"));
  const { version, schema } = definition;
  if (!Number.isSafeInteger(version) || version < 1) root.field("version").refuse("notAPositiveInteger");
  const place = root.field("schema");
  if (schema?._zod?.def === undefined) place.refuse("notAZod4Schema");
  if (schema._zod.def.type !== "object") place.refuse("notAnObject");
  const walk = new StorageWalk();
  walk.walk(schema, place);
  const checked = new ModelDefinition(name, definition);
  return new RecordModel({
    name,
    version,
    schema,
    idFields: checked.idFields(),
    indexes: checked.indexes(),
    codec: new RecordCodec({ entity: name, shapes: walk.shapes }, version),
    revive: reviverOf(schema, (part) => walk.hasCodec(part)),
  });
}
