/** Principals: who a request comes from, as a verified token or a stored session says. */
import type { TenantId } from "../../tenant/index.js";

/**
 * Who asks, in which tenant, and how surely. Every part of it was verified; nothing in it is from a header of its own.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * import type { Principal } from "tenantry/access";
 * declare const db: Database;
 * const handleOf = ({ tenant, subject, roles }: Principal) =>
 *   db.tenant(tenant, { context: { tenant, subject, roles } });
 * ```
 */
export interface Principal {
  readonly tenant: TenantId;
  readonly subject: string;
  /** Names of roles, as the issuer gave them. */
  readonly roles: readonly string[];
  /** Who vouches for all this: the token's issuer, or `session`. */
  readonly issuer: string;
  /** Milliseconds since 1970 from which the token or the session is good no more. */
  readonly expiresAt: number;
  /** When the subject last proved who it is, in milliseconds since 1970; undefined when it is not said. */
  readonly authenticatedAt: number | undefined;
  /** How it did, in the words of RFC 8176: `pwd`, `otp`, `mfa` … */
  readonly methods: readonly string[];
  /** The level of assurance in the issuer's words (`acr`); undefined when it is not said. */
  readonly assurance: string | undefined;
  /** All claims of a token, or what a session was made with. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * What an authenticator sees of a request; a web `Request` is one.
 *
 * @example
 * ```ts
 * import type { RequestHead } from "tenantry/access";
 * const agentOf = ({ headers }: RequestHead) => headers.get("user-agent");
 * ```
 */
export interface RequestHead {
  readonly headers: Headers;
  /** `GET`, `POST` … */
  readonly method?: string | undefined;
  /** As it was sent, or as the platform completes it. */
  readonly url?: string | undefined;
}

/**
 * Tells who a request comes from. Rejects with `TOKEN_INVALID` when it does not say, or not truly.
 *
 * @example
 * ```ts
 * import { type Authenticate, jwtAuthenticator } from "tenantry/access";
 * const authenticate: Authenticate = jwtAuthenticator({
 *   issuer: "https://id.example.com/",
 *   audience: "notes",
 *   jwks: "https://id.example.com/.well-known/jwks.json",
 * });
 * ```
 */
export type Authenticate = (request: RequestHead) => Promise<Principal>;
