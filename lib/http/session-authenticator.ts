/** Authentication by a stored session: its token in a cookie, or as a bearer token. */

import { decodeToken } from "../access/identity/index.js";
import type { Authenticate } from "../access/index.js";
import type { Database } from "../database.js";
import { isTenantryError, tenantryError } from "../errors/index.js";

/**
 * Where the sessions are and where their tokens come from.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * import { sessionAuthenticator, type SessionAuthenticatorOptions } from "tenantry/http";
 * declare const db: Database;
 * const options: SessionAuthenticatorOptions = { db, cookie: "__Host-session" };
 * const authenticate = sessionAuthenticator(options);
 * ```
 */
export interface SessionAuthenticatorOptions {
  readonly db: Database;
  /** The cookie with the token: `session` unless given; `false` takes bearer tokens alone. */
  readonly cookie?: string | false | undefined;
}

/** The value of the only cookie of a name; undefined when there is none, or more than one. */
function cookieOf(header: string | null, name: string): string | undefined {
  const found = (header ?? "").split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return found.length === 1 ? found[0] : undefined;
}

/**
 * Tells who a request comes from by the session whose token it carries, in the `Authorization` header as a bearer token or
 * in a cookie. Set the cookie `HttpOnly; Secure; SameSite=Lax`, so that other sites cannot act with it. One read.
 *
 * The function it returns rejects with `TOKEN_INVALID` for every reason there is: no token, a session that is over or was
 * revoked, a tenant that is not there or not available.
 *
 * @throws `AUTHENTICATOR_OPTION_INVALID` for what cannot be a cookie's name.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * import { sessionAuthenticator, tenantMiddleware } from "tenantry/http";
 * declare const db: Database;
 * const middleware = tenantMiddleware({ db, authenticate: sessionAuthenticator({ db, cookie: "__Host-session" }) });
 * ```
 */
export function sessionAuthenticator({ db, cookie = "session" }: SessionAuthenticatorOptions): Authenticate {
  if (cookie !== false && !/^[\w!#$%&'*+.^`|~-]+$/.test(cookie)) {
    throw tenantryError("AUTHENTICATOR_OPTION_INVALID", { option: "cookie", reason: "not the name of a cookie" });
  }
  return async ({ headers }) => {
    const [, bearer] = /^Bearer +([\w-]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    const token = bearer ?? (cookie === false ? undefined : cookieOf(headers.get("cookie"), cookie));
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
