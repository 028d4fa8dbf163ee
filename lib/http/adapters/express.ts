/** The middleware for Express 5. */
import { bindExchange, exchangeOf } from "../door/exchange.js";
import { type ErrorHandlerOptions, strayExchanges } from "../door/stray-exchange.js";
import { TenantDoor, type TenantDoorOptions } from "../door/tenant-door.js";
import { lifetimeOf, type NodeResponse, sendProblem, tieResponse } from "./node-answer.js";
import { type NodeRequest, webHeaders } from "./node-message.js";

/**
 * What the middleware uses of Express's request.
 *
 * @example
 * ```ts
 * import type { ExpressRequest } from "tenantry/http";
 * const pathOf = (request: ExpressRequest) => request.originalUrl;
 * ```
 */
export interface ExpressRequest extends NodeRequest {
  readonly originalUrl: string;
}

/**
 * Middleware for Express 5, which answers as {@link tenantMiddleware} does. Handlers behind it find their tenant with
 * {@link requestScope}; put {@link expressErrors} behind them.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`, `OPTION_UNKNOWN`
 *
 * @example
 * ```ts
 * import express from "express";
 * import { type Database, entity } from "tenantry";
 * import type { Authenticate } from "tenantry/access";
 * import { expressErrors, expressMiddleware, requestScope } from "tenantry/http";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const db: Database;
 * declare const authenticate: Authenticate;
 *
 * const app = express();
 * app.use("/t", expressMiddleware({ db, authenticate }));
 * app.get("/t/:tenant/cities", async (request, response) => {
 *   response.json(await requestScope(request).tenant.repository(City).list({ limit: 50 }));
 * });
 * app.use(expressErrors());
 * ```
 */
export function expressMiddleware(
  options: TenantDoorOptions,
): (request: ExpressRequest, response: NodeResponse, next: (error?: unknown) => void) => Promise<void> {
  const door = new TenantDoor(options);
  return async (request, response, next) => {
    const { method, originalUrl } = request;
    const head = { method, url: originalUrl, headers: webHeaders(request) };
    const exchange = await door.enter({ ...head, path: originalUrl, lifetime: lifetimeOf(response) });
    tieResponse(response, exchange);
    if ("refusal" in exchange.entrance) {
      return sendProblem(response, exchange, exchange.problem(exchange.entrance.refusal));
    }
    bindExchange(request, exchange);
    next();
  };
}

/**
 * Answers what handlers of Express throw, and what reads their bodies, as {@link problemResponse} does. Put it last; one of
 * your own before it answers what is yours to answer. An answer that has begun is left to Express, which cuts it off.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { expressErrors } from "tenantry/http";
 * const app = express();
 * app.use(expressErrors());
 * ```
 */
export function expressErrors(
  options?: ErrorHandlerOptions,
): (error: unknown, request: ExpressRequest, response: NodeResponse, next: (error?: unknown) => void) => Promise<void> {
  const strayExchange = strayExchanges(options, "expressErrors");
  return async (error, request, response, next) => {
    const exchange = exchangeOf(request) ?? strayExchange(webHeaders(request));
    const problem = exchange.problem(error);
    return response.headersSent ? next(error) : sendProblem(response, exchange, problem);
  };
}
