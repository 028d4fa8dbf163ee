/** The middleware for Hono. */
import type { Principal } from "../../access/index.js";
import type { Tenant } from "../../tenant-handle.js";
import { bindExchange, exchangeOf } from "../door/exchange.js";
import { Lifetime } from "../door/lifetime.js";
import type { RequestScope } from "../door/request-scope.js";
import { type ErrorHandlerOptions, strayExchanges } from "../door/stray-exchange.js";
import { TenantDoor, type TenantDoorOptions } from "../door/tenant-door.js";
import { guardBody } from "./json-body.js";
import { sealedResponse } from "./web-answer.js";

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
  /** All of what the request may work with, its connection included. */
  readonly scope: RequestScope;
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
  readonly req: { readonly raw: Request; json(): Promise<unknown> };
  get res(): Response;
  set res(response: Response | undefined);
  readonly error: Error | undefined;
  body(data: null): Response;
  set(name: never, value: never): void;
}

/** Answers in place of whatever Hono answered: it adds to an answer the headers of the one before. */
function answer(c: HonoContext, response: Response): void {
  c.res = undefined;
  c.res = response;
}

/**
 * Middleware for Hono: `c.var.tenant` is the tenant that the token and the path agree on. Everybody else gets the same
 * 404, whether the tenant is foreign, unknown, suspended, quarantined or retired; who has no valid token gets a 401.
 * What handlers throw is answered by {@link problemResponse}; Hono itself writes it to the console unless
 * {@link honoErrors} is given to `app.onError`.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`, `OPTION_UNKNOWN`
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { type Database, entity } from "tenantry";
 * import type { Authenticate } from "tenantry/access";
 * import { honoErrors, tenantMiddleware, type TenantVariables } from "tenantry/http";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const db: Database;
 * declare const authenticate: Authenticate;
 *
 * const app = new Hono<{ Variables: TenantVariables }>();
 * app.onError(honoErrors());
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
    const { headers, url, method } = raw;
    const lifetime = new Lifetime(() => raw.signal);
    const exchange = await door.enter({ path: new URL(url).pathname, headers, url, method, lifetime });
    const { entrance, requestId } = exchange;
    if ("refusal" in entrance) return exchange.problem(entrance.refusal);
    const { scope } = entrance;
    for (const key of [c, raw]) bindExchange(key, exchange);
    for (const reader of [c.req, raw]) guardBody(reader);
    const variables: TenantVariables = { tenant: scope.tenant, principal: scope.principal, requestId, scope };
    // Hono types names and values by the application, which is not known here.
    for (const [name, value] of Object.entries(variables)) c.set(name as never, value as never);
    // Not those of `c.res`: there would be a response from then on, into which one that switches protocols does not fit.
    const kept = [...c.body(null).headers];
    const failed = (error: unknown): Response => {
      lifetime.end("sent");
      const problem = exchange.problem(error);
      const response = new Response(problem.body, { status: problem.status, headers: kept });
      for (const [name, value] of problem.headers) response.headers.set(name, value);
      return response;
    };
    try {
      await next();
      answer(c, c.error === undefined ? sealedResponse(c.res, exchange) : failed(c.error));
    } catch (error) {
      answer(c, failed(error));
    }
    return undefined;
  };
}

/**
 * Answers errors of Hono's handlers as {@link problemResponse} does, also of those that no {@link tenantMiddleware} stands
 * in front of.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { honoErrors } from "tenantry/http";
 * const app = new Hono();
 * app.onError(honoErrors());
 * ```
 */
export function honoErrors(options?: ErrorHandlerOptions): (error: unknown, c: HonoContext) => Response {
  const strayExchange = strayExchanges(options, "honoErrors");
  return (error, c) => (exchangeOf(c) ?? strayExchange(c.req.raw.headers)).problem(error);
}
