/** What a schema takes: null or a kind of scalar, and what it makes of nothing. */
import * as core from "zod/v4/core";
import type { ScalarKind } from "../../value/index.js";
import { keyTypeOf } from "./key-kind.js";
import { innerOfLazy } from "./lazy.js";

/** What a field holds in a record that was written before there was this field. */
export type Fill = { readonly absent: true } | { readonly absent: false; make(): unknown };

/** Whether null, or some values of a kind, are values of the schema's stored side. */
export function accepts(schema: core.$ZodType, what: ScalarKind | "null", depth = 0): boolean {
  if (depth > 16) return false;
  const inner = (type: core.$ZodType): boolean => accepts(type, what, depth + 1);
  const { def, bag } = (schema as core.$ZodTypes)._zod;
  switch (def.type) {
    case "any":
    case "unknown":
      return true;
    case "custom":
      return bag["Class"] === undefined || (bag["Class"] === Uint8Array && what === "bytes");
    case "null":
      return what === "null";
    case "nullable":
      return what === "null" || inner(def.innerType);
    case "literal":
      if (what === "null") return def.values.includes(null);
      break;
    case "optional":
    case "nonoptional":
    case "default":
    case "prefault":
    case "catch":
    case "readonly":
      return inner(def.innerType);
    case "lazy":
      return inner(innerOfLazy(schema, def));
    case "union":
      return def.options.some(inner);
    case "intersection":
      return inner(def.left) && inner(def.right);
    case "pipe":
      return inner(def.in);
  }
  const kind = keyTypeOf(schema)?.kind;
  return (kind === "integer" ? "number" : kind) === what;
}

/**
 * What stands in a field that a stored record lacks: what zod makes of nothing (a default), no field where it may be
 * absent, null where that is a value; undefined when the field cannot be filled.
 */
export function fillOf(field: core.$ZodType, optional: boolean, hasCodec: boolean): Fill | undefined {
  const stored = (): unknown => {
    const value = core.parse(field, undefined);
    return hasCodec ? core.encode<core.$ZodType>(field, value) : value;
  };
  try {
    if (core.safeParse(field, undefined).success) {
      return stored() === undefined && optional ? { absent: true } : { absent: false, make: stored };
    }
  } catch {
    // A check of the user's own that takes no such value.
  }
  if (optional) return { absent: true };
  return accepts(field, "null") ? { absent: false, make: () => null } : undefined;
}
