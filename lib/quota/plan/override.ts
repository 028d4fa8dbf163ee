/** Overrides: what operators have set for one tenant, over whatever its plan says. */
import { tenantryError } from "../../errors/index.js";
import { type QuotaOverride, type QuotaOverrides, ratePrefix } from "../../tenant/index.js";
import { type QuotaLimit, type RateLimit, type Refuse, readLimit, readRate, readTokens } from "./limit.js";
import type { Limits } from "./plan.js";

/**
 * What can be set for a resource: the tokens of a rate (`rate:…`), a limit of anything else.
 *
 * @example
 * ```ts
 * import type { OverrideOf } from "tenantry";
 * const seats: OverrideOf<"seats"> = 80;
 * const calls: OverrideOf<"rate:calls"> = { perMinute: 600 };
 * ```
 */
export type OverrideOf<R extends string> = string extends R
  ? QuotaLimit | RateLimit
  : R extends `${typeof ratePrefix}${string}`
    ? RateLimit
    : QuotaLimit;

const refusing =
  (resource: string): Refuse =>
  (reason) =>
    tenantryError("QUOTA_LIMIT_INVALID", { resource, reason });

/** What is stored of the limit that was given, read once. @throws QUOTA_LIMIT_INVALID */
export function readOverride(resource: string, limitGiven: unknown): QuotaOverride {
  const given: unknown = typeof limitGiven === "object" && limitGiven !== null ? { ...limitGiven } : limitGiven;
  if (!resource.startsWith(ratePrefix)) {
    const limit = readLimit(given, refusing(resource));
    if (limit === undefined) return null;
    return limit.kind === "hard" ? { hard: limit.limit } : { soft: limit.limit };
  }
  return readTokens(given, refusing(resource)) ?? null;
}

/** The limits with what is set for a tenant in their place. */
export function overridden({ counted, rates }: Limits, overrides: QuotaOverrides): Limits {
  const limits = { counted: new Map(counted), rates: new Map(rates) };
  const put = <T>(all: Map<string, T>, name: string, limit: T | undefined): void => {
    if (limit === undefined) all.delete(name);
    else all.set(name, limit);
  };
  for (const [resource, override] of Object.entries(overrides)) {
    const refuse = refusing(resource);
    if (resource.startsWith(ratePrefix)) {
      const rate = override === null ? undefined : readRate(override, refuse);
      put(limits.rates, resource.slice(ratePrefix.length), rate);
    } else put(limits.counted, resource, override === null ? undefined : readLimit(override, refuse));
  }
  return limits;
}
