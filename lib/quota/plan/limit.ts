/** Limits: how much of a resource a plan grants, and what counts as a limit at all. */
import { tenantryError } from "../../errors/index.js";
import { optionNames, takeOptions } from "../../options/index.js";

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

const limitNames = optionNames<{ readonly hard: number } | { readonly soft: number }>({ hard: true, soft: true });
const rateNames = optionNames<RateLimit>({ perSecond: true, perMinute: true, burst: true });

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The limit that was given; undefined for none. @throws what `refuse` makes, OPTION_UNKNOWN */
export function readLimit(given: unknown, refuse: Refuse): Limit | undefined {
  const number: { readonly hard?: unknown; readonly soft?: unknown } = { hard: given, soft: undefined };
  const { hard, soft } = isObject(given) ? takeOptions<typeof number>(given, limitNames, "limit") : number;
  const limit = soft ?? hard;
  if (!isBound(limit) || (hard !== undefined && soft !== undefined)) {
    throw refuse("is not a whole number from 0 on, or one as { hard } or { soft }");
  }
  return limit === Number.POSITIVE_INFINITY ? undefined : { kind: soft === undefined ? "hard" : "soft", limit };
}

/** The tokens of a rate that was given, of one period or the other; undefined for no limit. */
export type Tokens =
  | { readonly perSecond: number; readonly burst: number }
  | { readonly perMinute: number; readonly burst: number };

/** @throws what `refuse` makes, OPTION_UNKNOWN */
export function readTokens(given: unknown, refuse: Refuse): Tokens | undefined {
  const reason = "is not { perSecond } or { perMinute } of whole numbers from 0 on";
  if (!isObject(given)) throw refuse(reason);
  const parts = takeOptions<Partial<Record<"perSecond" | "perMinute" | "burst", unknown>>>(given, rateNames, "rate");
  const { perSecond, perMinute, burst = perSecond ?? perMinute } = parts;
  const count = perSecond ?? perMinute;
  if (!isBound(count) || !isBound(burst) || (perSecond !== undefined && perMinute !== undefined)) throw refuse(reason);
  if (count === Number.POSITIVE_INFINITY) return undefined;
  if (burst === Number.POSITIVE_INFINITY) throw refuse("has a burst without end");
  return perSecond === undefined ? { perMinute: count, burst } : { perSecond: count, burst };
}

/** The rate that was given; undefined for no limit. @throws as `readTokens` */
export function readRate(given: unknown, refuse: Refuse): Rate | undefined {
  const tokens = readTokens(given, refuse);
  if (tokens === undefined) return undefined;
  const perMs = "perSecond" in tokens ? tokens.perSecond / 1_000 : tokens.perMinute / 60_000;
  return { burst: tokens.burst, perMs };
}
