/** Plans: what a tenant may use, as the program says it, and the same as it is looked up. */
import { type Limit, type QuotaLimit, type Rate, type RateLimit, readLimit, readRate, refusePlan } from "./limit.js";

/**
 * What one entity may take.
 *
 * @example
 * ```ts
 * import type { EntityQuota } from "tenantry";
 * const cities: EntityQuota = { records: 10_000, bytes: { soft: 50_000_000 } };
 * ```
 */
export interface EntityQuota {
  /** Records. */
  readonly records?: QuotaLimit | undefined;
  /** Bytes of their keys and values, indexes left out. */
  readonly bytes?: QuotaLimit | undefined;
}

/**
 * What a tenant may use; whatever it does not name has no limit.
 *
 * @example
 * ```ts
 * import type { QuotaPlan } from "tenantry";
 * const free: QuotaPlan = {
 *   storageBytes: 10_000_000,
 *   entities: { city: { records: 1_000 } },
 *   resources: { seats: 3 },
 *   connections: 5,
 *   rates: { calls: { perMinute: 600 }, writes: { perSecond: 20, burst: 50 } },
 * };
 * ```
 */
export interface QuotaPlan {
  /** Bytes of all records' keys and values, indexes left out. */
  readonly storageBytes?: QuotaLimit | undefined;
  /** Bounds of single entities, by their names. */
  readonly entities?: Readonly<Record<string, EntityQuota>> | undefined;
  /** Things claimed by name, such as seats; see {@link TenantQuotas.claims}. */
  readonly resources?: Readonly<Record<string, QuotaLimit>> | undefined;
  /** Connections held at once; see {@link TenantQuotas.connect}. */
  readonly connections?: QuotaLimit | undefined;
  /**
   * Rates by name. Every transaction and every step of a scan takes from `calls`, and from `reads` or `writes`. Any
   * other name is taken by {@link TenantQuotas.take}.
   */
  readonly rates?: Readonly<Record<string, RateLimit>> | undefined;
}

/** A plan with its parts checked. */
export interface Limits {
  /** By the names of resources. */
  readonly counted: ReadonlyMap<string, Limit>;
  readonly rates: ReadonlyMap<string, Rate>;
}

/** The names that resources have in errors and reports. */
export const resourceName = {
  records: (entity: string): string => `records:${entity}`,
  bytes: (entity: string): string => `bytes:${entity}`,
  storage: "storageBytes",
  connections: "connections",
} as const;

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const parts: readonly string[] = ["storageBytes", "entities", "resources", "connections", "rates"];

function assertName(name: string, place: string): void {
  if (namePattern.test(name)) return;
  throw refusePlan(`${place} has the name ${JSON.stringify(name)}, which is not letters, digits, _ and -`);
}

/** What a plan comes to, its parts checked. @throws DATABASE_OPTION_INVALID */
export function readPlan(plan: QuotaPlan, place: string, entities: ReadonlySet<string>): Limits {
  const counted = new Map<string, Limit>();
  const rates = new Map<string, Rate>();
  const bound = (name: string, given: QuotaLimit | undefined): void => {
    if (given === undefined) return;
    const limit = readLimit(given, (reason) => refusePlan(`${name} of ${place} ${reason}`));
    if (limit !== undefined) counted.set(name, limit);
  };
  if (typeof plan !== "object" || plan === null) throw refusePlan(`${place} is not a plan`);
  const unknown = Object.keys(plan).find((part) => !parts.includes(part));
  if (unknown !== undefined) throw refusePlan(`${place} has a part ${JSON.stringify(unknown)}`);

  bound(resourceName.storage, plan.storageBytes);
  bound(resourceName.connections, plan.connections);
  for (const [entity, { records, bytes }] of Object.entries(plan.entities ?? {})) {
    if (!entities.has(entity))
      throw refusePlan(`${place} names the entity ${JSON.stringify(entity)}, of which there is none`);
    bound(resourceName.records(entity), records);
    bound(resourceName.bytes(entity), bytes);
  }
  for (const [name, limit] of Object.entries(plan.resources ?? {})) {
    assertName(name, place);
    if (name === resourceName.storage || name === resourceName.connections) {
      throw refusePlan(`${place} has a resource with the name ${name}, which is taken`);
    }
    bound(name, limit);
  }
  for (const [name, given] of Object.entries(plan.rates ?? {})) {
    assertName(name, place);
    if (given === undefined) continue;
    const rate = readRate(given, (reason) => refusePlan(`${name} of ${place} ${reason}`));
    if (rate !== undefined) rates.set(name, rate);
  }
  return { counted, rates };
}

/** A plan with some of its parts replaced: those that `overrides` names. */
export const mergePlans = (plan: QuotaPlan, overrides: QuotaPlan): QuotaPlan => ({
  ...plan,
  ...overrides,
  entities: mergeEntities(plan.entities, overrides.entities),
  resources: { ...plan.resources, ...overrides.resources },
  rates: { ...plan.rates, ...overrides.rates },
});

function mergeEntities(
  plan: QuotaPlan["entities"] = {},
  overrides: QuotaPlan["entities"] = {},
): Readonly<Record<string, EntityQuota>> {
  const merged: Record<string, EntityQuota> = { ...plan };
  for (const [entity, quota] of Object.entries(overrides)) merged[entity] = { ...plan[entity], ...quota };
  return merged;
}
