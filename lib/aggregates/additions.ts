/** Additions: what changes of records add to the totals of their groups. */
import { aggregatePrefix } from "../keyspace/index.js";
import type { AggregateModel, AnyEntity, EntityModel, Infer } from "../schema/index.js";
import type { TenantTransaction } from "../transaction/index.js";
import { concatBytes } from "../tuple/index.js";
import { encodeTotal, zeroTotal } from "./total.js";

/** The tenant-relative keys of the groups a record is in. */
export const groupKeys = (entity: string, aggregate: AggregateModel, record: unknown): readonly Uint8Array[] => {
  const prefix = aggregatePrefix(entity, aggregate.name);
  return aggregate.groups.valuesOf(record).map(({ values }) => concatBytes(prefix, values));
};

interface Addition {
  readonly key: Uint8Array;
  readonly amount: bigint;
  /** Whether the total may come to nothing, so that its row is cleared. */
  readonly mayEnd: boolean;
}

/** The additions of some changes, one for each total they move. */
export class Additions<E extends AnyEntity> {
  readonly #model: EntityModel<E>;
  readonly #byKey = new Map<string, Addition>();

  constructor(model: EntityModel<E>) {
    this.#model = model;
  }

  /** The keys of all of them. */
  get keys(): readonly Uint8Array[] {
    return [...this.#byKey.values()].map(({ key }) => key);
  }

  /**
   * Adds a record's change; undefined stands for no record.
   *
   * @throws `AGGREGATE_VALUE_TOO_LARGE`, `KEY_VALUE_INVALID`, `INDEX_ELEMENTS_TOO_MANY` about `after`
   */
  change(before: Infer<E> | undefined, after: Infer<E> | undefined): void {
    for (const aggregate of this.#model.aggregates.values()) {
      if (before !== undefined) this.#add(aggregate, before, -1n);
      if (after !== undefined) this.#add(aggregate, after, 1n);
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

  #add(aggregate: AggregateModel, record: Infer<E>, sign: bigint): void {
    const amount = sign * aggregate.amountOf(record);
    for (const key of groupKeys(this.#model.name, aggregate, record)) {
      const text = Buffer.from(key).toString("latin1");
      const total = (this.#byKey.get(text)?.amount ?? 0n) + amount;
      this.#byKey.set(text, { key, amount: total, mayEnd: aggregate.sums || total < 0n });
    }
  }
}
