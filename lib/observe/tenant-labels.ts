/** Tenant labels: which tenants metrics tell apart, so that ten thousand tenants do not make ten thousand series. */
import { tenantLabelsCountedPerLabel, tenantLabelsEverPerLabel, tenantLabelWindowMs } from "../limits/index.js";
import type { Clock } from "./clock.js";

/** The label that all tenants without one of their own share. */
export const otherTenants = "other";

/**
 * Gives the busiest tenants a label of their own. Who is busy is decided anew each minute by a count in bounded space
 * (Misra and Gries, "Finding repeated elements", 1982); who has a label keeps it until another is twice as busy. A
 * process hands out `tenantLabelsEverPerLabel` times as many labels as it shows at once, and none after: so the number of
 * series it ever makes is bounded, too.
 */
export class TenantLabels {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #ever = new Set<string>();
  #labelled: ReadonlySet<string> = new Set();
  #counts = new Map<string, number>();
  #begun: number;

  /** `max`: tenants with a label of their own at once; 0 for none. */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
    this.#begun = clock.monotonic();
  }

  /** Counts a call of a tenant; its label: its id, or {@link otherTenants}. */
  labelOf(tenantId: string): string {
    if (this.#max === 0) return otherTenants;
    if (this.#clock.monotonic() - this.#begun >= tenantLabelWindowMs) this.#turn();
    this.#count(tenantId);
    if (this.#labelled.has(tenantId)) return tenantId;
    // Until somebody is known to be busier, first come, first served.
    if (this.#labelled.size < this.#max && this.#grant(tenantId)) {
      this.#labelled = new Set([...this.#labelled, tenantId]);
      return tenantId;
    }
    return otherTenants;
  }

  #count(tenantId: string): void {
    const counts = this.#counts;
    const count = counts.get(tenantId);
    if (count !== undefined || counts.size < this.#max * tenantLabelsCountedPerLabel) {
      counts.set(tenantId, (count ?? 0) + 1);
      return;
    }
    for (const [other, one] of counts) {
      if (one === 1) counts.delete(other);
      else counts.set(other, one - 1);
    }
  }

  /** Ends a window: the busiest get the labels. */
  #turn(): void {
    const weight = ([id, count]: readonly [string, number]): number => (this.#labelled.has(id) ? 2 * count : count);
    const busiest = [...this.#counts].sort((a, b) => weight(b) - weight(a));
    const labelled = new Set<string>();
    for (const [id] of busiest) {
      if (labelled.size >= this.#max) break;
      if (this.#grant(id)) labelled.add(id);
    }
    this.#labelled = labelled;
    this.#counts = new Map();
    this.#begun = this.#clock.monotonic();
  }

  /** Whether a tenant may have a label: it had one before, or there are some left. */
  #grant(tenantId: string): boolean {
    if (this.#ever.has(tenantId)) return true;
    if (this.#ever.size >= this.#max * tenantLabelsEverPerLabel) return false;
    this.#ever.add(tenantId);
    return true;
  }
}
