/** Step-up: asking for proof of more than a password, and not too long ago. */
import { tenantryError } from "../../errors/index.js";
import { tokenClockToleranceMs, trustedListMax } from "../../limits/index.js";
import { type Clock, safeTime, systemClock } from "../../observe/index.js";
import { copiedList, optionNames, takeOptions } from "../../options/index.js";
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

const names = optionNames<MfaOptions>({ methods: true, assurances: true, maxAgeMs: true, clock: true });

/** The texts of a list, in a copy; of what is none, nothing. */
const texts = (given: unknown): readonly string[] =>
  (copiedList(given, trustedListMax) ?? []).filter((one) => typeof one === "string");

/**
 * Lets pass who has proved more than one factor, at most `maxAgeMs` ago, and not in times to come: by more than
 * `tokenClockToleranceMs` (5,000).
 *
 * @throws `OPTION_UNKNOWN`, `OPTIONS_INVALID`; `MFA_REQUIRED`, which `tenantry/http` answers with 401 and the challenge of RFC 9470.
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
export function requireMfa(principal: Principal, options?: MfaOptions): void {
  const taken = takeOptions(options, names, "requireMfa");
  const { methods = ["mfa"], assurances = [], maxAgeMs, clock = systemClock } = taken;
  const { assurance, authenticatedAt } = principal;
  const [enough, asked] = [texts(methods), texts(assurances)];
  const isStrong =
    principal.methods.some((method) => enough.includes(method)) ||
    (assurance !== undefined && asked.includes(assurance));
  const ageMs = authenticatedAt === undefined ? undefined : safeTime(clock)() - authenticatedAt;
  const isOld = maxAgeMs !== undefined && !(ageMs !== undefined && ageMs <= maxAgeMs);
  const isToCome = ageMs !== undefined && !(ageMs >= -tokenClockToleranceMs);
  if (isStrong && !isOld && !isToCome) return;
  const maxAgeS = maxAgeMs === undefined ? undefined : maxAgeMs / 1_000;
  throw refusedSignIn(tenantryError("MFA_REQUIRED", { assurances: [...asked], maxAgeS }), principal);
}
