/** Roles: named lists of permissions, and what a context with some of them may do. */
import { copiesApart, isOfAnotherCopy, markOwn, tenantryError } from "../../errors/index.js";
import { tenantContextTextBytesMax } from "../../limits/index.js";
import { copiedList } from "../../options/index.js";
import type { AccessPolicy, AccessRight, RecordAction } from "../../repository/index.js";
import type { AnyEntity } from "../../schema/index.js";
import { isBoundedText, type TenantContext } from "../../tenant/index.js";
import { type Permission, type Rule, ruleOf } from "./permission.js";
import type { RecordTest } from "./read-condition.js";

const refuse = (role: string, reason: string): Error => tenantryError("ROLES_INVALID", { role, reason });

class RolePolicy implements AccessPolicy {
  readonly entities: readonly AnyEntity[];
  /** The rules of each role, the last first. */
  readonly #roles: ReadonlyMap<string, readonly Rule[]>;

  constructor(roles: ReadonlyMap<string, readonly Rule[]>) {
    this.#roles = roles;
    this.entities = Object.freeze([...new Set([...roles.values()].flat().flatMap(({ entity }) => entity ?? []))]);
    Object.freeze(this);
  }

  static {
    markOwn(RolePolicy.prototype);
  }

  /** What one of the context's roles permits: a role takes back what it allows itself, not what another one does. */
  right(context: TenantContext, entity: string, action: RecordAction): AccessRight {
    const tests: RecordTest[] = [];
    for (const role of context.roles) {
      const right = rightOf(role, this.#roles.get(role) ?? [], context, entity, action);
      if (right === true) return true;
      if (right !== false) tests.push(right);
    }
    return tests.length > 0 && ((record) => tests.some((test) => test(record)));
  }
}

/** What the rules of one role say: the last one that is about a record decides. */
function rightOf(
  role: string,
  rules: readonly Rule[],
  context: TenantContext,
  entity: string,
  action: RecordAction,
): AccessRight {
  const decisive: { readonly forbids: boolean; readonly isAbout: RecordTest | undefined }[] = [];
  for (const { forbids, actions, subject, about } of rules) {
    if (subject !== entity && subject !== "#all") continue;
    if (!actions.includes(action) && !actions.includes("manage")) continue;
    decisive.push({ forbids, isAbout: about?.(context, role) });
    if (about === undefined) break;
  }
  const [first] = decisive;
  if (first === undefined || decisive.every(({ forbids }) => forbids)) return false;
  if (first.isAbout === undefined) return true;
  return (record) => decisive.find(({ isAbout }) => isAbout === undefined || isAbout(record))?.forbids === false;
}

/**
 * A policy of roles for `open`: what a context may do is what one of its roles allows, and nothing else. Names of roles
 * that are not here allow nothing.
 *
 * @throws `ROLES_INVALID` for the name of a role that no context can have, and for what is no permission.
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
  const known = new Map<string, readonly Rule[]>();
  for (const [role, given] of Object.entries(definition)) {
    if (!isBoundedText(role, tenantContextTextBytesMax)) {
      throw refuse(role, `a role's name is well-formed text of 1 to ${tenantContextTextBytesMax} bytes`);
    }
    const permissions = copiedList(given, Number.POSITIVE_INFINITY) ?? [undefined];
    const rules = permissions.flatMap((permission) => ruleOf(permission) ?? []);
    if (rules.length < permissions.length) {
      const foreign = permissions.some(isOfAnotherCopy);
      throw refuse(role, foreign ? copiesApart : "a role is a list of what `allow` and `forbid` make");
    }
    known.set(role, rules.reverse());
  }
  return new RolePolicy(known);
}
