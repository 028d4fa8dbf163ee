/** The hook for Fastify 5. */
import { isTenantryError } from "../errors/index.js";
import { problemResponse } from "./answer.js";
import { type NodeHeaders, webHeaders } from "./node-message.js";
import { bindScope, thrownInside } from "./request-scope.js";
import { requestIdOf, TenantDoor, type TenantDoorOptions } from "./tenant-door.js";

/**
 * What the hook uses of Fastify's request.
 *
 * @example
 * ```ts
 * import type { FastifyRequest } from "tenantry/http";
 * const pathOf = (request: FastifyRequest) => request.originalUrl;
 * ```
 */
export interface FastifyRequest {
  readonly originalUrl: string;
  readonly headers: NodeHeaders;
}

/**
 * What the hook uses of Fastify's reply.
 *
 * @example
 * ```ts
 * import type { FastifyReply } from "tenantry/http";
 * const teapot = (reply: FastifyReply) => reply.code(418);
 * ```
 */
export interface FastifyReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: unknown): unknown;
}

async function send(reply: FastifyReply, answer: Response): Promise<FastifyReply> {
  reply.code(answer.status);
  for (const [name, value] of answer.headers) reply.header(name, value);
  reply.send(await answer.text());
  return reply;
}

/**
 * Hook for Fastify 5 (`onRequest`), which answers as {@link tenantMiddleware} does. Handlers behind it find their tenant
 * with {@link requestScope}; give {@link fastifyErrors} to `setErrorHandler`.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`
 *
 * @example
 * ```ts
 * import fastify from "fastify";
 * import { type Database, entity } from "tenantry";
 * import type { Authenticate } from "tenantry/access";
 * import { fastifyErrors, fastifyHook, requestScope } from "tenantry/http";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const db: Database;
 * declare const authenticate: Authenticate;
 *
 * const app = fastify();
 * app.setErrorHandler(fastifyErrors());
 * app.addHook("onRequest", fastifyHook({ db, authenticate }));
 * app.get("/t/:tenant/cities", (request) => requestScope(request).tenant.repository(City).list({ limit: 50 }));
 * ```
 */
export function fastifyHook(
  options: TenantDoorOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const door = new TenantDoor(options);
  return async (request, reply) => {
    const entrance = await door.enter({ path: request.originalUrl, headers: webHeaders(request.headers) });
    const { requestId, scope } = entrance;
    if (scope === undefined) return send(reply, problemResponse(entrance.error, requestId));
    bindScope(request, scope, door);
    reply.header("x-request-id", requestId);
    return undefined;
  };
}

/**
 * Answers what handlers of Fastify throw, where it is an error of this library; throws again what is not, which Fastify
 * then answers itself.
 *
 * @example
 * ```ts
 * import fastify from "fastify";
 * import { fastifyErrors } from "tenantry/http";
 * const app = fastify();
 * app.setErrorHandler(fastifyErrors());
 * ```
 */
export function fastifyErrors(): (
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply> {
  return async (error, request, reply) => {
    if (!isTenantryError(error)) throw error;
    return send(
      reply,
      problemResponse(error, thrownInside(request, error) ?? requestIdOf(webHeaders(request.headers))),
    );
  };
}
