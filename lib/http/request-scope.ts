/** What a request is allowed to work with, found again from the request itself. */
import type { Principal } from "../access/index.js";
import { tenantryError } from "../errors/index.js";
import type { TenantContext } from "../tenant/index.js";
import type { Tenant } from "../tenant-handle.js";
import type { TenantDoor } from "./tenant-door.js";

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

interface Passed {
  readonly scope: RequestScope;
  readonly door: TenantDoor;
}

const passed = new WeakMap<object, Passed>();

/** Remembers the scope of a request, and the door it came by, for as long as there is the request. */
export function bindScope(request: object, scope: RequestScope, door: TenantDoor): void {
  passed.set(request, { scope, door });
}

/** Tells the door what a handler threw, and gives the request's id; undefined for one that passed no door. */
export function thrownInside(request: object, error: unknown): string | undefined {
  const { scope, door } = passed.get(request) ?? {};
  if (scope !== undefined) door?.thrown(scope, error);
  return scope?.requestId;
}

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
  const found = passed.get(request);
  if (found === undefined) throw tenantryError("REQUEST_SCOPE_MISSING", {});
  return found.scope;
}
