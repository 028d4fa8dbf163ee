/** Records of an entity, generated from its zod schema: what a user's own entities are tried with. */
import type { Arbitrary } from "fast-check";
import type * as core from "zod/v4/core";
import { tenantryError } from "../../../errors/index.js";
import { type AnyEntity, type EntityModel, modelOf } from "../../../schema/index.js";
import type { FastCheck } from "../fast-check.js";
import { textArbitrary } from "../text-arbitrary.js";
import { type Bounds, boundsOf } from "./bounds.js";
import { completed } from "./completed.js";
import type { RecordMaker } from "./record-maker.js";

/** Nesting from which optional parts are left out, so that recursive schemas end. */
const depthMax = 4;

/** Nesting from which nothing is made: a schema that has to go deeper has no values. */
const nestingMax = 16;

/** Records drawn to see whether a schema's checks let any pass. */
const trials = 60;

/** Types without parts. */
const scalarTypes: ReadonlySet<string> = new Set([
  "string",
  "number",
  "bigint",
  "boolean",
  "date",
  "null",
  "undefined",
  "enum",
  "literal",
]);

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
    if (depth > nestingMax) return fc.constant(undefined);
    const { def } = (schema as core.$ZodTypes)._zod;
    const bounds = boundsOf(schema);
    switch (def.type) {
      case "string":
        return textArbitrary(fc, bounds);
      case "template_literal":
        return fc.stringMatching(schema._zod.pattern ?? /^$/);
      case "number":
        return this.#numbers(bounds);
      case "bigint":
        return this.#bigints(bounds);
      case "boolean":
        return fc.boolean();
      case "date":
        return this.#dates(bounds);
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
        if (depth >= depthMax && (bounds.sizeMin ?? 0) === 0) return fc.constant({});
        return fc
          .array(fc.tuple(inner(def.keyType), inner(def.valueType)), this.#sizes(bounds, depth))
          .map((pairs) => Object.fromEntries(pairs.map(([key, value]) => [String(key), value])));
      case "array":
        if (depth >= depthMax && (bounds.sizeMin ?? 0) === 0) return fc.constant([]);
        return fc.array(inner(def.element), this.#sizes(bounds, depth));
      case "set":
        if (depth >= depthMax && (bounds.sizeMin ?? 0) === 0) return fc.constant(new Set());
        return fc.array(inner(def.valueType), this.#sizes(bounds, depth)).map((items) => new Set(items));
      case "map":
        if (depth >= depthMax && (bounds.sizeMin ?? 0) === 0) return fc.constant(new Map());
        return fc
          .array(fc.tuple(inner(def.keyType), inner(def.valueType)), this.#sizes(bounds, depth))
          .map((pairs) => new Map(pairs));
      case "tuple":
        return fc.tuple(...def.items.map(inner));
      case "union":
        return fc.oneof(...this.#endingOptions(def.options, depth).map(inner));
      case "intersection":
        return fc.tuple(inner(def.left), inner(def.right)).map(([left, right]) => Object.assign({}, left, right));
      case "custom":
        return this.#instances(schema._zod.bag["Class"]);
      default:
        return fc.constant(undefined);
    }
  }

  /** All options; of a deep union those that end here, if any do. */
  #endingOptions(options: readonly core.$ZodType[], depth: number): readonly core.$ZodType[] {
    if (depth < depthMax) return options;
    const ending = options.filter(({ _zod }) => scalarTypes.has(_zod.def.type));
    return ending.length > 0 ? ending : options;
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

  #numbers({ minimum, maximum, step, format }: Bounds): Arbitrary<number> {
    const fc = this.#fc;
    const min = numberOf(minimum, Number.MIN_SAFE_INTEGER);
    const max = numberOf(maximum, Number.MAX_SAFE_INTEGER);
    if (typeof step === "number") {
      return fc.integer({ min: Math.ceil(min / step), max: Math.floor(max / step) }).map((n) => n * step);
    }
    const any = fc.double({ min, max, noNaN: true });
    const [least, most] = [Math.ceil(min), Math.floor(max)];
    if (least > most) return any;
    const edges = [least, most, 0, 1, -1, 255, 256, -256].filter((n) => n >= least && n <= most);
    const whole = fc.oneof(fc.integer({ min: least, max: most }), fc.constantFrom(...edges));
    return format === undefined || format.startsWith("float") ? fc.oneof(whole, any) : whole;
  }

  #bigints({ minimum, maximum, step }: Bounds): Arbitrary<bigint> {
    const min = typeof minimum === "bigint" ? minimum : -(2n ** 70n);
    const max = typeof maximum === "bigint" ? maximum : 2n ** 70n;
    const values = this.#fc.bigInt({ min, max });
    return typeof step === "bigint" ? values.map((n) => n - (n % step)) : values;
  }

  #dates({ minimum, maximum }: Bounds): Arbitrary<Date> {
    const min = minimum instanceof Date ? minimum : new Date(-8.64e12);
    return this.#fc.date({ min, max: maximum instanceof Date ? maximum : new Date(8.64e12), noInvalidDate: true });
  }

  #sizes({ sizeMin = 0, sizeMax }: Bounds, depth: number): { minLength: number; maxLength: number } {
    const maxLength = depth >= depthMax ? sizeMin : sizeMin + 3;
    return { minLength: sizeMin, maxLength: Math.min(sizeMax ?? maxLength, maxLength) };
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

/** Whether an entity takes an input, with an id that a key can hold. */
export const isRecord = (model: EntityModel<AnyEntity>, input: unknown): boolean => {
  try {
    model.encodeId(model.idOf(model.parse(input)));
    return true;
  } catch {
    return false;
  }
};

/**
 * Inputs that an entity takes, with the defaults of their fields: to be parsed any number of times.
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
  return inputs.filter((input) => isRecord(model, input)).map((input) => completed(model, input));
}
