/** Published as `tenantry/http`: from a request to its tenant, for Hono, Express, Fastify and plain web requests. */
export { type ExpressRequest, expressErrors, expressMiddleware } from "./adapters/express.js";
export { type FastifyReply, type FastifyRequest, fastifyErrors, fastifyHook } from "./adapters/fastify.js";
export { type HonoContext, honoErrors, type TenantVariables, tenantMiddleware } from "./adapters/hono.js";
export type { NodeResponse } from "./adapters/node-answer.js";
export type { NodeHeaders, NodeRequest } from "./adapters/node-message.js";
export { tenantFetch } from "./adapters/tenant-fetch.js";
export { problemResponse } from "./door/answer.js";
export { requestScope } from "./door/exchange.js";
export type { Failure, OnError } from "./door/failure.js";
export type { RequestScope } from "./door/request-scope.js";
export type { ErrorHandlerOptions } from "./door/stray-exchange.js";
export type { Refusal, TenantDoorOptions } from "./door/tenant-door.js";
export { type SessionAuthenticatorOptions, sessionAuthenticator } from "./session-authenticator.js";
