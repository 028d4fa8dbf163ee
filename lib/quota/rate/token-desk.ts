/** The token desk: what this process has leased of one rate of one tenant, and how it gets more. */
import { rateLeaseDivisor, rateLeaseMs } from "../../limits/index.js";
import type { Clock } from "../../observe/index.js";
import type { Rate } from "../plan/limit.js";
import { exceeded } from "../usage/ledger.js";

/** What the database answered. */
export interface Leased {
  /** Tokens given out. */
  readonly tokens: number;
  /** What is left in the bucket. */
  readonly left: number;
  /** Milliseconds until there are as many as needed; 0 when there were. */
  readonly waitMs: number;
}

/** Takes tokens from the bucket: at best `wanted`, none when there are less than `needed`; puts `returned` back first. */
export type LeaseTokens = (rate: Rate, returned: number, needed: number, wanted: number) => Promise<Leased>;

/**
 * How much room a rate leaves, as far as this process knows: what headers tell a client.
 *
 * @example
 * ```ts
 * import type { Headroom } from "tenantry";
 * const headers = ({ limit, remaining, resetMs }: Headroom) => ({
 *   "RateLimit-Limit": String(limit),
 *   "RateLimit-Remaining": String(remaining),
 *   "RateLimit-Reset": String(Math.ceil(resetMs / 1_000)),
 * });
 * ```
 */
export interface Headroom {
  /** The burst: tokens that can be there at once. */
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until the bucket is full again, if nothing more is taken. */
  readonly resetMs: number;
}

const unrefused = { count: 1, until: 0, enoughAt: 0 };

const isSame = (a: Rate, b: Rate | undefined): boolean => a === b || (a.burst === b?.burst && a.perMs === b.perMs);

/**
 * Hands out tokens of its lease at once; only every so many of them costs a transaction. What is not used within
 * `rateLeaseMs` goes back with the next lease. Refusals are remembered, so that a flood of refused calls costs nothing.
 */
export class TokenDesk {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #lease: LeaseTokens;
  /** The rate under which it leased, or was refused: that says nothing of another. */
  #rate: Rate | undefined;
  #tokens = 0;
  /** Until when the lease is good. */
  #goodUntil = 0;
  #leasedAt = 0;
  /** Tokens handed out since then. */
  #spent = 0;
  #left = 0;
  /** The least number that is refused, until when without asking again, and when there will be enough. */
  #refused = unrefused;
  /** Until when a rate that never gives enough is refused without asking the database. */
  #hopelessUntil = 0;
  #leasing: Promise<void> | undefined;

  constructor(name: string, clock: Clock, lease: LeaseTokens) {
    this.#name = name;
    this.#clock = clock;
    this.#lease = lease;
  }

  /** Whether it holds anything that another would not have. */
  get isIdle(): boolean {
    return this.#leasing === undefined && this.#clock.monotonic() > Math.max(this.#goodUntil, this.#refused.until);
  }

  /** Takes `count` tokens at once; false when they have to be leased. @throws QUOTA_EXCEEDED */
  takeAtOnce(rate: Rate, count: number): boolean {
    if (!isSame(rate, this.#rate)) return false;
    const now = this.#clock.monotonic();
    if (now < this.#goodUntil && this.#tokens >= count) {
      this.#tokens -= count;
      this.#spent += count;
      return true;
    }
    if (now < this.#refused.until && count >= this.#refused.count) {
      throw exceeded(this.#name, rate.burst, rate.burst, Math.ceil(this.#refused.enoughAt - now));
    }
    return false;
  }

  /** Gives back tokens of a call that was not let in after all. */
  giveBack(count: number): void {
    this.#tokens += count;
    this.#spent -= count;
  }

  /** Takes `count` tokens, when they have been leased. @throws QUOTA_EXCEEDED */
  async take(rate: Rate, count: number): Promise<void> {
    if (count > rate.burst || rate.perMs <= 0) {
      await this.#look(rate);
      throw exceeded(this.#name, rate.burst, rate.burst);
    }
    while (!this.takeAtOnce(rate, count)) {
      this.#leasing ??= this.#renew(rate, count).finally(() => {
        this.#leasing = undefined;
      });
      await this.#leasing;
    }
  }

  headroom({ burst, perMs }: Rate): Headroom {
    const now = this.#clock.monotonic();
    const held = now < this.#goodUntil ? this.#tokens : 0;
    const remaining = Math.min(burst, Math.floor(held + this.#left + Math.max(0, now - this.#leasedAt) * perMs));
    return { limit: burst, remaining, resetMs: perMs > 0 ? Math.ceil((burst - remaining) / perMs) : 0 };
  }

  /** Has the next call see by which rate the tenant goes by now: where all calls are refused, none would find out. */
  async #look(rate: Rate): Promise<void> {
    const now = this.#clock.monotonic();
    if (now < this.#hopelessUntil) return;
    this.#hopelessUntil = now + rateLeaseMs;
    await this.#lease(rate, 0, 0, 0);
  }

  /** Asks for as many tokens as were spent in the time that a lease is good for, within its share. */
  async #renew(rate: Rate, needed: number): Promise<void> {
    const begun = this.#clock.monotonic();
    const pace = begun > this.#leasedAt ? (this.#spent * rateLeaseMs) / Math.max(1, begun - this.#leasedAt) : 0;
    const most = Math.max(needed, Math.floor(rate.burst / rateLeaseDivisor));
    const wanted = Math.min(most, Math.max(needed, Math.ceil(pace)));
    const returned = this.#tokens;
    this.#tokens = 0;
    if (!isSame(rate, this.#rate)) this.#refused = unrefused;
    this.#rate = rate;
    const { tokens, left, waitMs } = await this.#lease(rate, returned, needed, wanted);
    const now = this.#clock.monotonic();
    this.#tokens = tokens;
    this.#left = left;
    this.#spent = 0;
    this.#leasedAt = now;
    this.#goodUntil = now + rateLeaseMs;
    if (tokens >= needed) return;
    // Asked again soon all the same: the plan may be another by then.
    this.#refused = { count: needed, until: now + Math.min(waitMs, rateLeaseMs), enoughAt: now + waitMs };
  }
}
