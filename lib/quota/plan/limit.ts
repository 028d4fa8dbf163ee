/** Limits: how much of a resource a plan grants, and what counts as a limit at all. */
import { tenantryError } from "../../errors/index.js";

/**
 * A bound on what is counted: a number, or `{ hard }`, is never passed; `{ soft }` is checked without a conflict, so
 * transactions that run at the same time may pass it together by what they add. `Infinity` is no limit.
 *
 * @example
 * ```ts
 * import type { QuotaLimit } from "tenantry";
 * const seats: QuotaLimit = 5;
 * const bytes: QuotaLimit = { soft: 1_000_000_000 };
 * ```
 */
export type QuotaLimit = number | { readonly hard: number } | { readonly soft: number };

/**
 * Tokens of a bucket: so many come back per second or minute, and at most `burst` are ever there, by default those of
 * the whole period. `Infinity` is no limit.
 *
 * @example
 * ```ts
 * import type { RateLimit } from "tenantry";
 * const calls: RateLimit = { perMinute: 600, burst: 100 };
 * ```
 */
export type RateLimit =
  | { readonly perSecond: number; readonly burst?: number | undefined }
  | { readonly perMinute: number; readonly burst?: number | undefined };

/** A limit that holds. */
export interface Limit {
  readonly kind: "hard" | "soft";
  readonly limit: number;
}

/** A rate that holds. */
export interface Rate {
  readonly burst: number;
  readonly perMs: number;
}

/** Says why an option is refused. */
export const refusePlan = (reason: string): Error =>
  tenantryError("DATABASE_OPTION_INVALID", { option: "quotas", reason });

const isBound = (value: unknown): value is number =>
  value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) >= 0);

/** Makes the error that says why what was given is refused. */
export type Refuse = (reason: string) => Error;

/** The limit that was given; undefined for none. @throws what `refuse` makes */
export function readLimit(given: unknown, refuse: Refuse): Limit | undefined {
  const isObject = typeof given === "object" && given !== null;
  const kind = isObject && "soft" in given ? "soft" : "hard";
  const limit: unknown = isObject ? Reflect.get(given, kind) : given;
  if (!isBound(limit) || (isObject && Object.keys(given).length !== 1)) {
    throw refuse("is not a whole number from 0 on, or one as { hard } or { soft }");
  }
  return limit === Number.POSITIVE_INFINITY ? undefined : { kind, limit };
}

/** The rate that was given; undefined for none. @throws what `refuse` makes */
export function readRate(given: unknown, refuse: Refuse): Rate | undefined {
  const reason = "is not { perSecond } or { perMinute } of whole numbers from 0 on";
  if (typeof given !== "object" || given === null) throw refuse(reason);
  const perSecond = "perSecond" in given;
  const count: unknown = Reflect.get(given, perSecond ? "perSecond" : "perMinute");
  const burst: unknown = Reflect.get(given, "burst") ?? count;
  if (!isBound(count) || !isBound(burst) || (perSecond && "perMinute" in given)) throw refuse(reason);
  if (count === Number.POSITIVE_INFINITY) return undefined;
  if (burst === Number.POSITIVE_INFINITY) throw refuse("has a burst without end");
  return { burst, perMs: count / (perSecond ? 1_000 : 60_000) };
}
