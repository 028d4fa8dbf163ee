/** Authentication by a stored session: its token in a cookie, or as a bearer token. */

import { decodeToken } from "../access/identity/index.js";
import type { Authenticate, RequestHead } from "../access/index.js";
import type { Database } from "../database.js";
import { isTenantryError, tenantryError } from "../errors/index.js";
import { sessionOriginsMax } from "../limits/index.js";
import { copiedList, optionNames, takeOptions } from "../options/index.js";
import { isCrossSite } from "./same-origin.js";

/**
 * Where the sessions are and where their tokens come from.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * import { sessionAuthenticator, type SessionAuthenticatorOptions } from "tenantry/http";
 * declare const db: Database;
 * const options: SessionAuthenticatorOptions = { db, origins: ["https://app.example.com"] };
 * const authenticate = sessionAuthenticator(options);
 * ```
 */
export interface SessionAuthenticatorOptions {
  readonly db: Database;
  /**
   * The cookie with the token: `__Host-session` unless given, which browsers take from this very host alone, over https;
   * `false` takes bearer tokens alone.
   */
  readonly cookie?: string | false | undefined;
  /**
   * Origins besides the service's own, such as `https://app.example.com`, whose pages may send requests with the cookie.
   * Also the service's own, where what stands in front of it changes the `Host` header.
   */
  readonly origins?: readonly string[] | undefined;
}

const names = optionNames<SessionAuthenticatorOptions>({ db: true, cookie: true, origins: true });

const refuse = (option: string, reason: string): Error =>
  tenantryError("AUTHENTICATOR_OPTION_INVALID", { option, reason });

function originsOf(origins: unknown): ReadonlySet<string> {
  const list = copiedList(origins, sessionOriginsMax);
  const isOrigin = (one: unknown): one is string =>
    typeof one === "string" && URL.canParse(one) && new URL(one).origin === one;
  if (list === undefined || !list.every(isOrigin))
    throw refuse("origins", "not a list of origins as browsers spell them");
  return new Set(list);
}

/** The value of the only cookie of a name; undefined when there is none, or more than one. */
function cookieOf(header: string | null, name: string): string | undefined {
  const found = (header ?? "").split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return found.length === 1 ? found[0] : undefined;
}

/** The token that a request carries: in its `Authorization` header if it has one, otherwise in the cookie. */
function tokenOf(head: RequestHead, cookie: string | false, origins: ReadonlySet<string>): string | undefined {
  const { headers } = head;
  const authorization = headers.get("authorization");
  // One that was sent twice is none, and a cookie beside it does not help.
  if (authorization !== null) return /^Bearer +([\w-]+)$/i.exec(authorization)?.[1];
  if (cookie === false) return undefined;
  const token = cookieOf(headers.get("cookie"), cookie);
  if (token !== undefined && isCrossSite(head, origins)) {
    throw tenantryError("TOKEN_INVALID", {}, { cause: new Error("Another site sent the cookie.") });
  }
  return token;
}

/**
 * Tells who a request comes from by the session whose token it carries, in the `Authorization` header as a bearer token or
 * in a cookie. Set the cookie `Path=/; HttpOnly; Secure; SameSite=Lax`. A cookie counts only where the service's own pages
 * sent it, or those of `origins`: what `Sec-Fetch-Site` says, and `Origin` for browsers that do not; but for links that
 * lead to a page. One read.
 *
 * The function it returns rejects with `TOKEN_INVALID` for every reason there is: no token, a session that is over or was
 * revoked, a request of another site, a tenant that is not there or not available.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID` for what cannot be a cookie's name or an origin, `OPTION_UNKNOWN`.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * import { sessionAuthenticator, tenantMiddleware } from "tenantry/http";
 * declare const db: Database;
 * const middleware = tenantMiddleware({ db, authenticate: sessionAuthenticator({ db }) });
 * ```
 */
export function sessionAuthenticator(options: SessionAuthenticatorOptions): Authenticate {
  const { db, cookie = "__Host-session", origins = [] } = takeOptions(options, names, "sessionAuthenticator");
  if (typeof db?.tenant !== "function") throw refuse("db", "not a database");
  if (cookie !== false && !/^[\w!#$%&'*+.^`|~-]+$/.test(cookie)) throw refuse("cookie", "not the name of a cookie");
  const known = originsOf(origins);
  return async (head) => {
    const token = tokenOf(head, cookie, known);
    const tenant = decodeToken(token)?.tenant;
    if (token === undefined || tenant === undefined) throw tenantryError("TOKEN_INVALID", {});
    const session = await db.tenant(tenant).sessions.open(token).catch(refuseUnavailable);
    const { subject, roles, expiresAt, authenticatedAt, methods, assurance } = session;
    const claims = { ...session };
    return { tenant, subject, roles, issuer: "session", expiresAt, authenticatedAt, methods, assurance, claims };
  };
}

/** A good token of a tenant that is not available is answered as one that is not good. */
function refuseUnavailable(cause: unknown): never {
  throw isTenantryError(cause, "TENANT_UNAVAILABLE") ? tenantryError("TOKEN_INVALID", {}, { cause }) : cause;
}
