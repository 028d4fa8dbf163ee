/** Step-up: asking for proof of more than a password, and not too long ago. */
import { tenantryError } from "../../errors/index.js";
import { type Clock, safeTime, systemClock } from "../../observe/index.js";
import { refusedSignIn } from "../identity/weak-sign-in.js";
import type { Principal } from "./principal.js";

/**
 * What counts as surely enough.
 *
 * @example
 * ```ts
 * import type { MfaOptions } from "tenantry/access";
 * const forPayments: MfaOptions = { methods: ["mfa", "hwk"], maxAgeMs: 5 * 60_000 };
 * ```
 */
export interface MfaOptions {
  /** One of these in `amr` is enough: `["mfa"]` unless given. */
  readonly methods?: readonly string[] | undefined;
  /** Or one of these as `acr`: none unless given. */
  readonly assurances?: readonly string[] | undefined;
  /** Milliseconds since `auth_time` at most; without it, it does not matter. */
  readonly maxAgeMs?: number | undefined;
  /** Time, replaced in tests. */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/**
 * Lets pass who has proved more than one factor, at most `maxAgeMs` ago.
 *
 * @throws `MFA_REQUIRED`, which `tenantry/http` answers with 401 and the challenge of RFC 9470.
 *
 * @example
 * ```ts
 * import { type Principal, requireMfa } from "tenantry/access";
 * function pay(principal: Principal, cents: number) {
 *   requireMfa(principal, { maxAgeMs: 5 * 60_000 });
 *   return cents;
 * }
 * ```
 */
export function requireMfa(principal: Principal, options: MfaOptions = {}): void {
  const { methods = ["mfa"], assurances = [], maxAgeMs, clock = systemClock } = options;
  const { assurance, authenticatedAt } = principal;
  const strong =
    principal.methods.some((method) => methods.includes(method)) ||
    (assurance !== undefined && assurances.includes(assurance));
  const fresh =
    maxAgeMs === undefined || (authenticatedAt !== undefined && safeTime(clock)() - authenticatedAt <= maxAgeMs);
  if (strong && fresh) return;
  const maxAgeS = maxAgeMs === undefined ? undefined : maxAgeMs / 1_000;
  throw refusedSignIn(tenantryError("MFA_REQUIRED", { assurances, maxAgeS }), principal);
}
