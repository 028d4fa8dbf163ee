/** The door of a service: from a request's head to the tenant it may work with, or to one of very few refusals. */
import { randomUUID } from "node:crypto";
import { signInOf } from "../../access/identity/index.js";
import type { Authenticate, Principal, RequestHead } from "../../access/index.js";
import type { Database } from "../../database.js";
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { assertFunction, assertFunctionIfGiven, optionNames, takeOptions } from "../../options/index.js";
import { tenantContext } from "../../tenant/index.js";
import { type Entrance, Exchange } from "./exchange.js";
import { isFailure, logFailures, type OnError, tell } from "./failure.js";
import type { Lifetime } from "./lifetime.js";
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
  /**
   * Told of every error that is answered with a 5xx, in place of the log: unless given, it is written to the `logger` of
   * `open`, or to the console where there is none. What it throws changes nothing.
   */
  readonly onError?: OnError | undefined;
}

const names = optionNames<TenantDoorOptions>({
  db: true,
  authenticate: true,
  path: true,
  roles: true,
  membersCacheMs: true,
  onRefused: true,
  onError: true,
});

/** What of a request decides whether it comes in, and how long it lasts. */
export interface Knock extends RequestHead {
  /** The path as it was sent. */
  readonly path: string;
  readonly lifetime: Lifetime;
}

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
  readonly #db: Database;
  readonly #authenticate: Authenticate;
  readonly #tenantOf: TenantOfPath | undefined;
  readonly #members: MemberRoles | undefined;
  readonly #onRefused: ((refusal: Refusal) => void) | undefined;
  readonly #onError: OnError;

  /** @throws AUTHENTICATOR_OPTION_INVALID, FUNCTION_INVALID, OPTION_UNKNOWN */
  constructor(options: TenantDoorOptions) {
    const taken = takeOptions(options, names, "TenantDoorOptions");
    const { db, authenticate, path = "/t/:tenant", roles = "principal", membersCacheMs = 0, onRefused } = taken;
    if (typeof db?.tenant !== "function") {
      throw tenantryError("AUTHENTICATOR_OPTION_INVALID", { option: "db", reason: "not a database" });
    }
    assertFunction(authenticate, "authenticate");
    for (const [name, fn] of Object.entries({ onRefused, onError: taken.onError })) assertFunctionIfGiven(fn, name);
    this.#db = db;
    this.#authenticate = authenticate;
    this.#tenantOf = path === false ? undefined : tenantOfPath(path);
    this.#members = roles === "members" ? new MemberRoles(db, membersCacheMs) : undefined;
    this.#onRefused = onRefused;
    this.#onError = taken.onError ?? logFailures(db.logger);
  }

  /**
   * Lets a request in, or not. The tenant is the principal's; the path has to agree. Refusals about tenants are one error
   * after the same engine calls: those that tell whether the principal's own tenant is available. Never rejects.
   */
  async enter(knock: Knock): Promise<Exchange> {
    const requestId = requestIdOf(knock.headers);
    let entrance: Entrance;
    try {
      entrance = { scope: await this.#enter(knock, requestId) };
    } catch (refusal) {
      entrance = { refusal };
    }
    return new Exchange(requestId, knock.lifetime, entrance, (scope, error, status) => {
      this.#answered(requestId, scope, error, status);
    });
  }

  async #enter({ path, lifetime, ...head }: Knock, requestId: string): Promise<RequestScope> {
    const principal = await this.#authenticated(head, requestId);
    const { tenant: id, subject, roles: own } = principal;
    const refuse = (reason: Refusal["reason"]): Error => {
      const error = tenantryError("TENANT_UNAVAILABLE", {});
      this.#refused({ reason, requestId, principal, error });
      return error;
    };
    const known = { tenant: id, subject, requestId };
    const available = await this.#db.tenant(id, { context: { ...known, roles: own } }).available();
    if (this.#tenantOf !== undefined && this.#tenantOf(path) !== id) throw refuse("foreign");
    if (!available) throw refuse("unavailable");
    const roles = this.#members === undefined ? own : await this.#members.of(id, subject);
    if (roles === undefined) throw refuse("member");
    const context = tenantContext({ ...known, roles });
    return {
      tenant: this.#db.tenant(id, { context }),
      context,
      principal,
      requestId,
      get signal() {
        return lifetime.signal;
      },
      // The service counts it, whatever the roles of who asks say of quotas.
      connect: () => this.#db.tenant(id).quotas.connect({ signal: lifetime.over }),
    };
  }

  async #authenticated(head: RequestHead, requestId: string): Promise<Principal> {
    try {
      return await this.#authenticate(head);
    } catch (error) {
      const principal = signInOf(error);
      this.#refused({ reason: principal === undefined ? "token" : "mfa", requestId, principal, error });
      throw error;
    }
  }

  /** Hears what a request is answered with, when that is an error. */
  #answered(requestId: string, scope: RequestScope | undefined, error: unknown, status: number): void {
    const principal = scope?.principal;
    if (principal !== undefined && isTenantryError(error, "MFA_REQUIRED")) {
      this.#refused({ reason: "mfa", requestId, principal, error });
    }
    if (isFailure(error, status)) tell(this.#onError, { error, status, requestId, principal });
  }

  /**
   * Tells of a refusal, the same way whatever it was: at once the listener, and the audit trail of the principal's tenant
   * later, when the answer is gone. The path's tenant is not told what others try.
   */
  #refused(refusal: Refusal): void {
    const { reason, requestId, principal, error } = refusal;
    // Keys that cannot be fetched, or a bug, refuse nobody.
    if (reason !== "token" || isTenantryError(error, "TOKEN_INVALID")) {
      const attempt = { code: codes[reason], subject: principal?.subject, requestId, operation: "request" };
      this.#db.audit.hear(principal?.tenant, attempt);
    }
    tell(this.#onRefused, refusal);
  }
}
