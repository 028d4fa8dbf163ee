/** Roles: named lists of permissions, and what a context with some of them may do. */
import { createMongoAbility, type MongoAbility } from "@casl/ability";
import { tenantryError } from "../../errors/index.js";
import { tenantContextTextBytesMax } from "../../limits/index.js";
import type { AccessPolicy, AccessRight, RecordAction } from "../../repository/index.js";
import type { TenantContext } from "../../tenant/index.js";
import type { Permission } from "./permission.js";

const refuse = (role: string, reason: string): Error => tenantryError("ROLES_INVALID", { role, reason });

/** @throws ROLES_INVALID for a condition that compares with undefined: it would match every record without the field. */
function assertDefined(role: string, condition: unknown): void {
  if (condition === undefined) throw refuse(role, "a condition compares with undefined");
  if (typeof condition !== "object" || condition === null || condition instanceof Date) return;
  for (const value of Object.values(condition)) assertDefined(role, value);
}

/** @throws ROLES_INVALID for a condition that cannot be meant, one on a path included: a field may have a dot in its name. */
function assertConditions(role: string, conditions: unknown): void {
  if (typeof conditions !== "object" || conditions === null) throw refuse(role, "a condition is an object");
  const stray = Object.keys(conditions).find((field) => field.includes(".") || field.startsWith("$"));
  if (stray !== undefined) throw refuse(role, "a condition names fields of the record, at its top");
  assertDefined(role, conditions);
}

class RolePolicy implements AccessPolicy {
  readonly entities: readonly string[];
  readonly #roles: ReadonlyMap<string, readonly Permission[]>;
  readonly #abilities = new WeakMap<TenantContext, readonly MongoAbility[]>();

  constructor(roles: ReadonlyMap<string, readonly Permission[]>) {
    this.#roles = roles;
    const subjects = [...roles.values()].flat().map(({ subject }) => subject);
    this.entities = [...new Set(subjects)].filter((subject) => !subject.startsWith("#"));
  }

  right(context: TenantContext, entity: string, action: RecordAction): AccessRight {
    const rights = this.#of(context).map((ability) => rightOf(ability, entity, action));
    if (rights.includes(true)) return true;
    const conditions = rights.filter((right) => typeof right === "function");
    return conditions.length > 0 && ((record) => conditions.some((condition) => condition(record)));
  }

  /** What each of the context's roles permits: a role takes back what it allows itself, not what another one does. */
  #of(context: TenantContext): readonly MongoAbility[] {
    let abilities = this.#abilities.get(context);
    if (abilities === undefined) {
      abilities = context.roles.flatMap((role) => {
        const permissions = this.#roles.get(role);
        return permissions === undefined ? [] : [abilityOf(role, permissions, context)];
      });
      this.#abilities.set(context, abilities);
    }
    return abilities;
  }
}

const abilityOf = (role: string, permissions: readonly Permission[], context: TenantContext): MongoAbility =>
  createMongoAbility(
    permissions.map(({ actions, subject, forbids, where }) => {
      const conditions = where?.(context);
      if (where !== undefined) assertConditions(role, conditions);
      const rule = { action: [...actions], subject, inverted: forbids };
      return conditions === undefined ? rule : { ...rule, conditions: { ...conditions } };
    }),
    // An entity may be called "all", which is what CASL calls all of them unless told.
    { anySubjectType: "#all" },
  );

/** The last permission that is about a record decides. */
function rightOf(ability: MongoAbility, entity: string, action: RecordAction): AccessRight {
  const rules = ability.rulesFor(action, entity);
  const decisive = rules.findIndex(({ conditions }) => conditions === undefined);
  const first = decisive < 0 ? rules : rules.slice(0, decisive + 1);
  if (first.every(({ inverted }) => inverted)) return false;
  if (first.length === 1 && decisive === 0) return true;
  return (record) => {
    const rule = first.find((candidate) => candidate.conditions === undefined || candidate.matchesConditions(record));
    return rule !== undefined && !rule.inverted;
  };
}

/**
 * A policy of roles for `open`: what a context may do is what one of its roles allows, and nothing else. Names of roles
 * that are not here allow nothing.
 *
 * @throws `ROLES_INVALID` for the name of a role that no context can have.
 *
 * @example
 * ```ts
 * import { embedded, entity, open } from "tenantry";
 * import { allow, roles } from "tenantry/access";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), author: z.string() }), id: ["id"] });
 *
 * const db = await open({
 *   engine: embedded("./data"),
 *   entities: [Note],
 *   roles: roles({
 *     reader: [allow("read", Note)],
 *     author: [allow("read", Note), allow("manage", Note, { where: ({ subject }) => ({ author: subject }) })],
 *     administrator: [allow("manage", "all")],
 *   }),
 * });
 * ```
 */
export function roles(definition: Readonly<Record<string, readonly Permission[]>>): AccessPolicy {
  const known = new Map<string, readonly Permission[]>();
  for (const [role, permissions] of Object.entries(definition)) {
    if (role === "" || Buffer.byteLength(role) > tenantContextTextBytesMax || /\p{Surrogate}/u.test(role)) {
      throw refuse(role, `a role's name is well-formed text of 1 to ${tenantContextTextBytesMax} bytes`);
    }
    known.set(role, [...permissions]);
  }
  return new RolePolicy(known);
}
