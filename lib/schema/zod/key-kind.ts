/** How a zod schema's values are ordered in a key: its type decides, never the value. */
import type * as core from "zod/v4/core";
import { innerOfLazy } from "./lazy.js";

/** The encodings of key fields. */
export type KeyKind = "string" | "integer" | "bigint" | "number" | "boolean" | "date" | "bytes";

/** A field's encoding, and what stands in its way. */
export interface KeyType {
  readonly kind: KeyKind;
  /** Whether null, undefined or absent may stand in its place. */
  readonly nullish: boolean;
  /** Whether a codec is in it: keys hold the encoded side. */
  readonly codec: boolean;
  /** Whether a value of the kind is a value of the schema, so that no check by zod is needed. */
  readonly plain: boolean;
}

const integerFormats: readonly unknown[] = ["safeint", "int32", "uint32"];

const scalar = (kind: KeyKind, plain: boolean): KeyType => ({ kind, nullish: false, codec: false, plain });

function kindOfLiteral(value: unknown): KeyKind | undefined {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "bigint") return "bigint";
  return Number.isSafeInteger(value) ? "integer" : undefined;
}

/** The one kind all of `values` have; null and undefined among them make the field nullish. */
function kindOfLiterals(values: readonly unknown[]): KeyType | undefined {
  const present = values.filter((value) => value !== null && value !== undefined);
  const kinds = new Set(present.map(kindOfLiteral));
  const [kind] = kinds;
  if (kind === undefined || kinds.size !== 1) return undefined;
  return { kind, nullish: present.length < values.length, codec: false, plain: false };
}

/** The one kind all options have. */
function kindOfUnion(options: readonly core.$ZodType[], depth: number): KeyType | undefined {
  const types = options.filter((option) => !["null", "undefined"].includes(option._zod.def.type));
  const kinds = types.map((option) => keyTypeOf(option, depth));
  const [first] = kinds;
  if (first === undefined || kinds.some((type) => type === undefined || type.kind !== first.kind || type.codec)) {
    return undefined;
  }
  const nullish = types.length < options.length || kinds.some((type) => type?.nullish === true);
  return { kind: first.kind, nullish, codec: false, plain: false };
}

/** The key type of a schema; undefined when its values have no order in a key. */
export function keyTypeOf(schema: core.$ZodType, depth = 0): KeyType | undefined {
  if (depth > 16) return undefined;
  const inner = (type: core.$ZodType): KeyType | undefined => keyTypeOf(type, depth + 1);
  const type = typeOf(schema, inner, depth);
  // A refinement on a wrapper counts as well.
  return type !== undefined && hasOwnChecks(schema) ? { ...type, plain: false } : type;
}

/** `z.int()` has its format itself, `z.number().int()` in a check. */
const numberFormats = (schema: core.$ZodType): unknown[] =>
  [schema._zod.def, ...(schema._zod.def.checks ?? []).map((check) => check._zod.def)].map((def) =>
    "format" in def ? def.format : undefined,
  );

function hasOwnChecks(schema: core.$ZodType): boolean {
  return (schema._zod.def.checks ?? []).some((check) => check._zod.def.check !== "number_format");
}

function typeOf(
  schema: core.$ZodType,
  inner: (type: core.$ZodType) => KeyType | undefined,
  depth: number,
): KeyType | undefined {
  const { def, bag } = (schema as core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return scalar("string", !("format" in def));
    case "template_literal":
      return scalar("string", false);
    case "number": {
      const formats = numberFormats(schema).filter((format) => integerFormats.includes(format));
      return formats.length === 0
        ? scalar("number", false)
        : scalar(
            "integer",
            formats.every((of) => of === "safeint"),
          );
    }
    case "bigint":
      return scalar("bigint", !("format" in def));
    case "boolean":
      return scalar("boolean", true);
    case "date":
      return scalar("date", true);
    case "enum":
      return kindOfLiterals([...(schema._zod.values ?? [])]);
    case "literal":
      return kindOfLiterals(def.values);
    case "custom":
      return bag["Class"] === Uint8Array ? scalar("bytes", true) : undefined;
    case "union":
      return kindOfUnion(def.options, depth + 1);
    case "optional":
    case "nullable": {
      const type = inner(def.innerType);
      return type && { ...type, nullish: true };
    }
    case "nonoptional": {
      const type = inner(def.innerType);
      return type && { ...type, nullish: false };
    }
    case "default":
    case "prefault":
    case "catch":
    case "readonly":
      return inner(def.innerType);
    case "lazy":
      return inner(innerOfLazy(schema, def));
    case "pipe": {
      const from = inner(def.in);
      if (def.reverseTransform !== undefined || from?.codec === true)
        return from && { ...from, codec: true, plain: false };
      const to = inner(def.out);
      return to && { ...to, plain: false };
    }
    default:
      return undefined;
  }
}
