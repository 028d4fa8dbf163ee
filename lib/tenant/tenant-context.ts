/** The tenant context: on whose behalf a tenant's data is read and written, as a value that is passed on. */
import { tenantryError } from "../errors/index.js";
import { tenantContextRolesMax, tenantContextTextBytesMax } from "../limits/index.js";
import { copiedList, optionNames, takeNamed } from "../options/index.js";
import { isBoundedText } from "./bounded-text.js";
import { isSubject } from "./subject.js";
import { parseTenantId, type TenantId } from "./tenant-id.js";

/**
 * Who acts in a tenant: a parameter, never ambient state. A handle made with it acts for this subject alone.
 *
 * @example
 * ```ts
 * import type { Database, TenantContext } from "tenantry";
 * declare const db: Database;
 * declare const context: TenantContext; // from a verified token
 * const tenant = db.tenant(context.tenant, { context });
 * ```
 */
export interface TenantContext {
  readonly tenant: TenantId;
  /** The user or service that acts, as its issuer names it. */
  readonly subject: string;
  /** Names of roles in this tenant. */
  readonly roles: readonly string[];
  /** Ties what is logged and audited to one request. */
  readonly requestId?: string | undefined;
}

const contextNames = optionNames<TenantContext>({ tenant: true, subject: true, roles: true, requestId: true });

const isText = (value: unknown): value is string => isBoundedText(value, tenantContextTextBytesMax);

/**
 * A frozen copy of a context, checked: what a caller does to its own later changes nothing. Its own properties count;
 * others than a context's, as a principal has, are left out.
 *
 * @throws `TENANT_CONTEXT_INVALID` when a part of it is no well-formed text of 1 to `tenantContextTextBytesMax` bytes, or
 *   there are more than `tenantContextRolesMax` roles; `TENANT_ID_INVALID`, `OPTIONS_INVALID`.
 */
export function tenantContext(context: TenantContext): TenantContext {
  const { tenant, subject, roles: given, requestId } = takeNamed(context, contextNames, "context");
  const refuse = (part: string): Error => tenantryError("TENANT_CONTEXT_INVALID", { part });
  const id = parseTenantId(tenant);
  if (!isSubject(subject)) throw refuse("subject");
  const roles = copiedList(given, tenantContextRolesMax);
  if (!roles?.every(isText)) throw refuse("roles");
  if (requestId !== undefined && !isText(requestId)) throw refuse("requestId");
  return Object.freeze({ tenant: id, subject, roles: Object.freeze(roles), requestId });
}
