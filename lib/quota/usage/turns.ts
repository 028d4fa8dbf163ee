/** Turns: a number for each transaction of a tenant, so that those which run at once begin with slots of their own. */
import type { Random } from "../../observe/index.js";
import type { TenantRecord } from "../../tenant/index.js";

export class Turns {
  readonly #first: number;
  /** Each tenant counts for itself: its keys say nothing of what others write. Begins anew with another record. */
  readonly #last = new WeakMap<TenantRecord, number>();

  /** Begins anywhere: other processes do, too. */
  constructor(random: Random) {
    this.#first = Math.floor(random.fraction() * 1_000_000);
  }

  next(tenant: TenantRecord): number {
    const turn = ((this.#last.get(tenant) ?? this.#first) + 1) % 1_000_000_000;
    this.#last.set(tenant, turn);
    return turn;
  }
}
