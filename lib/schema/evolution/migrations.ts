/** Migrations: how records of earlier versions become those of the next, and what the compiler knows of it. */
import type * as core from "zod/v4/core";
import type { ObjectSchema } from "../infer.js";
import { keyTypeOf } from "../zod/key-kind.js";
import type { DefinitionPlace } from "../zod/place.js";
import type { MigrationStep } from "./history.js";
import { StoredForm } from "./stored-form.js";

/**
 * The schemas of earlier versions, by their numbers.
 *
 * @example
 * ```ts
 * import { type EarlierSchemas } from "tenantry";
 * import { z } from "zod";
 * const earlier: EarlierSchemas = { 1: z.object({ id: z.int(), name: z.string() }) };
 * ```
 */
export type EarlierSchemas = { readonly [version: number]: ObjectSchema };

/** A version's number, whether the compiler keeps it as a number or as text. */
type NumberOf<Version> = Version extends `${infer N extends number}` ? N : Version;

/** The number after one. */
type After<N, Seen extends readonly unknown[] = readonly []> = Seen["length"] extends N
  ? [...Seen, unknown]["length"]
  : After<N, readonly [...Seen, unknown]>;

/** The schema of a version. */
type SchemaOf<Earlier, N> = {
  [Version in keyof Earlier]: NumberOf<Version> extends N ? Earlier[Version] : never;
}[keyof Earlier];

/** The record that follows a version's: the next version's where that has a step, else the present one. */
type NextRecord<Schema extends ObjectSchema, Earlier, Version> =
  SchemaOf<Earlier, After<NumberOf<Version>>> extends infer Next extends ObjectSchema
    ? [Next] extends [never]
      ? core.output<Schema>
      : core.output<Next>
    : never;

/**
 * The steps of an entity by the version they lead on from: the schema that version had, and a function that makes the
 * next version's record from one of its own (the present record, where the next version has no step).
 *
 * @example
 * ```ts
 * import type { Migrations } from "tenantry";
 * import { z } from "zod";
 * const first = z.object({ id: z.int(), name: z.string() });
 * const present = z.object({ id: z.int(), names: z.array(z.string()) });
 * const steps: Migrations<typeof present, { 1: typeof first }> = {
 *   1: { schema: first, up: ({ id, name }) => ({ id, names: [name] }) },
 * };
 * ```
 */
export type Migrations<Schema extends ObjectSchema, Earlier extends EarlierSchemas> = {
  readonly [Version in keyof Earlier]: {
    readonly schema: Earlier[Version];
    /** Pure and synchronous; it may run at every read until the record is written again. It keeps the id. */
    readonly up: (old: core.output<Earlier[Version]>) => NextRecord<Schema, Earlier, Version>;
  };
};

/** What {@link stepsOf} checks: steps of any entity. */
export interface GivenSteps {
  readonly [version: string]: { readonly schema: core.$ZodObject; readonly up: unknown };
}

interface MigratedEntity {
  readonly name: string;
  readonly version: number;
  readonly schema: core.$ZodObject;
  readonly id: readonly string[];
}

/** Checks the steps of an entity; ENTITY_INVALID tells what is wrong with them. */
export function stepsOf(
  { name, version, schema, id }: MigratedEntity,
  migrations: GivenSteps,
  place: DefinitionPlace,
): ReadonlyMap<number, MigrationStep> {
  const steps = new Map<number, MigrationStep>();
  for (const [key, given] of Object.entries(migrations)) {
    const at = place.field(key);
    const from = Number(key);
    if (!Number.isSafeInteger(from) || from < 1 || from >= version) at.refuse("notAnEarlierVersion");
    const { schema: earlier, up } = given;
    const schemaPlace = at.field("schema");
    if (earlier?._zod?.def === undefined) schemaPlace.refuse("notAZod4Schema");
    if (earlier._zod.def.type !== "object") schemaPlace.refuse("notAnObject");
    if (typeof up !== "function") return at.field("up").refuse("notAFunction");
    if (up.constructor.name === "AsyncFunction") at.field("up").refuse("asyncStep");
    for (const field of id)
      if (kindOf(earlier, field) !== kindOf(schema, field)) schemaPlace.field(field).refuse("idChanged");
    const form = new StoredForm({ entity: name, version: from, schema: earlier }, schemaPlace);
    steps.set(from, { form, up: (old) => Reflect.apply(up, undefined, [old]) as unknown });
  }
  return steps;
}

/** How a field of an id is ordered. */
function kindOf(schema: core.$ZodObject, field: string): string | undefined {
  const { shape } = schema._zod.def;
  const found = Object.hasOwn(shape, field) ? shape[field] : undefined;
  return found === undefined ? undefined : keyTypeOf(found)?.kind;
}
