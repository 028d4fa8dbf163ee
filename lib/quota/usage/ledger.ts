/** The ledger: a tenant's counters inside one transaction. */
import { tenantryError } from "../../errors/index.js";
import {
  type KeyReadOptions,
  type Operation,
  perform,
  type ReadTransaction,
  rowsOf,
  type TenantTransaction,
  valueAt,
} from "../../transaction/index.js";
import type { Limit } from "../plan/limit.js";
import { decodeCounts, encodeCounts } from "./count.js";
import { Escrow } from "./escrow.js";
import { type Account, entityAccount, storage, type UsageKeys } from "./resource.js";
import { decodeState, encodeState, type UsageState } from "./usage-state.js";

/** What refuses an increase. */
export const exceeded = (resource: string, limit: number, used: number, retryAfterMs?: number): Error =>
  tenantryError("QUOTA_EXCEEDED", { resource, limit, used, retryAfterMs });

/** How much is used of an account. One get; for all bytes, one range read. */
export const readUsed = (
  transaction: ReadTransaction,
  keys: UsageKeys,
  account: Account,
  options?: KeyReadOptions,
): Promise<number[]> => perform(transaction, usedOf(keys, account, options));

function* usedOf(keys: UsageKeys, account: Account, options: KeyReadOptions = {}): Operation<number[]> {
  if (account !== storage) return decodeCounts(yield* valueAt(keys.used(account), options), account.resources.length);
  const { length } = entityAccount("").resources;
  let sum = 0;
  for (const [, value] of yield* rowsOf(keys.usedByEntities, options)) sum += decodeCounts(value, length)[1] ?? 0;
  return [sum];
}

/** Reads without a conflict. */
const unguarded = { snapshot: true } as const;

/** Changes what is used: {@link reserve} first, which refuses, then {@link adjust}, which counts. */
export class Ledger {
  readonly #transaction: TenantTransaction;
  readonly #keys: UsageKeys;
  readonly #escrow: Escrow;
  #state: UsageState;

  private constructor(transaction: TenantTransaction, keys: UsageKeys, turn: number, state: UsageState) {
    this.#transaction = transaction;
    this.#keys = keys;
    this.#escrow = new Escrow(transaction, keys, turn);
    this.#state = state;
  }

  /** One get. */
  static open(transaction: TenantTransaction, keys: UsageKeys, turn: number): Promise<Ledger> {
    return perform(transaction, Ledger.opening(transaction, keys, turn));
  }

  static *opening(transaction: TenantTransaction, keys: UsageKeys, turn: number): Operation<Ledger> {
    return new Ledger(transaction, keys, turn, decodeState(yield* valueAt(keys.state)));
  }

  get state(): UsageState {
    return this.#state;
  }

  set state(state: UsageState) {
    this.#state = state;
    this.#transaction.set(this.#keys.state, encodeState(state));
  }

  /** How much is used, without a conflict. */
  used(account: Account): Promise<number[]> {
    return readUsed(this.#transaction, this.#keys, account, unguarded);
  }

  /** Adds to what is used, or takes from it. @throws QUOTA_EXCEEDED */
  async change(account: Account, limits: readonly (Limit | undefined)[], deltas: readonly number[]): Promise<void> {
    await perform(this.#transaction, this.reserve(account, limits, deltas));
    this.adjust(account, deltas);
  }

  /**
   * Makes sure that what is used may change by `deltas`: one get for an increase under hard limits, as long as there is
   * enough; nothing is read for a decrease.
   *
   * @throws QUOTA_EXCEEDED
   */
  *reserve(account: Account, limits: readonly (Limit | undefined)[], deltas: readonly number[]): Operation<void> {
    if (deltas.every((delta) => delta === 0)) return;
    const hard = limits.map((limit) => (limit?.kind === "hard" ? limit.limit : null));
    if (limits.some((limit, n) => limit?.kind === "soft" && Number(deltas[n]) > 0)) {
      yield* this.#assertSoft(account, limits, deltas);
    }
    const changes = hard.map((limit, n) => (limit === null ? 0 : Number(deltas[n])));
    const isFilled = this.#isFilled(account, hard);
    if (changes.some((change) => change > 0)) {
      if (isFilled) yield* this.#escrow.take(account, hard, changes);
      else {
        const used = yield* usedOf(this.#keys, account);
        if (this.#escrow.fill(account, hard, used, changes)) {
          this.state = { ...this.#state, limits: { ...this.#state.limits, [account.name]: hard } };
        } else this.drop([account]);
      }
    } else if (!isFilled) this.drop([account]);
    else if (changes.some((change) => change < 0)) this.#escrow.give(account, hard, changes);
  }

  /** Counts what was reserved; all bytes are counted with their entities. */
  adjust(account: Account, deltas: readonly number[]): void {
    if (account === storage || deltas.every((delta) => delta === 0)) return;
    this.#transaction.atomic("add", this.#keys.used(account), encodeCounts(deltas));
  }

  /** Has the slots of accounts filled anew by whoever next takes from them. */
  drop(accounts: readonly Account[]): void {
    const filled = accounts.filter(({ name }) => Object.hasOwn(this.#state.limits, name));
    if (filled.length === 0) return;
    const limits = { ...this.#state.limits };
    for (const { name } of filled) delete limits[name];
    this.state = { ...this.#state, limits };
  }

  /** Whether the slots of an account hold what is left under these very limits. */
  #isFilled({ name }: Account, hard: readonly (number | null)[]): boolean {
    const stored = Object.hasOwn(this.#state.limits, name) ? this.#state.limits[name] : undefined;
    return stored !== undefined && stored.length === hard.length && hard.every((limit, n) => limit === stored[n]);
  }

  *#assertSoft(account: Account, limits: readonly (Limit | undefined)[], deltas: readonly number[]): Operation<void> {
    const used = yield* usedOf(this.#keys, account, unguarded);
    for (const [n, limit] of limits.entries()) {
      const [before, delta] = [Number(used[n]), Number(deltas[n])];
      if (limit?.kind !== "soft" || delta <= 0 || before + delta <= limit.limit) continue;
      throw exceeded(account.resources[n] ?? account.name, limit.limit, before);
    }
  }
}
