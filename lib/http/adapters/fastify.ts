/** The hook for Fastify 5. */
import { bindExchange, type Exchange, exchangeOf } from "../door/exchange.js";
import { type ErrorHandlerOptions, strayExchanges } from "../door/stray-exchange.js";
import { TenantDoor, type TenantDoorOptions } from "../door/tenant-door.js";
import { type AnswerHeaders, lifetimeOf, type NodeResponse, replaceHeaders, tieResponse } from "./node-answer.js";
import { type NodeRequest, webHeaders } from "./node-message.js";

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
  readonly raw: NodeRequest;
}

/**
 * What the hook uses of Fastify's reply.
 *
 * @example
 * ```ts
 * import type { FastifyReply } from "tenantry/http";
 * const begun = (reply: FastifyReply) => reply.raw.headersSent;
 * ```
 */
export interface FastifyReply {
  readonly raw: NodeResponse;
  code(status: number): unknown;
  getHeaders(): Readonly<Record<string, number | string | readonly string[] | undefined>>;
  header(name: string, value: number | string | readonly string[]): unknown;
  removeHeader(name: string): unknown;
  send(body: unknown): unknown;
}

const headersOf = (reply: FastifyReply): AnswerHeaders => ({
  names: () => Object.keys(reply.getHeaders()),
  get: (name) => reply.getHeaders()[name],
  set: (name, value) => reply.header(name, value),
  remove: (name) => reply.removeHeader(name),
});

async function sendProblem(reply: FastifyReply, exchange: Exchange, problem: Response): Promise<FastifyReply> {
  replaceHeaders(headersOf(reply), exchange, problem);
  reply.code(problem.status);
  // To the type of a text it would add a charset, which JSON has not.
  reply.send(Buffer.from(await problem.arrayBuffer()));
  return reply;
}

/**
 * Hook for Fastify 5 (`onRequest`), which answers as {@link tenantMiddleware} does. Handlers behind it find their tenant
 * with {@link requestScope}; give {@link fastifyErrors} to `setErrorHandler`.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`, `OPTION_UNKNOWN`
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
    const { originalUrl, raw } = request;
    const head = { method: raw.method, url: originalUrl, headers: webHeaders(raw) };
    const exchange = await door.enter({ ...head, path: originalUrl, lifetime: lifetimeOf(reply.raw) });
    tieResponse(reply.raw, exchange, headersOf(reply));
    if ("refusal" in exchange.entrance) {
      return sendProblem(reply, exchange, exchange.problem(exchange.entrance.refusal));
    }
    bindExchange(request, exchange);
    return undefined;
  };
}

/**
 * Answers what handlers of Fastify throw, and what reads and checks their requests, as {@link problemResponse} does.
 *
 * @example
 * ```ts
 * import fastify from "fastify";
 * import { fastifyErrors } from "tenantry/http";
 * const app = fastify();
 * app.setErrorHandler(fastifyErrors());
 * ```
 */
export function fastifyErrors(
  options?: ErrorHandlerOptions,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const strayExchange = strayExchanges(options, "fastifyErrors");
  return async (error, request, reply) => {
    const exchange = exchangeOf(request) ?? strayExchange(webHeaders(request.raw));
    return sendProblem(reply, exchange, exchange.problem(error));
  };
}
