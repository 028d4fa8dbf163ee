/** Permissions: what a role allows or forbids, on which records. */
import { givenName, markOwn, tenantryError } from "../../errors/index.js";
import { copiedList, optionNames, takeOptions } from "../../options/index.js";
import type { RecordAction } from "../../repository/index.js";
import type { AnyEntity } from "../../schema/index.js";
import type { TenantContext } from "../../tenant/index.js";
import type { RecordCondition, WithoutStrays } from "./condition.js";
import { type RecordTest, readCondition } from "./read-condition.js";

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
export interface PermissionOptions<E extends AnyEntity, C extends RecordCondition<E> = RecordCondition<E>> {
  /** A condition, or what makes one for a context, at once and the same each time; all records without it. */
  readonly where?: RecordCondition<E> | ((context: TenantContext) => C & WithoutStrays<E, C>) | undefined;
}

/**
 * What besides entities a permission can be about: who belongs to the tenant, the sessions of others, signing
 * somebody in, what the tenant uses of what it may use, or everything there is.
 *
 * Of `signIns` there is `create` alone; whoever has it signs in whom they will, with roles that they have themselves.
 * Of `quotas`, `read` is for usage and for who has which claim, `create` for making a claim, `delete` for releasing one,
 * and `update` for tokens of a rate and connections.
 *
 * @example
 * ```ts
 * import { allow, type PermissionSubject } from "tenantry/access";
 * const people: PermissionSubject = "members";
 * const permission = allow("manage", people);
 * ```
 */
export type PermissionSubject = "members" | "sessions" | "signIns" | "quotas" | "all";

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
  /** The name of an entity; `#members`, `#sessions`, `#signIns`, `#quotas` and `#all` cannot be one. */
  readonly subject: string;
}

/** What a permission is made of. */
export interface Rule extends Permission {
  /** Undefined for what is no entity. */
  readonly entity: AnyEntity | undefined;
  /** What says for a context which records it is about; undefined for all of them. @throws ROLES_INVALID */
  readonly about: ((context: TenantContext, role: string) => RecordTest) | undefined;
}

/**
 * What a permission is about: an action, some, or `manage` for all.
 *
 * @example
 * ```ts
 * import type { PermissionActions } from "tenantry/access";
 * const actions: PermissionActions = ["read", "update"];
 * ```
 */
export type PermissionActions = RecordAction | "manage" | readonly (RecordAction | "manage")[];

const known: readonly unknown[] = ["create", "read", "update", "delete", "manage"];

const isAction = (value: unknown): value is RecordAction | "manage" => known.includes(value);

const subjects: readonly unknown[] = ["members", "sessions", "signIns", "quotas", "all"];

const optionsKnown = optionNames<{ readonly where?: unknown }>({ where: true });

/** Outside of the permissions themselves, so that only those made here are any. */
const rules = new WeakMap<Permission, Rule>();

const refusing =
  (role: string) =>
  (reason: string): never => {
    throw tenantryError("ROLES_INVALID", { role, reason });
  };

function permission(
  forbids: boolean,
  given: PermissionActions,
  subject: AnyEntity | PermissionSubject,
  options: { readonly where?: unknown },
): Permission {
  const { where } = takeOptions(options, optionsKnown, forbids ? "forbid" : "allow");
  const refuse = refusing("");
  const actions = typeof given === "string" ? [given] : copiedList(given, known.length);
  if (actions === undefined || actions.length === 0 || !actions.every(isAction)) {
    return refuse("an action is create, read, update, delete or manage");
  }
  const entity = typeof subject === "string" ? undefined : subject;
  if (entity === undefined && !subjects.includes(subject))
    return refuse("a permission is about an entity or a subject");
  if (entity === undefined && where !== undefined) return refuse("only an entity's records have conditions");
  const named = entity === undefined ? `#${givenName(subject)}` : entity.name;
  const made = Object.freeze(markOwn({ forbids, actions: Object.freeze([...actions]), subject: named }));
  const about = entity === undefined || where === undefined ? undefined : aboutOf(entity, where);
  rules.set(made, { ...made, entity, about });
  return made;
}

/** A condition that does not depend on the context is read now, so that it is refused now. */
function aboutOf(entity: AnyEntity, where: unknown): Rule["about"] {
  if (typeof where === "function") {
    const tests = new WeakMap<TenantContext, RecordTest>();
    return (context, role) => {
      const test =
        tests.get(context) ?? readCondition(entity, Reflect.apply(where, undefined, [context]), refusing(role));
      tests.set(context, test);
      return test;
    };
  }
  const test = readCondition(entity, where, refusing(""));
  return () => test;
}

/** What a permission is made of; undefined for what `allow` or `forbid` did not make. */
export const ruleOf = (made: unknown): Rule | undefined =>
  typeof made === "object" && made !== null ? rules.get(made as Permission) : undefined;

/**
 * Allows actions on an entity's records: `create`, `read`, `update`, `delete`, or all of them as `manage`.
 *
 * @throws `ROLES_INVALID`, also for a condition on a field that the entity has not, or on a value that it cannot have.
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
export const allow = <E extends AnyEntity, const C extends RecordCondition<NoInfer<E>> = RecordCondition<NoInfer<E>>>(
  actions: PermissionActions,
  subject: E | PermissionSubject,
  options: PermissionOptions<NoInfer<E>, C> = {},
): Permission => permission(false, actions, subject, options);

/**
 * Takes back what permissions before it in the same role allow.
 *
 * @throws `ROLES_INVALID`, as `allow` does.
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
export const forbid = <E extends AnyEntity, const C extends RecordCondition<NoInfer<E>> = RecordCondition<NoInfer<E>>>(
  actions: PermissionActions,
  subject: E | PermissionSubject,
  options: PermissionOptions<NoInfer<E>, C> = {},
): Permission => permission(true, actions, subject, options);
