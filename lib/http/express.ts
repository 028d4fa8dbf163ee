/** The middleware for Express 5. */
import { isTenantryError } from "../errors/index.js";
import { problemResponse } from "./answer.js";
import { type NodeHeaders, webHeaders } from "./node-message.js";
import { bindScope, thrownInside } from "./request-scope.js";
import { requestIdOf, TenantDoor, type TenantDoorOptions } from "./tenant-door.js";

/**
 * What the middleware uses of Express's request.
 *
 * @example
 * ```ts
 * import type { ExpressRequest } from "tenantry/http";
 * const pathOf = (request: ExpressRequest) => request.originalUrl;
 * ```
 */
export interface ExpressRequest {
  readonly originalUrl: string;
  readonly headers: NodeHeaders;
}

/**
 * What the middleware uses of Express's response.
 *
 * @example
 * ```ts
 * import type { ExpressResponse } from "tenantry/http";
 * const begun = (response: ExpressResponse) => response.headersSent;
 * ```
 */
export interface ExpressResponse {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

async function send(response: ExpressResponse, answer: Response): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  response.end(await answer.text());
}

/**
 * Middleware for Express 5, which answers as {@link tenantMiddleware} does. Handlers behind it find their tenant with
 * {@link requestScope}; put {@link expressErrors} behind them.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`
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
): (request: ExpressRequest, response: ExpressResponse, next: (error?: unknown) => void) => Promise<void> {
  const door = new TenantDoor(options);
  return async (request, response, next) => {
    const entrance = await door.enter({ path: request.originalUrl, headers: webHeaders(request.headers) });
    const { requestId, scope } = entrance;
    if (scope === undefined) return send(response, problemResponse(entrance.error, requestId));
    bindScope(request, scope, door);
    response.setHeader("x-request-id", requestId);
    next();
  };
}

/**
 * Answers what handlers of Express throw, where it is an error of this library; passes on what is not.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { expressErrors } from "tenantry/http";
 * const app = express();
 * app.use(expressErrors());
 * ```
 */
export function expressErrors(): (
  error: unknown,
  request: ExpressRequest,
  response: ExpressResponse,
  next: (error?: unknown) => void,
) => Promise<void> {
  return async (error, request, response, next) => {
    if (!isTenantryError(error) || response.headersSent) return next(error);
    return send(
      response,
      problemResponse(error, thrownInside(request, error) ?? requestIdOf(webHeaders(request.headers))),
    );
  };
}
