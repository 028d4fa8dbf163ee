/** The middleware on web standards alone: a handler of requests in front of which the tenant is found. */
import { problemResponse } from "./answer.js";
import { bindScope, type RequestScope } from "./request-scope.js";
import { TenantDoor, type TenantDoorOptions } from "./tenant-door.js";

/**
 * Puts the door in front of a handler of web requests: of `Deno.serve`, `Bun.serve`, a worker, or a test. What the handler
 * throws is answered by {@link problemResponse}.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID`
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
    const { headers, url } = request;
    const entrance = await door.enter({ path: new URL(url).pathname, headers });
    const { requestId, scope } = entrance;
    if (scope === undefined) return problemResponse(entrance.error, requestId);
    bindScope(request, scope, door);
    try {
      const response = await handle(request, scope);
      if (response.headers.has("x-request-id")) return response;
      const own = new Response(response.body, response);
      own.headers.set("x-request-id", requestId);
      return own;
    } catch (error) {
      door.thrown(scope, error);
      return problemResponse(error, requestId);
    }
  };
}
