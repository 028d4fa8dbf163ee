/** The access port: what a policy of roles answers about a context, an entity and an action. */
import type { AnyEntity } from "../../schema/index.js";
import type { TenantContext } from "../../tenant/index.js";

/**
 * What can be done with a record. Whoever updates or deletes a record finds it first, so that takes the right to read it.
 *
 * @example
 * ```ts
 * import type { RecordAction } from "tenantry";
 * const all: readonly RecordAction[] = ["create", "read", "update", "delete"];
 * ```
 */
export type RecordAction = "create" | "read" | "update" | "delete";

/**
 * An answer: for all records or none, or for those that the function says.
 *
 * @example
 * ```ts
 * import type { AccessRight } from "tenantry";
 * const published: AccessRight = (record) => "state" in record && record.state === "published";
 * ```
 */
export type AccessRight = boolean | ((record: object) => boolean);

/**
 * Decides what contexts may do: made by `roles` of `tenantry/access`, or by you.
 *
 * @example
 * ```ts
 * import { type AccessPolicy, embedded, open } from "tenantry";
 * const readOnly: AccessPolicy = { right: (_context, _entity, action) => action === "read" };
 * const db = await open({ engine: embedded("./data"), entities: [], roles: readOnly });
 * ```
 */
export interface AccessPolicy {
  /** The entities it speaks of, or their names, so that `open` finds one that is not there. */
  readonly entities?: readonly (string | AnyEntity)[] | undefined;
  /**
   * What the context may do with records of the entity. Synchronous, without effects, the same for the life of a context.
   * `#members`, `#sessions`, `#signIns` and `#quotas`, which no entity can be called, stand for who belongs to the tenant,
   * for the sessions of others, for signing somebody in, and for what the tenant uses of what it may use.
   */
  right(context: TenantContext, entity: string, action: RecordAction): AccessRight;
}

/**
 * An attempt that roles refused.
 *
 * @example
 * ```ts
 * import type { Denial } from "tenantry";
 * const line = ({ context, action, entity }: Denial) => `${context.subject} may not ${action} ${entity}`;
 * ```
 */
export interface Denial {
  readonly context: TenantContext;
  readonly entity: string;
  readonly action: RecordAction;
}

/**
 * Told of each attempt that roles refused, out of band: what it throws changes nothing.
 *
 * @example
 * ```ts
 * import type { OnDenied } from "tenantry";
 * const onDenied: OnDenied = ({ context, action, entity }) => console.warn(context.tenant, context.subject, action, entity);
 * ```
 */
export type OnDenied = (denial: Denial) => void | Promise<void>;
