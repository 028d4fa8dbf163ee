/** The plan book: which limits hold for a tenant, by its record as the transaction's gate saw it. */
import { optionNames, takeOptions } from "../../options/index.js";
import { type QuotaOverrides, ratePrefix, type TenantRecord } from "../../tenant/index.js";
import { refusePlan } from "./limit.js";
import { overridden } from "./override.js";
import { type Limits, limitsOf, type PlanParts, type QuotaPlan, readPlan, resourceName } from "./plan.js";

/**
 * Quotas of a database. Once given, records and bytes are counted in every writing transaction; {@link Quotas.recount}
 * counts what was written before. All processes that write must be given them.
 *
 * @example
 * ```ts
 * import { entity, memory, open, type QuotaOptions } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });
 * const quotas: QuotaOptions = {
 *   plans: { free: { entities: { city: { records: 100 } } }, team: { resources: { seats: 50 } } },
 *   defaultPlan: "free",
 *   overrides: ({ region }) => (region === "eu" ? { storageBytes: 1_000_000 } : undefined),
 * };
 * await using db = await open({ engine: memory(), entities: [City], quotas });
 * await db.tenants.provision({ name: "France", plan: "team", region: "eu" });
 * ```
 */
export interface QuotaOptions {
  readonly plans: Readonly<Record<string, QuotaPlan>>;
  /** The plan of a tenant whose record has none, or one that `plans` does not have. Without it there are no limits. */
  readonly defaultPlan?: string | undefined;
  /**
   * Parts of the plan that are other for this tenant, as its record's metadata may say. Called once for each state of
   * the record, by which alone it goes; a change of it holds at once, in every process. What operators set
   * ({@link Quotas.setOverride}) goes before it.
   */
  readonly overrides?: ((tenant: TenantRecord) => QuotaPlan | undefined) | undefined;
  /** Time after which a connection's lease ends when its process has died; `connectionLeaseMs` of limits. */
  readonly connectionLeaseMs?: number | undefined;
}

/** Rates that every call takes from, whether or not a plan bounds them. */
const ownRates: readonly string[] = ["calls", "reads", "writes"];

/** What holds for one tenant. */
export interface Grant extends Limits {
  /** Undefined where there is no plan. */
  readonly plan: string | undefined;
  /** What of it operators have set. */
  readonly overrides: QuotaOverrides;
}

const quotaNames = optionNames<QuotaOptions>({
  plans: true,
  defaultPlan: true,
  overrides: true,
  connectionLeaseMs: true,
});

/** The options of `quotas`, by name. @throws OPTION_UNKNOWN, OPTIONS_INVALID */
export const takeQuotaOptions = (options: QuotaOptions): QuotaOptions => takeOptions(options, quotaNames, "quotas");

export class PlanBook {
  readonly #entities: ReadonlySet<string>;
  readonly #plans: ReadonlyMap<string, PlanParts>;
  readonly #defaultPlan: string | undefined;
  readonly #overrides: QuotaOptions["overrides"];
  /** By the record itself: a change of it is another object, in every process, with its next transaction. */
  readonly #granted = new WeakMap<TenantRecord, Grant>();

  /** @param options Taken. @throws DATABASE_OPTION_INVALID, OPTION_UNKNOWN */
  constructor({ plans, defaultPlan, overrides }: QuotaOptions, entities: ReadonlySet<string>) {
    if (typeof plans !== "object" || plans === null) throw refusePlan("there are no plans");
    this.#entities = entities;
    this.#overrides = overrides;
    this.#plans = new Map(
      Object.entries(plans).map(([name, plan]) => [name, readPlan(plan, `the plan ${JSON.stringify(name)}`, entities)]),
    );
    if (defaultPlan !== undefined && !this.#plans.has(defaultPlan)) {
      throw refusePlan(`there is no plan ${JSON.stringify(defaultPlan)}`);
    }
    this.#defaultPlan = defaultPlan;
  }

  /** Names of entities, of claimed resources and of rates that any plan has. */
  get entities(): ReadonlySet<string> {
    return this.#entities;
  }

  /** What holds for a tenant. @throws DATABASE_OPTION_INVALID when its overrides are no plan. */
  grant(tenant: TenantRecord): Grant {
    let grant = this.#granted.get(tenant);
    if (grant === undefined) {
      grant = this.#grant(tenant);
      this.#granted.set(tenant, grant);
    }
    return grant;
  }

  /** Whether any plan names the resource, as one that is claimed. */
  hasResource(name: string): boolean {
    return [...this.#plans.values()].some(({ resources }) => resources.has(name));
  }

  /** Names of all resources that are claimed. */
  get resources(): readonly string[] {
    return [...new Set([...this.#plans.values()].flatMap(({ resources }) => [...resources]))];
  }

  /** Whether any plan names the rate. */
  hasRate(name: string): boolean {
    return [...this.#plans.values()].some(({ rates }) => rates.has(name));
  }

  /** Whether there is such a resource for operators to set, by the name it has in reports; `rate:…` for a rate. */
  has(resource: unknown): boolean {
    if (typeof resource !== "string") return false;
    if (resource.startsWith(ratePrefix)) {
      const rate = resource.slice(ratePrefix.length);
      return ownRates.includes(rate) || this.hasRate(rate);
    }
    const { storage, connections, records, bytes } = resourceName;
    if (resource === storage || resource === connections || this.hasResource(resource)) return true;
    return [...this.#entities].some((entity) => resource === records(entity) || resource === bytes(entity));
  }

  #grant(tenant: TenantRecord): Grant {
    const { quotaOverrides: overrides = {} } = tenant;
    const { plan, ...limits } = this.#planned(tenant);
    return { plan, overrides, ...(Object.keys(overrides).length === 0 ? limits : overridden(limits, overrides)) };
  }

  /** What the program says of a tenant. */
  #planned(tenant: TenantRecord): Omit<Grant, "overrides"> {
    const asked = tenant.plan;
    const plan = asked !== undefined && this.#plans.has(asked) ? asked : this.#defaultPlan;
    const own = plan === undefined ? undefined : this.#plans.get(plan);
    const given = this.#overrides?.(tenant);
    const others = given && readPlan(given, "the overrides of a tenant", this.#entities);
    return { plan, ...limitsOf(...[others, own].filter((parts) => parts !== undefined)) };
  }
}
