/** The ledger: a tenant's counters inside one transaction, and the escrow that keeps hard limits without serialising. */
import { tenantryError } from "../../errors/index.js";
import { quotaSlotsMax, quotaSlotUnitsMin } from "../../limits.js";
import type { TenantTransaction } from "../../transaction/index.js";
import type { Limit } from "../plan/limit.js";
import { decodeCount, encodeCount } from "./count.js";
import type { Resource, UsageKeys } from "./resource.js";
import { decodeState, encodeState, type UsageState } from "./usage-state.js";

/** How many slots hold what is left under a hard limit: a small one needs no many. */
export const slotCount = (limit: number): number =>
  Math.min(quotaSlotsMax, Math.max(1, Math.floor(limit / quotaSlotUnitsMin)));

/** What refuses an increase. */
export const exceeded = (resource: string, limit: number, used: number, retryAfterMs?: number): Error =>
  tenantryError("QUOTA_EXCEEDED", { resource, limit, used, retryAfterMs });

/**
 * Changes what is used. Under a hard limit, limit − used is spread over slots, in sum and at every moment: an increase
 * takes from one of them, which it reads with a conflict; a decrease gives to one, blindly, so it always passes. A slot
 * that has too little makes the writer look at all of them, and near the limit even them out. Where the slots were
 * filled under another limit, or none, they are filled anew from the counter.
 */
export class Ledger {
  readonly #transaction: TenantTransaction;
  readonly #keys: UsageKeys;
  /** Which slot to begin with: writers with turns of their own take from slots of their own. */
  readonly #turn: number;
  #state: UsageState;

  private constructor(transaction: TenantTransaction, keys: UsageKeys, turn: number, state: UsageState) {
    this.#transaction = transaction;
    this.#keys = keys;
    this.#turn = turn;
    this.#state = state;
  }

  /** One get. */
  static async open(transaction: TenantTransaction, keys: UsageKeys, turn: number): Promise<Ledger> {
    return new Ledger(transaction, keys, turn, decodeState(await transaction.get(keys.state)));
  }

  get state(): UsageState {
    return this.#state;
  }

  set state(state: UsageState) {
    this.#state = state;
    this.#transaction.set(this.#keys.state, encodeState(state));
  }

  /** How much is used. One snapshot get. */
  async used(resource: Resource): Promise<number> {
    return decodeCount(await this.#transaction.get(this.#keys.used(resource), { snapshot: true }));
  }

  /** Adds to what is used, or takes from it. One get for an increase under a limit, if there is enough. @throws QUOTA_EXCEEDED */
  async change(resource: Resource, limit: Limit | undefined, delta: number): Promise<void> {
    if (delta === 0) return;
    const hard = limit?.kind === "hard" ? limit.limit : undefined;
    if (delta > 0 && hard !== undefined) await this.#take(resource, hard, delta);
    else {
      if (delta > 0 && limit !== undefined) {
        const used = await this.used(resource);
        if (used + delta > limit.limit) throw exceeded(resource.name, limit.limit, used);
      }
      if (hard !== undefined) this.#give(resource, hard, -delta);
      else this.drop([resource]);
    }
    this.adjust(resource, delta);
  }

  /** Adds to the counter alone. */
  adjust(resource: Resource, delta: number): void {
    this.#transaction.atomic("add", this.#keys.used(resource), encodeCount(delta));
  }

  /** Has the slots of resources filled anew by whoever next takes from them. */
  drop(resources: readonly Resource[]): void {
    const filled = resources.filter(({ name }) => Object.hasOwn(this.#state.limits, name));
    if (filled.length === 0) return;
    const limits = { ...this.#state.limits };
    for (const { name } of filled) delete limits[name];
    this.state = { ...this.#state, limits };
  }

  async #take(resource: Resource, limit: number, amount: number): Promise<void> {
    if (this.#state.limits[resource.name] !== limit) {
      await this.#fill(resource, limit, amount);
      return;
    }
    const key = this.#keys.slot(resource, this.#turn % slotCount(limit));
    const left = decodeCount(await this.#transaction.get(key));
    if (left >= amount) this.#transaction.set(key, encodeCount(left - amount));
    else await this.#search(resource, limit, amount);
  }

  #give(resource: Resource, limit: number, amount: number): void {
    const key = this.#keys.slot(resource, this.#turn % slotCount(limit));
    this.#transaction.atomic("add", key, encodeCount(amount));
  }

  /** Takes from a slot that has enough, or from all of them together. */
  async #search(resource: Resource, limit: number, amount: number): Promise<void> {
    const slots = await this.#slots(resource);
    const fit = slots.flatMap(({ key, left }) => (left >= amount ? [{ key, left }] : []));
    const chosen = fit[this.#turn % Math.max(1, fit.length)];
    if (chosen !== undefined) {
      this.#transaction.addReadConflictKey(chosen.key);
      this.#transaction.set(chosen.key, encodeCount(chosen.left - amount));
      return;
    }
    const left = slots.reduce((sum, slot) => sum + slot.left, 0);
    if (left < amount) throw exceeded(resource.name, limit, limit - left);
    this.#transaction.addReadConflictRange(this.#keys.slots(resource));
    this.#spread(resource, limit, left - amount, amount);
  }

  /** Fills the slots from the counter: the first increase under this limit. */
  async #fill(resource: Resource, limit: number, amount: number): Promise<void> {
    const used = decodeCount(await this.#transaction.get(this.#keys.used(resource)));
    if (used + amount > limit) throw exceeded(resource.name, limit, used);
    this.#spread(resource, limit, limit - used - amount, amount);
    this.state = { ...this.#state, limits: { ...this.#state.limits, [resource.name]: limit } };
  }

  /** Shares what is left between slots: fewer of them when it is little, so that a writer finds enough in one. */
  #spread(resource: Resource, limit: number, left: number, amount: number): void {
    this.#transaction.clearRange(this.#keys.slots(resource));
    const all = slotCount(limit);
    const count = Math.min(all, Math.max(1, Math.floor(left / (amount * quotaSlotUnitsMin))));
    const share = Math.floor(left / count);
    for (let n = 0; n < count; n++) {
      const part = n === 0 ? left - share * (count - 1) : share;
      this.#transaction.set(this.#keys.slot(resource, (this.#turn + n) % all), encodeCount(part));
    }
  }

  /** All slots there are. One range read, without conflicts. */
  async #slots(resource: Resource): Promise<{ readonly key: Uint8Array; readonly left: number }[]> {
    const { begin, end } = this.#keys.slots(resource);
    const limit = quotaSlotsMax + 1;
    const { rows } = await this.#transaction.getRange({ begin, end }, { snapshot: true, limit, mode: "exact" });
    return rows.map(([key, value]) => ({ key, left: decodeCount(value) }));
  }
}
