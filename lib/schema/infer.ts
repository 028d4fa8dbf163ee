/** What the compiler knows of an entity: its record, input and id types, all read off the definition. */
import type * as core from "zod/v4/core";
import type { Misuse } from "../errors/index.js";
import type { AggregateDefinitions } from "./aggregates/aggregate-definition.js";
import type { Entity } from "./entity.js";
import type { IndexDefinitions } from "./index-definition.js";

/**
 * Any object schema of zod 4 (`z.object`, `z.strictObject`, `z.looseObject`, of `zod` or `zod/mini`).
 *
 * @example
 * ```ts
 * import { type ObjectSchema } from "tenantry";
 * import { z } from "zod";
 * const schema: ObjectSchema = z.object({ id: z.int() });
 * ```
 */
export type ObjectSchema = core.$ZodObject;

/**
 * Any entity, whatever its schema: the constraint of everything generic over entities.
 *
 * @example
 * ```ts
 * import type { AnyEntity, Tenant } from "tenantry";
 * const countOf = (tenant: Tenant, entity: AnyEntity): Promise<number> => tenant.repository(entity).count();
 * ```
 */
export type AnyEntity = Entity<string, ObjectSchema, readonly string[], IndexDefinitions, AggregateDefinitions>;

/** What a field may hold to be part of an id, or to be indexed. */
export type KeyScalar = string | number | bigint | boolean | Date | Uint8Array;

/**
 * The record type of an entity: what reads return (zod's output type).
 *
 * @example
 * ```ts
 * import { entity, type Infer } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * type City = Infer<typeof City>; // { id: number; name: string }
 * ```
 */
export type Infer<E extends AnyEntity> = E["schema"]["_zod"]["output"];

/**
 * What `create` and `put` take (zod's input type): fields with a default may be absent, a codec's field is in its
 * encoded form.
 *
 * @example
 * ```ts
 * import { entity, type InputOf } from "tenantry";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.uuid(), text: z.string().default("") }), id: ["id"] });
 * const input: InputOf<typeof Note> = { id: "0b5f1e52-3a0c-4f0a-9d0e-3f1f6a4f8f0a" };
 * ```
 */
export type InputOf<E extends AnyEntity> = E["schema"]["_zod"]["input"];

/** The type of a field of a record, or `never` when the record has no such field. */
type FieldOf<T, F> = F extends keyof T ? T[F] : never;

/** The values of the fields `Id` of a record, in their order. */
export type IdFields<Output, Id extends readonly string[]> = { readonly [I in keyof Id]: FieldOf<Output, Id[I]> };

/**
 * The id made of the fields `Id`: a scalar when it is one field, a readonly tuple otherwise.
 *
 * @example
 * ```ts
 * import { type IdValue } from "tenantry";
 * const id: IdValue<{ order: string; line: number }, readonly ["order", "line"]> = ["a", 1];
 * ```
 */
export type IdValue<Output, Id extends readonly string[]> = Id extends readonly [infer F]
  ? FieldOf<Output, F>
  : IdFields<Output, Id>;

/** The values of an entity's id fields, in the order of the definition. */
export type IdFieldsOf<E extends AnyEntity> = IdFields<Infer<E>, E["id"]>;

/**
 * The id type of an entity: the field's own type for a one-field id, a readonly tuple for a composite one.
 *
 * @example
 * ```ts
 * import { entity, type IdOf } from "tenantry";
 * import { z } from "zod";
 * const Line = entity("line", { version: 1, schema: z.object({ order: z.uuid(), line: z.int() }), id: ["order", "line"] });
 * const id: IdOf<typeof Line> = ["0b5f1e52-3a0c-4f0a-9d0e-3f1f6a4f8f0a", 1];
 * ```
 */
export type IdOf<E extends AnyEntity> = IdValue<Infer<E>, E["id"]>;

/** A name that can be a field of an id, or why it cannot; several at once, as the compiler tries them, are let be. */
type IdField<Output, Name, All = Name> = Name extends keyof Output & string
  ? Output[Name] extends KeyScalar
    ? Name
    : [All] extends [Name]
      ? Misuse<
          null extends Output[Name]
            ? "an id is always there, and this field may be null"
            : undefined extends Output[Name]
              ? "an id is always there, and this field may be absent"
              : "an id has an order, and values of this field have none"
        >
      : Name
  : never;

/**
 * The names that an id is made of, each as it is if it can be one, else as a sentence that says why not.
 *
 * @example
 * ```ts
 * import { type IdFieldNames } from "tenantry";
 * const names: IdFieldNames<{ id: number; note?: string }, readonly ["id"]> = ["id"];
 * ```
 */
export type IdFieldNames<Output, Id extends readonly string[]> = {
  readonly [At in keyof Id]: IdField<Output, Id[At]>;
};

/**
 * The names of the fields that hold a date, or nothing.
 *
 * @example
 * ```ts
 * import type { DateFieldName } from "tenantry";
 * const name: DateFieldName<{ id: number; until?: Date }> = "until";
 * ```
 */
export type DateFieldName<Output> = {
  [K in keyof Output & string]-?: NonNullable<Output[K]> extends Date ? K : never;
}[keyof Output & string];

/**
 * What `patch` takes: any of the entity's fields but those of its id. The patch is shallow: a nested object is
 * replaced as a whole. An explicit `undefined` removes an optional field; for any other it does not compile
 * (with `exactOptionalPropertyTypes`) and is refused when it runs. A field with a default goes back to it.
 *
 * @example
 * ```ts
 * import { entity, type PatchOf } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", {
 *   version: 1,
 *   schema: z.object({ id: z.int(), name: z.string(), mayor: z.string().optional() }),
 *   id: ["id"],
 * });
 * const patch: PatchOf<typeof City> = { name: "Lyon", mayor: undefined };
 * ```
 */
export type PatchOf<E extends AnyEntity> = PatchWithout<InputOf<E>, E["id"][number]>;

type PatchWithout<Input, Id> = { [K in keyof Input as Exclude<K, Id>]?: Input[K] };
