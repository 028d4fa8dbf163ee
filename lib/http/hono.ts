/** The middleware for Hono. */
import type { Principal } from "../access/index.js";
import { isTenantryError } from "../errors/index.js";
import type { Tenant } from "../tenant-handle.js";
import { problemResponse } from "./answer.js";
import { bindScope } from "./request-scope.js";
import { TenantDoor, type TenantDoorOptions } from "./tenant-door.js";

/**
 * The variables that {@link tenantMiddleware} sets: `new Hono<{ Variables: TenantVariables }>()` makes `c.var.tenant` a
 * {@link Tenant}.
 *
 * @example
 * ```ts
 * import type { TenantVariables } from "tenantry/http";
 * const who = ({ principal, requestId }: TenantVariables) => `${principal.subject} ${requestId}`;
 * ```
 */
export interface TenantVariables {
  readonly tenant: Tenant;
  readonly principal: Principal;
  readonly requestId: string;
}

/**
 * What the middleware uses of Hono's context.
 *
 * @example
 * ```ts
 * import type { HonoContext } from "tenantry/http";
 * const urlOf = (c: HonoContext) => c.req.raw.url;
 * ```
 */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  res: Response;
  readonly error: Error | undefined;
  set(name: never, value: never): void;
  header(name: string, value: string): void;
}

/**
 * Middleware for Hono: `c.var.tenant` is the tenant that the token and the path agree on. Everybody else gets the same
 * 404, whether the tenant is foreign, unknown, suspended, quarantined or retired; who has no valid token gets a 401.
 * Errors of this library that a handler throws are answered by {@link problemResponse}; others are left to `app.onError`.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { type Database, entity } from "tenantry";
 * import type { Authenticate } from "tenantry/access";
 * import { tenantMiddleware, type TenantVariables } from "tenantry/http";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const db: Database;
 * declare const authenticate: Authenticate;
 *
 * const app = new Hono<{ Variables: TenantVariables }>();
 * app.use("/t/*", tenantMiddleware({ db, authenticate }));
 * app.get("/t/:tenant/cities/:id", async (c) => {
 *   const city = await c.var.tenant.repository(City).require(City.parseId(c.req.param("id")));
 *   return c.json(city);
 * });
 * ```
 */
export function tenantMiddleware(
  options: TenantDoorOptions,
): (c: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  const door = new TenantDoor(options);
  return async (c, next) => {
    const { raw } = c.req;
    const entrance = await door.enter({ path: new URL(raw.url).pathname, headers: raw.headers });
    const { requestId, scope } = entrance;
    if (scope === undefined) return problemResponse(entrance.error, requestId);
    bindScope(raw, scope, door);
    const variables: TenantVariables = { tenant: scope.tenant, principal: scope.principal, requestId };
    // Hono types names and values by the application, which is not known here.
    for (const [name, value] of Object.entries(variables)) c.set(name as never, value as never);
    await next();
    if (isTenantryError(c.error)) {
      door.thrown(scope, c.error);
      c.res = problemResponse(c.error, requestId);
    } else c.header("x-request-id", requestId);
    return undefined;
  };
}
