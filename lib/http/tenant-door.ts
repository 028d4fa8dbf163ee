/** The door of a service: from a request's head to the tenant it may work with, or to one of very few refusals. */
import { randomUUID } from "node:crypto";
import { signInOf } from "../access/identity/index.js";
import type { Authenticate, Principal } from "../access/index.js";
import type { Database } from "../database.js";
import { isTenantryError, tenantryError } from "../errors/index.js";
import { tenantContext } from "../tenant/index.js";
import { MemberRoles } from "./member-roles.js";
import type { RequestScope } from "./request-scope.js";
import { type TenantOfPath, tenantOfPath } from "./tenant-path.js";

/**
 * Why a request was refused, for logs; nothing of it is answered.
 *
 * @example
 * ```ts
 * import type { Refusal } from "tenantry/http";
 * const onRefused = ({ reason, requestId, principal }: Refusal) =>
 *   console.warn("refused", reason, requestId, principal?.issuer);
 * ```
 */
export interface Refusal {
  /**
   * `token`: it is missing or not valid; `foreign`: the path names another tenant than the token, or none;
   * `unavailable`: the tenant is unknown, suspended, quarantined or retired; `member`: the subject does not belong to it;
   * `mfa`: `requireMfa` did not let it pass, in `authenticate` or in a handler.
   */
  readonly reason: "token" | "foreign" | "unavailable" | "member" | "mfa";
  readonly requestId: string;
  /** Undefined when the token is what was refused. */
  readonly principal: Principal | undefined;
  /** What was thrown; its `cause` says why a token was refused. */
  readonly error: unknown;
}

/**
 * What the middlewares of this package take.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * import { jwtAuthenticator } from "tenantry/access";
 * import { tenantMiddleware, type TenantDoorOptions } from "tenantry/http";
 * declare const db: Database;
 * const options: TenantDoorOptions = {
 *   db,
 *   authenticate: jwtAuthenticator({
 *     issuer: "https://id.example.com/",
 *     audience: "notes",
 *     jwks: "https://id.example.com/.well-known/jwks.json",
 *   }),
 *   path: "/api/:tenant",
 *   onRefused: ({ reason, requestId }) => console.warn("refused", reason, requestId),
 * };
 * const middleware = tenantMiddleware(options);
 * ```
 */
export interface TenantDoorOptions {
  readonly db: Database;
  /** Who asks: made by `jwtAuthenticator`, `sessionAuthenticator`, or by you. */
  readonly authenticate: Authenticate;
  /** Where the tenant's id is in the path: `/t/:tenant` unless given; `false` when the token alone names it. */
  readonly path?: string | false | undefined;
  /**
   * Where the context's roles come from: `principal`, what the token or the session says, unless given; `members`, what the
   * tenant says of its members, and who is none is refused as if the tenant were not there.
   */
  readonly roles?: "principal" | "members" | undefined;
  /**
   * Milliseconds for which a member's roles are kept in memory: 0 unless given, so that each request reads them, and
   * `membersCachedLongestMs` (a minute) at most. A member removed can act for so long still.
   */
  readonly membersCacheMs?: number | undefined;
  /**
   * Told why a request was refused. What it throws changes nothing. With the `audit` of `open`, the audit trail of
   * the principal's tenant is told as well.
   */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

/** What of a request decides whether it comes in. */
export interface Knock {
  /** The path as it was sent. */
  readonly path: string;
  readonly headers: Headers;
}

/** What became of a request at the door. */
export type Entrance =
  | { readonly scope: RequestScope; readonly requestId: string }
  | { readonly scope: undefined; readonly requestId: string; readonly error: unknown };

/** What a refusal is called in the audit trail. */
const codes = {
  token: "TOKEN_INVALID",
  foreign: "TENANT_FOREIGN",
  unavailable: "TENANT_UNAVAILABLE",
  member: "MEMBER_UNKNOWN",
  mfa: "MFA_REQUIRED",
} as const satisfies Readonly<Record<Refusal["reason"], string>>;

/** A request id that may go into headers and logs as it is. */
const wellFormedId = /^[\w.:-]{1,128}$/;

/** The caller's own request id, or a new one where it has none that can be kept. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get("x-request-id");
  return given !== null && wellFormedId.test(given) ? given : randomUUID();
}

/** Decides who comes in. */
export class TenantDoor {
  readonly #options: TenantDoorOptions;
  readonly #tenantOf: TenantOfPath | undefined;
  readonly #members: MemberRoles | undefined;

  /** @throws AUTHENTICATOR_OPTION_INVALID */
  constructor(options: TenantDoorOptions) {
    const { db, path = "/t/:tenant", roles = "principal", membersCacheMs = 0 } = options;
    this.#options = options;
    this.#tenantOf = path === false ? undefined : tenantOfPath(path);
    this.#members = roles === "members" ? new MemberRoles(db, membersCacheMs) : undefined;
  }

  /**
   * The scope of a request. The tenant is the principal's; the path has to agree. Refusals about tenants are one error
   * after the same engine calls: those that tell whether the principal's own tenant is available.
   */
  async enter({ path, headers }: Knock): Promise<Entrance> {
    const requestId = requestIdOf(headers);
    try {
      return await this.#enter(path, headers, requestId);
    } catch (error) {
      // Such as a limit, or a database that closes.
      if (!isTenantryError(error)) throw error;
      return { scope: undefined, requestId, error };
    }
  }

  async #enter(path: string, headers: Headers, requestId: string): Promise<Entrance> {
    const principal = await this.#authenticated(headers, requestId);
    const { db } = this.#options;
    const { tenant: id, subject } = principal;
    const own = { tenant: id, subject, roles: principal.roles, requestId };
    const refuse = (reason: Refusal["reason"]): Error => {
      const error = tenantryError("TENANT_UNAVAILABLE", {});
      this.#report({ reason, requestId, principal, error });
      return error;
    };
    const available = await db.tenant(id, { context: own }).available();
    if (this.#tenantOf !== undefined && this.#tenantOf(path) !== id) throw refuse("foreign");
    if (!available) throw refuse("unavailable");
    const roles = this.#members === undefined ? principal.roles : await this.#members.of(id, subject);
    if (roles === undefined) throw refuse("member");
    const context = tenantContext({ ...own, roles });
    return { requestId, scope: { tenant: db.tenant(id, { context }), context, principal, requestId } };
  }

  async #authenticated(headers: Headers, requestId: string): Promise<Principal> {
    try {
      return await this.#options.authenticate({ headers });
    } catch (error) {
      const principal = signInOf(error);
      this.#report({ reason: principal === undefined ? "token" : "mfa", requestId, principal, error });
      throw error;
    }
  }

  /** Hears what a handler threw for a request that came in. */
  thrown({ requestId, principal }: RequestScope, error: unknown): void {
    if (isTenantryError(error, "MFA_REQUIRED")) this.#report({ reason: "mfa", requestId, principal, error });
  }

  /**
   * Tells of a refusal, the same way whatever it was: at once the listener, and the audit trail of the principal's tenant
   * later, when the answer is gone. The path's tenant is not told what others try.
   */
  #report(refusal: Refusal): void {
    const { reason, requestId, principal, error } = refusal;
    // Keys that cannot be fetched, or a bug, refuse nobody.
    if (reason !== "token" || isTenantryError(error, "TOKEN_INVALID")) {
      const attempt = { code: codes[reason], subject: principal?.subject, requestId, operation: "request" };
      this.#options.db.audit.hear(principal?.tenant, attempt);
    }
    try {
      this.#options.onRefused?.(refusal);
    } catch {
      // Whoever listens decides nothing.
    }
  }
}
