/** Additions: what changes of records add to the totals of their groups. */
import type { MaintainedAggregate } from "../indexes/index.js";
import { aggregatePrefix, countedPrefix } from "../keyspace/index.js";
import type { AggregateModel, AnyEntity, Infer } from "../schema/index.js";
import type { TenantTransaction } from "../transaction/index.js";
import { concatBytes } from "../tuple/index.js";
import { type CountPlace, isCounted } from "./count-place.js";
import { encodeTotal, zeroTotal } from "./total.js";

/** A record before and after a change. */
export interface RecordTotals<E extends AnyEntity> {
  /** The packed id. */
  readonly id: Uint8Array;
  readonly before: Infer<E> | undefined;
  readonly after: Infer<E> | undefined;
}

/** How changes are counted. */
export interface Counting {
  /** How far a count has come that is being made anew: what it has been past is added to it as well. */
  readonly place: CountPlace | undefined;
  /** Whether a key is one that an engine takes. */
  readonly fits: (key: Uint8Array) => boolean;
}

interface Addition {
  readonly key: Uint8Array;
  readonly amount: bigint;
  /** Whether the total may come to nothing, so that its row is cleared. */
  readonly mayEnd: boolean;
}

/** What some changes add, once for each total they move. */
export class Additions {
  readonly #entity: string;
  readonly #byKey = new Map<string, Addition>();

  constructor(entity: string) {
    this.#entity = entity;
  }

  /** The keys of all of them. */
  get keys(): readonly Uint8Array[] {
    return [...this.#byKey.values()].map(({ key }) => key);
  }

  /**
   * Adds what a record is to an aggregate's totals, or, with `counted`, to the count that is being made of it anew.
   *
   * @throws `AGGREGATE_VALUE_TOO_LARGE`, `KEY_VALUE_INVALID`, `INDEX_ELEMENTS_TOO_MANY`
   */
  record(aggregate: AggregateModel, record: unknown, sign: 1n | -1n, counted = false): void {
    const amount = sign * aggregate.amountOf(record);
    const prefix = (counted ? countedPrefix : aggregatePrefix)(this.#entity, aggregate.name);
    for (const { values } of aggregate.groups.valuesOf(record)) {
      const key = concatBytes(prefix, values);
      const text = Buffer.from(key).toString("latin1");
      const total = (this.#byKey.get(text)?.amount ?? 0n) + amount;
      this.#byKey.set(text, { key, amount: total, mayEnd: aggregate.sums || total < 0n });
    }
  }

  /**
   * Adds a record's change; undefined stands for no record. What was stored before an aggregate was, and cannot be counted
   * by it, was not.
   *
   * @throws as `record`, about `after`
   */
  change<E extends AnyEntity>(
    aggregates: readonly MaintainedAggregate[],
    { id, before, after }: RecordTotals<E>,
    { place, fits }: Counting,
  ): void {
    for (const { aggregate, counting } of aggregates) {
      const ways = counting && isCounted(place, id) ? [false, true] : [false];
      for (const counted of ways) {
        if (before !== undefined) this.#takeBack(aggregate, before, counted, fits);
        if (after !== undefined) this.record(aggregate, after, 1n, counted);
      }
    }
  }

  #takeBack(aggregate: AggregateModel, record: unknown, counted: boolean, fits: Counting["fits"]): void {
    const own = new Additions(this.#entity);
    try {
      own.record(aggregate, record, -1n, counted);
    } catch {
      return;
    }
    if (own.keys.every(fits)) this.take(own);
  }

  /** Takes all that others add. */
  take(others: Additions): void {
    for (const [text, { key, amount, mayEnd }] of others.#byKey) {
      const own = this.#byKey.get(text);
      const total = (own?.amount ?? 0n) + amount;
      this.#byKey.set(text, { key, amount: total, mayEnd: mayEnd || own?.mayEnd === true });
    }
  }

  /** Writes them, without a read and so without a conflict between those who add. */
  apply(transaction: TenantTransaction): void {
    for (const { key, amount, mayEnd } of this.#byKey.values()) {
      if (amount === 0n) continue;
      transaction.atomic("add", key, encodeTotal(amount));
      if (mayEnd) transaction.atomic("compareAndClear", key, zeroTotal);
    }
  }
}
