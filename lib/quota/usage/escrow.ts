/** Escrow: what is left under hard limits, spread over slots, so that the limits hold and writers need not wait. */
import { tenantryError } from "../../errors/index.js";
import { quotaSlotsMax, quotaSlotUnitsMin } from "../../limits/index.js";
import { type Operation, rowsOf, type TenantTransaction, valueAt } from "../../transaction/index.js";
import { decodeCounts, encodeCounts } from "./count.js";
import type { Account, UsageKeys } from "./resource.js";

/** Of each thing an account counts, its hard limit; null where it has none. */
type HardLimits = readonly (number | null)[];

type Counts = readonly number[];

/** How many slots hold what is left: small limits need no many. */
const slotCount = (hard: HardLimits): number =>
  Math.max(
    1,
    ...hard.map((limit) => (limit === null ? 0 : Math.min(quotaSlotsMax, Math.floor(limit / quotaSlotUnitsMin)))),
  );

const less = (counts: Counts, changes: Counts): number[] => counts.map((count, n) => count - Number(changes[n]));

/** The first thing of which an increase finds too little; -1 when it finds enough. */
const shortOf = (left: Counts, changes: Counts): number =>
  changes.findIndex((change, n) => change > 0 && Number(left[n]) < change);

/**
 * In sum and at every moment, the slots of an account hold its limits less what is used. An increase takes from one of
 * them, which it reads with a conflict; a decrease gives to one, blindly, so it always passes. A slot that has too little
 * makes the writer look at all of them, and near the limit even them out.
 */
export class Escrow {
  readonly #transaction: TenantTransaction;
  readonly #keys: UsageKeys;
  /** Which slot to begin with: writers with turns of their own take from slots of their own. */
  readonly #turn: number;

  constructor(transaction: TenantTransaction, keys: UsageKeys, turn: number) {
    this.#transaction = transaction;
    this.#keys = keys;
    this.#turn = turn;
  }

  /** Changes what is left by less than `changes`, some of which are increases. One get, mostly. @throws QUOTA_EXCEEDED */
  *take(account: Account, hard: HardLimits, changes: Counts): Operation<void> {
    const key = this.#keys.slot(account, this.#turn % slotCount(hard));
    const left = decodeCounts(yield* valueAt(key), hard.length);
    if (shortOf(left, changes) < 0) this.#transaction.set(key, encodeCounts(less(left, changes)));
    else yield* this.#search(account, hard, changes);
  }

  /** Gives back: `changes` has no increase. */
  give(account: Account, hard: HardLimits, changes: Counts): void {
    const key = this.#keys.slot(account, this.#turn % slotCount(hard));
    this.#transaction.atomic("add", key, encodeCounts(changes.map((change) => -change)));
  }

  /**
   * Fills the slots from what is used, less `changes`; false where something else is used beyond its limit, as under a
   * plan that was made smaller: then there is nothing to spread.
   *
   * @throws QUOTA_EXCEEDED
   */
  fill(account: Account, hard: HardLimits, used: Counts, changes: Counts): boolean {
    const left = hard.map((limit, n) => (limit === null ? 0 : limit - Number(used[n])));
    this.#assertEnough(account, hard, left, changes);
    const rest = less(left, changes);
    if (rest.some((count) => count < 0)) return false;
    this.#spread(account, hard, rest, changes);
    return true;
  }

  /** Takes from a slot that has enough, or from all of them together. */
  *#search(account: Account, hard: HardLimits, changes: Counts): Operation<void> {
    const slots = yield* this.#slots(account, hard.length);
    const fit = slots.filter(({ left }) => shortOf(left, changes) < 0);
    const chosen = fit[this.#turn % Math.max(1, fit.length)];
    if (chosen !== undefined) {
      this.#transaction.addReadConflictKey(chosen.key);
      this.#transaction.set(chosen.key, encodeCounts(less(chosen.left, changes)));
      return;
    }
    const all = hard.map((_, n) => slots.reduce((sum, { left }) => sum + Number(left[n]), 0));
    this.#assertEnough(account, hard, all, changes);
    this.#transaction.addReadConflictRange(this.#keys.slots(account));
    this.#spread(account, hard, less(all, changes), changes);
  }

  #assertEnough({ resources }: Account, hard: HardLimits, left: Counts, changes: Counts): void {
    const n = shortOf(left, changes);
    if (n < 0) return;
    const limit = hard[n] ?? 0;
    const details = { resource: resources[n] ?? "", limit, used: limit - Number(left[n]), retryAfterMs: undefined };
    throw tenantryError("QUOTA_EXCEEDED", details);
  }

  /** Shares what is left between slots: fewer of them when it is little, so that a writer finds enough in one. */
  #spread(account: Account, hard: HardLimits, left: Counts, changes: Counts): void {
    this.#transaction.clearRange(this.#keys.slots(account));
    const slots = slotCount(hard);
    const enoughFor = left.map((rest, n) => {
      const change = Number(changes[n]);
      return change > 0 ? Math.floor(rest / (change * quotaSlotUnitsMin)) : slots;
    });
    const count = Math.min(slots, Math.max(1, Math.min(...enoughFor)));
    const shares = left.map((rest) => Math.trunc(rest / count));
    for (let n = 0; n < count; n++) {
      const part = n === 0 ? left.map((rest, i) => rest - Number(shares[i]) * (count - 1)) : shares;
      this.#transaction.set(this.#keys.slot(account, (this.#turn + n) % slots), encodeCounts(part));
    }
  }

  /** All slots there are. One range read, without conflicts. */
  *#slots(account: Account, length: number): Operation<{ readonly key: Uint8Array; readonly left: number[] }[]> {
    const options = { snapshot: true, limit: quotaSlotsMax + 1, mode: "exact" } as const;
    const rows = yield* rowsOf(this.#keys.slots(account), options);
    return rows.map(([key, value]) => ({ key, left: decodeCounts(value, length) }));
  }
}
