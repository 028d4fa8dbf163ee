/** The fields of an entity's records by their paths: what there is in a record, and which values it can have there. */
import type * as core from "zod/v4/core";
import { innerOfLazy } from "./lazy.js";

/** A value that a condition can compare. */
export type FieldScalar = string | number | bigint | boolean | Date | null;

/** What a record has at a path. */
export interface RecordField {
  /** The names to follow from the record; through an array, from each of its elements. */
  readonly names: readonly string[];
  /** Whether a record can have this very value there, or for an array an element that has. Null stands for absent, too. */
  canBe(value: FieldScalar): boolean;
  /** Whether a record can have a value of this one's type there. */
  canBeLike(value: FieldScalar): boolean;
}

/** How deep wrappers and lazy schemas are followed: the values of deeper ones are any. */
const depthMax = 32;

/**
 * The field at a path: `"name"`, `"at.lat"`, through an array `"lines.sku"`; undefined when no record has such a field. A
 * name with a dot in it stands for itself at the top.
 */
export function recordField(schema: core.$ZodObject, path: string): RecordField | undefined {
  const { shape } = schema._zod.def;
  const names = Object.hasOwn(shape, path) ? [path] : path.split(".");
  let found: readonly core.$ZodType[] = [schema];
  let isMaybe = false;
  for (const [at, name] of names.entries()) {
    const objects = found.flatMap((outer) => objectsIn(outer, 0));
    const inner = objects.flatMap((object) => {
      const field = Object.hasOwn(object.shape, name) ? object.shape[name] : undefined;
      return field === undefined ? [] : [field];
    });
    // Where one of several objects lacks the field, or there may be none, a record may lack it.
    isMaybe ||= inner.length < objects.length || (at > 0 && found.some((outer) => takes(outer, null, true, 0)));
    if (inner.length === 0) return undefined;
    found = inner;
  }
  const any = (value: FieldScalar, exactly: boolean): boolean =>
    (value === null && isMaybe) || found.some((field) => takes(field, value, exactly, 0));
  return { names, canBe: (value) => any(value, true), canBeLike: (value) => any(value, false) };
}

/** The objects that a schema's values, or the elements of these, can be. */
function objectsIn(schema: core.$ZodType, depth: number): core.$ZodObjectDef[] {
  if (depth > depthMax) return [];
  const { def } = (schema as core.$ZodTypes)._zod;
  return def.type === "object" ? [def] : partsOf(schema).flatMap((part) => objectsIn(part, depth + 1));
}

/** The schemas that the values of a schema are of: those behind what only wraps it, and of an array's elements. */
function partsOf(schema: core.$ZodType): readonly core.$ZodType[] {
  const { def } = (schema as core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "nonoptional":
    case "default":
    case "prefault":
    case "catch":
    case "readonly":
      return [def.innerType];
    case "lazy":
      return [innerOfLazy(schema, def)];
    case "pipe":
      return [def.out];
    case "union":
      return def.options;
    case "intersection":
      return [def.left, def.right];
    case "array":
      return [def.element];
    case "tuple":
      return def.rest === null ? def.items : [...def.items, def.rest];
    default:
      return [];
  }
}

/** Whether a scalar is a value of the schema's, or of an element's; unless `exactly`, whether one of its type is. */
function takes(schema: core.$ZodType, value: FieldScalar, exactly: boolean, depth: number): boolean {
  if (depth > depthMax) return true;
  const { def, values, bag } = (schema as core.$ZodTypes)._zod;
  switch (def.type) {
    case "any":
    case "unknown":
      return true;
    case "custom":
      return bag["Class"] === undefined || (bag["Class"] === Date && value instanceof Date);
    case "string":
    case "template_literal":
      return typeof value === "string";
    case "number":
    case "bigint":
    case "boolean":
      return typeof value === def.type;
    case "date":
      return value instanceof Date;
    case "null":
    case "undefined":
    case "void":
      return value === null;
    case "optional":
    case "nullable":
      return value === null || takes(def.innerType, value, exactly, depth + 1);
    case "enum":
    case "literal":
      return [...(values ?? [])].some((one) =>
        exactly ? (one ?? null) === value : value !== null && typeof one === typeof value,
      );
    default:
      return partsOf(schema).some((part) => takes(part, value, exactly, depth + 1));
  }
}
