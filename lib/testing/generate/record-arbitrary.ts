/** Records of an entity, generated from its zod schema: what a user's own entities are tried with. */
import type { Arbitrary } from "fast-check";
import type * as core from "zod/v4/core";
import { tenantryError } from "../../errors/index.js";
import { type AnyEntity, type EntityModel, modelOf } from "../../schema/index.js";
import type { FastCheck } from "./fast-check.js";
import { textArbitrary } from "./text-arbitrary.js";

/** Nesting from which optional parts are left out, so that recursive schemas end. */
const depthMax = 4;

/** Records drawn to see whether a schema's checks let any pass. */
const trials = 60;

interface Bounds {
  readonly minimum?: unknown;
  readonly maximum?: unknown;
}

const numberOf = (bound: unknown, otherwise: number): number =>
  typeof bound === "number" && Number.isFinite(bound) ? bound : otherwise;

class SchemaWalk {
  readonly #fc: FastCheck;

  constructor(fc: FastCheck) {
    this.#fc = fc;
  }

  /** Inputs of a schema. */
  values(schema: core.$ZodType, depth = 0): Arbitrary<unknown> {
    const fc = this.#fc;
    const inner = (part: core.$ZodType): Arbitrary<unknown> => this.values(part, depth + 1);
    const { def } = (schema as core.$ZodTypes)._zod;
    // What checks left there: bounds, formats, patterns.
    const { bag } = schema._zod;
    switch (def.type) {
      case "string":
        return textArbitrary(fc, bag);
      case "template_literal":
        return fc.stringMatching(schema._zod.pattern ?? /^$/);
      case "number":
        return this.#numbers(schema, bag);
      case "bigint":
        return this.#bigints(bag);
      case "boolean":
        return fc.boolean();
      case "date":
        return fc.date({ min: new Date(-8.64e12), max: new Date(8.64e12), noInvalidDate: true });
      case "null":
        return fc.constant(null);
      case "undefined":
      case "void":
        return fc.constant(undefined);
      case "any":
      case "unknown":
        return fc.jsonValue({ maxDepth: 2 });
      case "enum":
      case "literal":
        return fc.constantFrom(...(schema._zod.values ?? []));
      case "optional":
        return depth >= depthMax ? fc.constant(undefined) : fc.option(inner(def.innerType), { nil: undefined });
      case "nullable":
        return depth >= depthMax ? fc.constant(null) : fc.option(inner(def.innerType), { nil: null });
      case "default":
      case "prefault":
        return depth >= depthMax ? fc.constant(undefined) : fc.option(inner(def.innerType), { nil: undefined });
      case "nonoptional":
      case "catch":
      case "readonly":
        return inner(def.innerType);
      case "lazy":
        return inner(def.getter());
      case "pipe":
        return inner(def.in);
      case "object":
        return this.#objects(def, depth);
      case "record":
        return fc
          .array(fc.tuple(inner(def.keyType), inner(def.valueType)), this.#sizes(bag, depth))
          .map((pairs) => Object.fromEntries(pairs.map(([key, value]) => [String(key), value])));
      case "array":
        return fc.array(inner(def.element), this.#sizes(bag, depth));
      case "set":
        return fc.array(inner(def.valueType), this.#sizes(bag, depth)).map((items) => new Set(items));
      case "map":
        return fc
          .array(fc.tuple(inner(def.keyType), inner(def.valueType)), this.#sizes(bag, depth))
          .map((pairs) => new Map(pairs));
      case "tuple":
        return fc.tuple(...def.items.map(inner));
      case "union":
        return fc.oneof(...def.options.map(inner));
      case "intersection":
        return fc.tuple(inner(def.left), inner(def.right)).map(([left, right]) => Object.assign({}, left, right));
      case "custom":
        return this.#instances(bag["Class"]);
      default:
        return fc.constant(undefined);
    }
  }

  #objects({ shape }: core.$ZodObjectDef, depth: number): Arbitrary<unknown> {
    const fields = Object.entries(shape).map(([name, field]) =>
      this.values(field, depth + 1).map((value): [string, unknown] => [name, value]),
    );
    // What is undefined is left out: an absent field and an undefined one are the same to most schemas.
    return this.#fc
      .tuple(...fields)
      .map((pairs) => Object.fromEntries(pairs.filter(([, value]) => value !== undefined)));
  }

  #numbers(schema: core.$ZodType, { minimum, maximum }: Bounds): Arbitrary<number> {
    const fc = this.#fc;
    const { def, bag } = schema._zod;
    const isInteger = bag["format"] !== undefined || ("format" in def && def.format !== undefined);
    const min = numberOf(minimum, Number.MIN_SAFE_INTEGER);
    const max = numberOf(maximum, Number.MAX_SAFE_INTEGER);
    const step = bag["multipleOf"];
    const whole = fc.oneof(
      fc.integer({ min: Math.ceil(min), max: Math.floor(max) }),
      fc.constantFrom(
        ...[0, 1, -1, 255, 256, -256, min, max].filter((n) => n >= min && n <= max && Number.isInteger(n)),
        Math.ceil(min),
      ),
    );
    if (typeof step === "number") {
      return fc.integer({ min: Math.ceil(min / step), max: Math.floor(max / step) }).map((n) => n * step);
    }
    return isInteger ? whole : fc.oneof(whole, fc.double({ min, max, noNaN: true }));
  }

  #bigints({ minimum, maximum }: Bounds): Arbitrary<bigint> {
    return this.#fc.bigInt({
      min: typeof minimum === "bigint" ? minimum : -(2n ** 70n),
      max: typeof maximum === "bigint" ? maximum : 2n ** 70n,
    });
  }

  #sizes({ minimum, maximum }: Bounds, depth: number): { minLength: number; maxLength: number } {
    const minLength = numberOf(minimum, 0);
    return {
      minLength,
      maxLength: Math.min(numberOf(maximum, minLength + 3), depth >= depthMax ? minLength : minLength + 3),
    };
  }

  #instances(type: unknown): Arbitrary<unknown> {
    const fc = this.#fc;
    if (type === Uint8Array) return fc.uint8Array({ maxLength: 24 });
    if (type === Date) return fc.date({ noInvalidDate: true });
    if (type === Map) return fc.constant(new Map());
    if (type === Set) return fc.constant(new Set());
    return fc.jsonValue({ maxDepth: 1 });
  }
}

