/** What a schema is behind what only wraps it. */
import type * as core from "zod/v4/core";
import { innerOfLazy } from "./lazy.js";

/** A schema's definition behind optional, nullable, defaults and the like. */
export function unwrapped(schema: core.$ZodType, depth = 0): core.$ZodTypes["_zod"]["def"] | undefined {
  const { def } = (schema as core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "nonoptional":
    case "default":
    case "prefault":
    case "catch":
    case "readonly":
      return depth > 16 ? undefined : unwrapped(def.innerType, depth + 1);
    case "lazy":
      return depth > 16 ? undefined : unwrapped(innerOfLazy(schema, def), depth + 1);
    default:
      return def;
  }
}

/** The schema of an object behind what only wraps it. */
export function objectIn(schema: core.$ZodType): core.$ZodObjectDef | undefined {
  const def = unwrapped(schema);
  return def?.type === "object" ? def : undefined;
}

/** The schema of an array behind what only wraps it. */
export function arrayIn(schema: core.$ZodType): core.$ZodArrayDef | undefined {
  const def = unwrapped(schema);
  return def?.type === "array" ? def : undefined;
}

/** The schema of the values of an array or a record behind what only wraps it. */
export function itemIn(schema: core.$ZodType): core.$ZodType | undefined {
  const def = unwrapped(schema);
  if (def?.type === "array") return def.element;
  return def?.type === "record" ? def.valueType : undefined;
}
