/** The middleware on web standards alone: a handler of requests in front of which the tenant is found. */
import { bindExchange } from "../door/exchange.js";
import { Lifetime } from "../door/lifetime.js";
import type { RequestScope } from "../door/request-scope.js";
import { TenantDoor, type TenantDoorOptions } from "../door/tenant-door.js";
import { guardBody } from "./json-body.js";
import { sealedResponse } from "./web-answer.js";

/**
 * Puts the door in front of a handler of web requests: of `Deno.serve`, `Bun.serve`, a worker, or a test. What the handler
 * throws is answered by {@link problemResponse}, and told to `onError` or the log where it is a failure. A response that
 * switches protocols (101) is handed on as it is.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`, `OPTION_UNKNOWN`. What it returns never rejects.
 *
 * @example
 * ```ts
 * import { type Database, entity } from "tenantry";
 * import type { Authenticate } from "tenantry/access";
 * import { tenantFetch } from "tenantry/http";
 * import { z } from "zod";
 * const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });
 * declare const db: Database;
 * declare const authenticate: Authenticate;
 * const fetch = tenantFetch({ db, authenticate }, async (_request, { tenant }) =>
 *   Response.json(await tenant.repository(Note).list({ limit: 50 })),
 * );
 * ```
 */
export function tenantFetch(
  options: TenantDoorOptions,
  handle: (request: Request, scope: RequestScope) => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  const door = new TenantDoor(options);
  return async (request) => {
    const { headers, url, method } = request;
    const lifetime = new Lifetime(() => request.signal);
    const exchange = await door.enter({ path: new URL(url).pathname, headers, url, method, lifetime });
    const { entrance } = exchange;
    if ("refusal" in entrance) return exchange.problem(entrance.refusal);
    bindExchange(request, exchange);
    guardBody(request);
    try {
      return sealedResponse(await handle(request, entrance.scope), exchange);
    } catch (error) {
      lifetime.end("sent");
      return exchange.problem(error);
    }
  };
}