/**
 * Makes a record from a number: for entities whose checks no generator can satisfy.
 *
 * @example
 * ```ts
 * import { isolationLaws, type RecordMaker } from "tenantry/testing";
 * import { entity } from "tenantry";
 * import { z } from "zod";
 * const Even = entity("even", { version: 1, schema: z.object({ id: z.int().refine((n) => n % 2 === 0) }), id: ["id"] });
 * const even: RecordMaker = (n) => ({ id: 2 * n });
 * isolationLaws({ entities: [Even], records: { even } });
 * ```
 */
export type RecordMaker = (n: number) => unknown;

const isRecord = (model: EntityModel<AnyEntity>, input: unknown): boolean => {
  try {
    model.encodeId(model.idOf(model.parse(input)));
    return true;
  } catch {
    return false;
  }
};

/**
 * Inputs that an entity takes.
 *
 * @throws TEST_RECORDS_MISSING when hardly any is one.
 */
export function recordArbitrary(fc: FastCheck, entity: AnyEntity, make?: RecordMaker): Arbitrary<unknown> {
  const model = modelOf(entity);
  const inputs = make === undefined ? new SchemaWalk(fc).values(entity.schema) : fc.nat(9_999).map(make);
  const missing = (reason: string, cause?: unknown): Error =>
    tenantryError("TEST_RECORDS_MISSING", { entity: entity.name, reason }, { cause });
  let drawn: unknown[];
  try {
    drawn = fc.sample(inputs, { numRuns: trials, seed: 1 });
  } catch (cause) {
    throw missing("a part of the schema cannot be generated", cause);
  }
  if (!drawn.some((input) => isRecord(model, input))) throw missing("the schema's checks refuse what is generated");
  return inputs.filter((input) => isRecord(model, input));
}
