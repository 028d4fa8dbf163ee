/** Service levels: how each tenant was served over the last while, against the objectives promised. */
import { serviceLevelSlots, serviceLevelTenantsMax } from "../limits/index.js";
import type { Clock } from "./clock.js";
import { LatencyHistogram } from "./latency-histogram.js";

/**
 * What is promised to every tenant.
 *
 * @example
 * ```ts
 * import type { ServiceObjectives } from "tenantry";
 * const objectives: ServiceObjectives = { latencyMs: 50, fast: 0.99, available: 0.999, windowMs: 3_600_000 };
 * ```
 */
export interface ServiceObjectives {
  /** A call that takes no longer is a fast one, in milliseconds with all its attempts and its waiting. */
  readonly latencyMs: number;
  /** The fraction of successful calls that are to be fast, between 0 and 1. */
  readonly fast: number;
  /** The fraction of calls that are not to fail through the service's fault, between 0 and 1. */
  readonly available: number;
  /** The window looked back over, in milliseconds. */
  readonly windowMs: number;
}

/**
 * How one tenant was served within the window, as this process saw it.
 *
 * @example
 * ```ts
 * import type { Database, ServiceLevel, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const level: ServiceLevel | undefined = db.serviceLevels.of(id);
 * if (level !== undefined && level.latencyBudget < 0) console.warn(`${level.tenant} is served too slowly`, level.p99Ms);
 * ```
 */
export interface ServiceLevel {
  readonly tenant: string;
  /** Calls that succeeded, or failed through the service's fault; a caller's own mistakes count for neither. */
  readonly calls: number;
  /** Those that failed through the service's fault: it was unavailable, or stored bytes were damaged. */
  readonly failed: number;
  /** Those that succeeded within the objective's latency. */
  readonly fast: number;
  /** Latencies of successful calls in milliseconds, at most 9 per cent too high; undefined when there was none. */
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** What is left of the permitted slow calls: 1 when there was none, 0 when all are used up, negative beyond. */
  readonly latencyBudget: number;
  /** What is left of the permitted failures, likewise. */
  readonly availabilityBudget: number;
}

/** What a call came to, for its tenant. */
export type ServiceOutcome = "served" | "failed";

/** A part of the window. */
interface Slot {
  readonly number: number;
  readonly served: LatencyHistogram;
  failed: number;
  fast: number;
}

/** What of a budget of `permitted` is left when `used` of it is. */
const budgetLeft = (permitted: number, used: number): number => {
  if (used === 0) return 1;
  return permitted === 0 ? Number.NEGATIVE_INFINITY : 1 - used / permitted;
};

/**
 * Counts calls per tenant over a rolling window, in space that is bounded: for `serviceLevelTenantsMax` tenants, those
 * called last. The window moves in steps of one `serviceLevelSlots`th of it.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * declare const db: Database;
 * for (const { tenant, p99Ms } of db.serviceLevels.worst(10)) console.log(tenant, p99Ms);
 * ```
 */
export class ServiceLevels {
  readonly objectives: ServiceObjectives;
  readonly #clock: Clock;
  /** In the order of the last call. */
  readonly #tenants = new Map<string, Slot[]>();

  constructor(clock: Clock, objectives: ServiceObjectives) {
    this.#clock = clock;
    this.objectives = Object.freeze({ ...objectives });
  }

  /** Counts a call. @internal */
  record(tenant: string, outcome: ServiceOutcome, ms: number): void {
    const slot = this.#slot(tenant);
    if (outcome === "failed") {
      slot.failed++;
      return;
    }
    slot.served.add(ms);
    if (ms <= this.objectives.latencyMs) slot.fast++;
  }

  /** How a tenant was served; undefined when it made no call within the window. */
  of(tenant: string): ServiceLevel | undefined {
    const slots = this.#current(this.#tenants.get(tenant) ?? []);
    if (slots.length === 0) return undefined;
    const served = new LatencyHistogram();
    let failed = 0;
    let fast = 0;
    for (const slot of slots) {
      served.merge(slot.served);
      failed += slot.failed;
      fast += slot.fast;
    }
    const { objectives } = this;
    const calls = served.total + failed;
    return {
      tenant,
      calls,
      failed,
      fast,
      p50Ms: served.quantile(0.5),
      p95Ms: served.quantile(0.95),
      p99Ms: served.quantile(0.99),
      latencyBudget: budgetLeft((1 - objectives.fast) * served.total, served.total - fast),
      availabilityBudget: budgetLeft((1 - objectives.available) * calls, failed),
    };
  }

  /** The tenants that are worst off first: by the smaller of their two budgets; `limit` at most. */
  worst(limit: number): ServiceLevel[] {
    const least = (level: ServiceLevel): number => Math.min(level.latencyBudget, level.availabilityBudget);
    return [...this.#tenants.keys()]
      .flatMap((tenant) => this.of(tenant) ?? [])
      .sort((a, b) => least(a) - least(b) || b.calls - a.calls)
      .slice(0, limit);
  }

  get #now(): number {
    return Math.floor((this.#clock.monotonic() * serviceLevelSlots) / this.objectives.windowMs);
  }

  #slot(tenant: string): Slot {
    const number = this.#now;
    const known = this.#tenants.get(tenant);
    let slot = known?.at(-1);
    // While there is room, their order does not matter.
    if (slot?.number === number && this.#tenants.size < serviceLevelTenantsMax) return slot;
    const slots = this.#current(known ?? []);
    this.#tenants.delete(tenant);
    if (slot?.number !== number) {
      slot = { number, served: new LatencyHistogram(), failed: 0, fast: 0 };
      slots.push(slot);
    }
    this.#tenants.set(tenant, slots);
    for (const oldest of this.#tenants.keys()) {
      if (this.#tenants.size <= serviceLevelTenantsMax) break;
      this.#tenants.delete(oldest);
    }
    return slot;
  }

  /** Those of the window. */
  #current(slots: readonly Slot[]): Slot[] {
    const oldest = this.#now - serviceLevelSlots;
    return slots.filter(({ number }) => number > oldest);
  }
}
