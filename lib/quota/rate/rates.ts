/** The rates of all tenants in this process: which desk a call takes its tokens from. */
import { tokenDesksMax } from "../../limits/index.js";
import type { Clock } from "../../observe/index.js";
import type { TenantId } from "../../tenant/index.js";
import type { Grant } from "../plan/plan-book.js";
import { type Headroom, TokenDesk } from "./token-desk.js";
import { type LenderTransact, tokenLender } from "./token-lender.js";

export class Rates {
  readonly #clock: Clock;
  readonly #transactOf: (id: TenantId) => LenderTransact;
  readonly #desks = new Map<string, TokenDesk>();

  constructor(clock: Clock, transactOf: (id: TenantId) => LenderTransact) {
    this.#clock = clock;
    this.#transactOf = transactOf;
  }

  /**
   * Takes from several rates of a tenant, or from none of them: at once where leases hold, otherwise when there are new
   * ones. Rates that the plan does not bound take nothing.
   *
   * @throws QUOTA_EXCEEDED
   */
  take(id: TenantId, { rates }: Grant, names: readonly string[], count: number): Promise<void> | undefined {
    for (const [at, name] of names.entries()) {
      const rate = rates.get(name);
      if (rate === undefined) continue;
      const desk = this.#desk(id, name);
      let isTaken = false;
      try {
        isTaken = count <= rate.burst && desk.takeAtOnce(rate, count);
      } catch (error) {
        this.#giveBack(id, rates, names.slice(0, at), count);
        throw error;
      }
      if (!isTaken) return this.#takeLater(id, rates, names, at, count);
    }
    return undefined;
  }

  headroom(id: TenantId, { rates }: Grant, name: string): Headroom | undefined {
    const rate = rates.get(name);
    return rate === undefined ? undefined : this.#desk(id, name).headroom(rate);
  }

  /** Goes on with the rate at `at`, which has to lease. */
  async #takeLater(
    id: TenantId,
    rates: Grant["rates"],
    names: readonly string[],
    at: number,
    count: number,
  ): Promise<void> {
    for (let n = at; n < names.length; n++) {
      const name = names[n] ?? "";
      const rate = rates.get(name);
      if (rate === undefined) continue;
      try {
        await this.#desk(id, name).take(rate, count);
      } catch (error) {
        this.#giveBack(id, rates, names.slice(0, n), count);
        throw error;
      }
    }
  }

  #giveBack(id: TenantId, rates: Grant["rates"], names: readonly string[], count: number): void {
    for (const name of names) if (rates.has(name)) this.#desk(id, name).giveBack(count);
  }

  #desk(id: TenantId, name: string): TokenDesk {
    const key = `${id} ${name}`;
    let desk = this.#desks.get(key);
    if (desk === undefined) {
      if (this.#desks.size >= tokenDesksMax) this.#tidy();
      desk = new TokenDesk(name, this.#clock, tokenLender(name, this.#transactOf(id), this.#clock));
      this.#desks.set(key, desk);
    }
    return desk;
  }

  /** Drops desks that hold nothing; the oldest when all of them do. */
  #tidy(): void {
    for (const [key, desk] of this.#desks) if (desk.isIdle) this.#desks.delete(key);
    for (const key of this.#desks.keys()) {
      if (this.#desks.size < tokenDesksMax) break;
      this.#desks.delete(key);
    }
  }
}
