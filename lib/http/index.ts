/** Published as `tenantry/http`: from a request to its tenant, for Hono, Express, Fastify and plain web requests. */
export { problemResponse } from "./answer.js";
export { type ExpressRequest, type ExpressResponse, expressErrors, expressMiddleware } from "./express.js";
export { type FastifyReply, type FastifyRequest, fastifyErrors, fastifyHook } from "./fastify.js";
export { type HonoContext, type TenantVariables, tenantMiddleware } from "./hono.js";
export type { NodeHeaders } from "./node-message.js";
export { type RequestScope, requestScope } from "./request-scope.js";
export { type SessionAuthenticatorOptions, sessionAuthenticator } from "./session-authenticator.js";
export type { Refusal, TenantDoorOptions } from "./tenant-door.js";
export { tenantFetch } from "./tenant-fetch.js";
