/** Plans: what a tenant may use, as the program says it, and the same as it is looked up. */
import { optionNames, takeOptions } from "../../options/index.js";
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

/** What holds: a plan with its parts checked. */
export interface Limits {
  /** By the names of resources. */
  readonly counted: ReadonlyMap<string, Limit>;
  readonly rates: ReadonlyMap<string, Rate>;
}

/** All that a plan names, checked; undefined for what it names without a limit. */
export interface PlanParts {
  readonly counted: ReadonlyMap<string, Limit | undefined>;
  readonly rates: ReadonlyMap<string, Rate | undefined>;
  /** Names of what is claimed. */
  readonly resources: ReadonlySet<string>;
}

/** The names that resources have in errors and reports. */
export const resourceName = {
  records: (entity: string): string => `records:${entity}`,
  bytes: (entity: string): string => `bytes:${entity}`,
  storage: "storageBytes",
  connections: "connections",
} as const;

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const planNames = optionNames<QuotaPlan>({
  storageBytes: true,
  entities: true,
  resources: true,
  connections: true,
  rates: true,
});
const entityNames = optionNames<EntityQuota>({ records: true, bytes: true });

function assertName(name: string, place: string): void {
  if (namePattern.test(name)) return;
  throw refusePlan(`${place} has the name ${JSON.stringify(name)}, which is not letters, digits, _ and -`);
}

/** What a plan of a caller's names, each part read once. @throws DATABASE_OPTION_INVALID, OPTION_UNKNOWN */
export function readPlan(given: QuotaPlan, place: string, entities: ReadonlySet<string>): PlanParts {
  const counted = new Map<string, Limit | undefined>();
  const rates = new Map<string, Rate | undefined>();
  const names = new Set<string>();
  const bound = (name: string, limit: QuotaLimit | undefined): void => {
    const refuse = (reason: string): Error => refusePlan(`${name} of ${place} ${reason}`);
    counted.set(name, limit === undefined ? undefined : readLimit(limit, refuse));
  };
  if (typeof given !== "object" || given === null) throw refusePlan(`${place} is not a plan`);
  const plan = takeOptions(given, planNames, "plan");
  for (const name of [resourceName.storage, resourceName.connections] as const) {
    if (Object.hasOwn(plan, name)) bound(name, plan[name]);
  }
  for (const [entity, quota] of entriesOf(plan.entities, `the entities of ${place}`)) {
    if (!entities.has(entity))
      throw refusePlan(`${place} names the entity ${JSON.stringify(entity)}, of which there is none`);
    const parts = takeOptions(quota, entityNames, "entity quota");
    if (Object.hasOwn(parts, "records")) bound(resourceName.records(entity), parts.records);
    if (Object.hasOwn(parts, "bytes")) bound(resourceName.bytes(entity), parts.bytes);
  }
  for (const [name, limit] of entriesOf(plan.resources, `the resources of ${place}`)) {
    assertName(name, place);
    if (name === resourceName.storage || name === resourceName.connections) {
      throw refusePlan(`${place} has a resource with the name ${name}, which is taken`);
    }
    names.add(name);
    bound(name, limit);
  }
  for (const [name, rate] of entriesOf(plan.rates, `the rates of ${place}`)) {
    assertName(name, place);
    const refuse = (reason: string): Error => refusePlan(`${name} of ${place} ${reason}`);
    rates.set(name, rate === undefined ? undefined : readRate(rate, refuse));
  }
  return { counted, rates, resources: names };
}

/** What a caller names by words of its own, each read once. */
function entriesOf<T>(
  given: Readonly<Record<string, T>> | undefined,
  place: string,
): readonly (readonly [string, T])[] {
  if (given === undefined) return [];
  if (typeof given !== "object" || given === null) throw refusePlan(`${place} are no object`);
  return Object.entries(given);
}

/** What holds by the first of the plans that names it. */
export function limitsOf(...plans: readonly PlanParts[]): Limits {
  const held = <T>(parts: readonly ReadonlyMap<string, T | undefined>[]): ReadonlyMap<string, T> => {
    const all = new Map<string, T>();
    const named = new Set<string>();
    for (const [name, limit] of parts.flatMap((part) => [...part])) {
      if (!named.has(name) && limit !== undefined) all.set(name, limit);
      named.add(name);
    }
    return all;
  };
  return { counted: held(plans.map(({ counted }) => counted)), rates: held(plans.map(({ rates }) => rates)) };
}
