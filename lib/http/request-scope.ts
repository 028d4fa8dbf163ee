/** What a request is allowed to work with, found again from the request itself. */
import type { Principal } from "../access/index.js";
import { tenantryError } from "../errors/index.js";
import type { TenantContext } from "../tenant/index.js";
import type { Tenant } from "../tenant-handle.js";

/**
 * A request's tenant, who asks, and the id that ties together what is logged about it.
 *
 * @example
 * ```ts
 * import type { RequestScope } from "tenantry/http";
 * const line = ({ requestId, context }: RequestScope) => `${requestId} ${context.tenant} ${context.subject}`;
 * ```
 */
export interface RequestScope {
  /** The handle of the tenant, bound to the context. */
  readonly tenant: Tenant;
  readonly context: TenantContext;
  readonly principal: Principal;
  readonly requestId: string;
}

const scopes = new WeakMap<object, RequestScope>();

/** Remembers the scope of a request for as long as there is the request. */
export function bindScope(request: object, scope: RequestScope): void {
  scopes.set(request, scope);
}

/** The id of a request that passed the door; undefined for one that did not. */
export const boundRequestId = (request: object): string | undefined => scopes.get(request)?.requestId;

/**
 * The scope of a request that passed a middleware of this package: of an Express or Fastify request, or a web `Request`.
 *
 * @throws `REQUEST_SCOPE_MISSING` for one that did not.
 *
 * @example
 * ```ts
 * import { entity } from "tenantry";
 * import { requestScope } from "tenantry/http";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });
 * // app.get("/t/:tenant/notes", async (request, response) => response.json(await listNotes(request)));
 * const listNotes = (request: object) => requestScope(request).tenant.repository(Note).list({ limit: 50 });
 * ```
 */
export function requestScope(request: object): RequestScope {
  const scope = scopes.get(request);
  if (scope === undefined) throw tenantryError("REQUEST_SCOPE_MISSING", {});
  return scope;
}
