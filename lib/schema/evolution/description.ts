/** Descriptions: a definition as data, kept with the database so that a later one can be compared with it. */
import {
  type LayoutField,
  type LayoutNode,
  type LayoutShape,
  layoutFingerprint,
  type RecordLayout,
  type ScalarKind,
} from "../../value/index.js";
import type { AnyEntity } from "../infer.js";
import type { EntityModel } from "../model.js";

/** What is remembered of an entity's definition, besides its layouts. */
export interface EntityDescription {
  readonly version: number;
  /** The layout's fingerprint. */
  readonly layout: number;
  /** The path of each field of the id, and how it is encoded. */
  readonly id: readonly (readonly [path: string, kind: string])[];
  /** The fingerprints of the indexes, by name. */
  readonly indexes: Readonly<Record<string, number>>;
  /** The fingerprints of the aggregates, by name; undefined when they were not remembered. */
  readonly aggregates?: Readonly<Record<string, number>> | undefined;
}

const FORMAT = 1;

/** What is remembered of an entity. */
export function describeEntity(model: EntityModel<AnyEntity>): EntityDescription {
  const { version, history, idFields, indexes, aggregates } = model;
  return {
    version,
    layout: history.current.codec.fingerprint,
    id: idFields.map(({ path, kind }) => [path, kind]),
    indexes: fingerprintsOf(indexes.values()),
    aggregates: fingerprintsOf(aggregates.values()),
  };
}

const fingerprintsOf = (
  parts: Iterable<{ readonly name: string; readonly fingerprint: number }>,
): Readonly<Record<string, number>> =>
  Object.fromEntries([...parts].map(({ name, fingerprint }) => [name, fingerprint]));

const encodeJson = (value: object): Uint8Array => Buffer.from(JSON.stringify({ format: FORMAT, ...value }));

/** What JSON of this format holds; undefined for anything else. */
function decodeJson(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    return isObject(value) && value["format"] === FORMAT ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

export const encodeDescription = (description: EntityDescription): Uint8Array => encodeJson(description);

/** A stored description; undefined for bytes that are none, or of a later format: then there is nothing to compare. */
export function decodeDescription(bytes: Uint8Array): EntityDescription | undefined {
  const { version, layout, id, indexes, aggregates } = decodeJson(bytes) ?? {};
  if (!isWhole(version) || !isWhole(layout) || !Array.isArray(id) || !isObject(indexes)) return undefined;
  const fields = id.flatMap((field: unknown) =>
    Array.isArray(field) && typeof field[0] === "string" && typeof field[1] === "string"
      ? [[field[0], field[1]] as const]
      : [],
  );
  const known = isObject(aggregates) ? knownIn(aggregates) : undefined;
  return { version, layout, id: fields, indexes: knownIn(indexes), aggregates: known };
}

const knownIn = (fingerprints: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(fingerprints).flatMap(([name, fingerprint]) =>
      isWhole(fingerprint) ? [[name, fingerprint] as const] : [],
    ),
  );

export const encodeLayout = ({ shapes }: RecordLayout): Uint8Array => encodeJson({ shapes });

/** A stored layout of an entity; undefined unless it is whole and has the fingerprint it is stored under. */
export function decodeLayout(entity: string, fingerprint: number, bytes: Uint8Array): RecordLayout | undefined {
  const { shapes: given } = decodeJson(bytes) ?? {};
  if (!Array.isArray(given)) return undefined;
  const shapes = given.flatMap((shape: unknown) => shapeOf(shape, given.length) ?? []);
  const layout = { entity, shapes };
  return shapes.length === given.length && shapes.length > 0 && layoutFingerprint(layout) === fingerprint
    ? layout
    : undefined;
}

function shapeOf(value: unknown, shapes: number): LayoutShape | undefined {
  if (!isObject(value) || typeof value["open"] !== "boolean" || !Array.isArray(value["fields"])) return undefined;
  const given: readonly unknown[] = value["fields"];
  const fields = given.flatMap((field) => fieldOf(field, shapes) ?? []);
  return fields.length === given.length ? { fields, open: value["open"] } : undefined;
}

function fieldOf(value: unknown, shapes: number): LayoutField | undefined {
  if (!isObject(value)) return undefined;
  const { name, optional, nullable } = value;
  const node = nodeOf(value["node"], shapes);
  if (typeof name !== "string" || typeof optional !== "boolean" || node === undefined) return undefined;
  return { name, optional, nullable: nullable === true, node };
}

const scalarKinds: ReadonlySet<unknown> = new Set<ScalarKind>([
  "string",
  "number",
  "bigint",
  "boolean",
  "date",
  "bytes",
]);
const isScalarKind = (value: unknown): value is ScalarKind => scalarKinds.has(value);

function nodeOf(value: unknown, shapes: number, depth = 0): LayoutNode | undefined {
  if (!isObject(value) || depth > 100) return undefined;
  const { kind, of, shape, maybe } = value;
  if (kind === "value") return of === undefined || isScalarKind(of) ? { kind, of } : undefined;
  if (kind === "shape") {
    return isWhole(shape) && shape < shapes && typeof maybe === "boolean" ? { kind, shape, maybe } : undefined;
  }
  const item = nodeOf(value["item"], shapes, depth + 1);
  return item !== undefined && (kind === "list" || kind === "record") ? { kind, item } : undefined;
}
