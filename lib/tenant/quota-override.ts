/** Overrides of quotas, as a tenant's record keeps them: pure data, in a form that JSON has words for. */
import { quotaOverridesMax } from "../limits/index.js";

/**
 * What an operator has set for one resource of one tenant, as it is stored: a limit, or the tokens of a rate; null for
 * no limit.
 *
 * @example
 * ```ts
 * import type { QuotaOverride } from "tenantry";
 * const text = (override: QuotaOverride) => (override === null ? "no limit" : JSON.stringify(override));
 * ```
 */
export type QuotaOverride =
  | { readonly hard: number }
  | { readonly soft: number }
  | { readonly perSecond: number; readonly burst: number }
  | { readonly perMinute: number; readonly burst: number }
  | null;

/**
 * All that operators have set for a tenant, by the names of resources: those of a usage report, and `rate:…` for rates.
 *
 * @example
 * ```ts
 * import type { QuotaOverrides } from "tenantry";
 * const overrides: QuotaOverrides = { seats: { hard: 80 }, "rate:calls": { perMinute: 600, burst: 50 }, connections: null };
 * ```
 */
export type QuotaOverrides = Readonly<Record<string, QuotaOverride>>;

/** What stands before the name of a rate among resources. */
export const ratePrefix = "rate:";

/** Resources of an entity or of a rate, and those that stand for themselves. */
const namePattern = /^([a-z]+:)?[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const limitParts: readonly string[] = ["hard", "soft"];
const rateParts: readonly string[] = ["burst,perMinute", "burst,perSecond"];

/** Whether a value is what is stored for the resource. */
export function isQuotaOverride(resource: string, value: unknown): value is QuotaOverride {
  if (value === null) return true;
  if (typeof value !== "object") return false;
  const parts = Object.keys(value).sort().join();
  return (
    (resource.startsWith(ratePrefix) ? rateParts : limitParts).includes(parts) &&
    Object.values(value).every((bound) => Number.isSafeInteger(bound) && bound >= 0)
  );
}

/** Whether a value is what a tenant's record can keep. */
export function isQuotaOverrides(value: unknown): value is QuotaOverrides {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const all = Object.entries(value);
  if (all.length > quotaOverridesMax) return false;
  return all.every(([resource, override]) => namePattern.test(resource) && isQuotaOverride(resource, override));
}
