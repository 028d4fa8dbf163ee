/** Bounds: what the checks of a schema say, read off their definitions. */
import type * as core from "zod/v4/core";

/** All that a generator heeds; what it does not know is left to a try. */
export interface Bounds {
  readonly minimum?: number | bigint | Date;
  readonly maximum?: number | bigint | Date;
  readonly step?: number | bigint;
  readonly sizeMin?: number;
  readonly sizeMax?: number;
  readonly format?: string;
  readonly pattern?: RegExp;
}

type Definition = { readonly check?: string } & Readonly<Record<string, unknown>>;

type Bound = number | bigint | Date;
const isBound = (value: unknown): value is Bound =>
  typeof value === "number" || typeof value === "bigint" || value instanceof Date;

function ofCheck(def: Definition): Bounds {
  const size = (name: string): number => Number(def[name]);
  switch (def.check) {
    case "greater_than":
      return isBound(def["value"]) ? { minimum: def["value"] } : {};
    case "less_than":
      return isBound(def["value"]) ? { maximum: def["value"] } : {};
    case "multiple_of":
      return typeof def["value"] === "number" || typeof def["value"] === "bigint" ? { step: def["value"] } : {};
    case "min_length":
    case "min_size":
      return { sizeMin: size("minimum") };
    case "max_length":
    case "max_size":
      return { sizeMax: size("maximum") };
    case "length_equals":
      return { sizeMin: size("length"), sizeMax: size("length") };
    case "size_equals":
      return { sizeMin: size("size"), sizeMax: size("size") };
    case "number_format":
    case "bigint_format":
      return { format: String(def["format"]), ...formatRanges[String(def["format"])] };
    case "string_format":
      return {
        format: String(def["format"]),
        ...(def["pattern"] instanceof RegExp ? { pattern: def["pattern"] } : {}),
      };
    default:
      return {};
  }
}

const formatRanges: Readonly<Record<string, Bounds>> = {
  int32: { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  uint32: { minimum: 0, maximum: 2 ** 32 - 1 },
  int64: { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n },
  uint64: { minimum: 0n, maximum: 2n ** 64n - 1n },
  float32: { minimum: -(2 ** 24), maximum: 2 ** 24 },
};

const larger = <T extends Bound>(a: T | undefined, b: T | undefined): T | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;
const smaller = <T extends Bound>(a: T | undefined, b: T | undefined): T | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;

/** What the type itself and all of its checks say together. */
export function boundsOf(schema: core.$ZodType): Bounds {
  const { def } = schema._zod;
  const checks = [def, ...(def.checks ?? []).map((check) => check._zod.def)];
  let so: Bounds = {};
  for (const check of checks) {
    const more = ofCheck({ ...check });
    const bounds = Object.assign({}, so, more, {
      minimum: larger(so.minimum, more.minimum),
      maximum: smaller(so.maximum, more.maximum),
      sizeMin: larger(so.sizeMin, more.sizeMin),
      sizeMax: smaller(so.sizeMax, more.sizeMax),
    });
    so = Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));
  }
  return so;
}
