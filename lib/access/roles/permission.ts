/** Permissions: what a role allows or forbids, on which records. */
import { tenantryError } from "../../errors/index.js";
import type { RecordAction } from "../../repository/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";
import type { TenantContext } from "../../tenant/index.js";

/** Values that conditions compare. */
type Scalar = string | number | bigint | boolean | Date | null | undefined;

/** What a condition compares a field with: for an array its elements, one of which has to match. */
type Compared<V> = Extract<V extends readonly (infer Element)[] ? Element : V, Scalar>;

/**
 * What a field has to be: equal to a value (`null` also stands for a field that is absent), or what the operators say, all
 * of them. For an array, one element has to.
 *
 * @example
 * ```ts
 * import type { FieldCondition } from "tenantry/access";
 * const adult: FieldCondition<number> = { $gte: 18, $lt: 150 };
 * const open: FieldCondition<"draft" | "review" | "done"> = { $in: ["draft", "review"] };
 * ```
 */
export type FieldCondition<V> =
  | Exclude<Compared<V>, undefined>
  | {
      readonly $eq?: Exclude<Compared<V>, undefined>;
      readonly $ne?: Exclude<Compared<V>, undefined>;
      readonly $in?: readonly Exclude<Compared<V>, undefined>[];
      readonly $nin?: readonly Exclude<Compared<V>, undefined>[];
      readonly $lt?: NonNullable<Compared<V>>;
      readonly $lte?: NonNullable<Compared<V>>;
      readonly $gt?: NonNullable<Compared<V>>;
      readonly $gte?: NonNullable<Compared<V>>;
      /** Whether the field is there. */
      readonly $exists?: boolean;
    };

/**
 * Which records a permission is about: all fields named have to be as their conditions say.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import type { RecordCondition } from "tenantry/access";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), author: z.string() }), id: ["id"] });
 * const mine: RecordCondition<typeof Note> = { author: "u1" };
 * ```
 */
export type RecordCondition<E extends AnyEntity> = {
  readonly [F in keyof Infer<E>]?: FieldCondition<Infer<E>[F]>;
};

/**
 * The records a permission is about.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { allow, type PermissionOptions } from "tenantry/access";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), author: z.string() }), id: ["id"] });
 * const own: PermissionOptions<typeof Note> = { where: ({ subject }) => ({ author: subject }) };
 * const permission = allow(["update", "delete"], Note, own);
 * ```
 */
export interface PermissionOptions<E extends AnyEntity> {
  /** A condition, or what makes one for a context; all records without it. */
  readonly where?: RecordCondition<E> | ((context: TenantContext) => RecordCondition<E>) | undefined;
}

/**
 * What besides entities a permission can be about: who belongs to the tenant, the sessions of others, or everything there
 * is.
 *
 * @example
 * ```ts
 * import { allow, type PermissionSubject } from "tenantry/access";
 * const people: PermissionSubject = "members";
 * const permission = allow("manage", people);
 * ```
 */
export type PermissionSubject = "members" | "sessions" | "all";

/**
 * Something that a role allows or forbids, made by {@link allow} and {@link forbid}.
 *
 * @example
 * ```ts
 * import { allow, type Permission } from "tenantry/access";
 * const administrator: readonly Permission[] = [allow("manage", "all")];
 * ```
 */
export interface Permission {
  readonly forbids: boolean;
  readonly actions: readonly (RecordAction | "manage")[];
  /** The name of an entity; `#members`, `#sessions` and `#all` cannot be one. */
  readonly subject: string;
  readonly where: ((context: TenantContext) => object) | undefined;
}

type Actions = RecordAction | "manage" | readonly (RecordAction | "manage")[];

const known: ReadonlySet<string> = new Set(["create", "read", "update", "delete", "manage"]);

function permission<E extends AnyEntity>(
  forbids: boolean,
  actions: Actions,
  subject: E | PermissionSubject,
  { where }: PermissionOptions<E>,
): Permission {
  const list = typeof actions === "string" ? [actions] : [...actions];
  const stray = list.find((action) => !known.has(action));
  const refuse = (reason: string): Error => tenantryError("ROLES_INVALID", { role: "", reason });
  if (stray !== undefined || list.length === 0) throw refuse("an action is create, read, update, delete or manage");
  if (typeof subject === "string" && where !== undefined) throw refuse("only an entity's records have conditions");
  const named = typeof subject === "string" ? `#${subject}` : subject.name;
  return Object.freeze({
    forbids,
    actions: list,
    subject: named,
    where: where === undefined || typeof where === "function" ? where : () => where,
  });
}

/**
 * Allows actions on an entity's records: `create`, `read`, `update`, `delete`, or all of them as `manage`.
 *
 * @throws `ROLES_INVALID`
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { allow } from "tenantry/access";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), author: z.string() }), id: ["id"] });
 * const reader = [allow("read", Note)];
 * const author = [...reader, allow("manage", Note, { where: ({ subject }) => ({ author: subject }) })];
 * ```
 */
export const allow = <E extends AnyEntity>(
  actions: Actions,
  subject: E | PermissionSubject,
  options: PermissionOptions<E> = {},
): Permission => permission(false, actions, subject, options);

/**
 * Takes back what permissions before it in the same role allow.
 *
 * @throws `ROLES_INVALID`
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { allow, forbid } from "tenantry/access";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), sealed: z.boolean() }), id: ["id"] });
 * const editor = [allow("manage", Note), forbid(["update", "delete"], Note, { where: { sealed: true } })];
 * ```
 */
export const forbid = <E extends AnyEntity>(
  actions: Actions,
  subject: E | PermissionSubject,
  options: PermissionOptions<E> = {},
): Permission => permission(true, actions, subject, options);
