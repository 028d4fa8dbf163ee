/** Tallies: records counted in memory, to verify the totals of aggregates. */
import { keysFrom } from "../indexes/index.js";
import { aggregatePrefix } from "../keyspace/index.js";
import { type BatchReader, forEachBatch } from "../records/index.js";
import type { AggregateModel, AnyEntity, EntityModel, Infer } from "../schema/index.js";
import { concatBytes } from "../tuple/index.js";
import { decodeTotal } from "./total.js";

/**
 * A defect of an aggregate: `wrong`, its total is not what the records come to; `unreadable`, a key or value that is no
 * group's at all.
 *
 * @example
 * ```ts
 * import type { AggregateDefect } from "tenantry";
 * const describe = ({ aggregate, values, stored, counted }: AggregateDefect): string =>
 *   `${aggregate} of ${values}: ${stored}, not ${counted}`;
 * ```
 */
export interface AggregateDefect {
  readonly part: "aggregate";
  readonly index?: undefined;
  readonly kind: "wrong" | "unreadable";
  readonly id?: undefined;
  readonly aggregate: string;
  /** The values of the group; undefined when they are unreadable. */
  readonly values: readonly unknown[] | undefined;
  /** The total in the store, and that of the records. */
  readonly stored: bigint;
  readonly counted: bigint;
}

/** What some records come to: all of an entity's, once they were added. */
export class Tally<E extends AnyEntity> {
  readonly #model: EntityModel<E>;
  readonly #aggregates: readonly AggregateModel[];
  /** By aggregate: the packed values of its groups, as the keys of a map, and their totals. */
  readonly #totals = new Map<string, Map<string, bigint>>();

  /** @param aggregates Those that can be read. */
  constructor(model: EntityModel<E>, aggregates: readonly AggregateModel[]) {
    this.#model = model;
    this.#aggregates = aggregates;
    for (const { name } of aggregates) this.#totals.set(name, new Map());
  }

  /** Takes a record. @throws before it does what is wrong with values of it that no aggregate counts. */
  add(record: Infer<E>): void {
    const shares = this.#aggregates.map((aggregate) => ({
      totals: this.#totals.get(aggregate.name),
      amount: aggregate.amountOf(record),
      groups: aggregate.groups.valuesOf(record).map(({ values }) => Buffer.from(values).toString("latin1")),
    }));
    for (const { totals, amount, groups } of shares) {
      for (const group of groups) totals?.set(group, (totals.get(group) ?? 0n) + amount);
    }
  }

  /** What disagrees with the records. */
  async defects(read: BatchReader): Promise<AggregateDefect[]> {
    const found: AggregateDefect[] = [];
    for (const aggregate of this.#aggregates) {
      const { name } = aggregate;
      const totals = this.#totals.get(name) ?? new Map<string, bigint>();
      const prefix = aggregatePrefix(this.#model.name, name);
      await forEachBatch(read, keysFrom(aggregatePrefix(this.#model.name, name)), async (_, rows) => {
        for (const [key, value] of rows) {
          const text = Buffer.from(key.subarray(prefix.length)).toString("latin1");
          const stored = decodeTotal(value);
          const counted = totals.get(text) ?? 0n;
          totals.delete(text);
          if (stored === counted) continue;
          found.push(defect(aggregate, concatBytes(key.subarray(prefix.length)), stored, counted));
        }
      });
      for (const [text, counted] of totals) {
        if (counted !== 0n) found.push(defect(aggregate, Buffer.from(text, "latin1"), 0n, counted));
      }
    }
    return found;
  }
}

function defect(
  { name, groups }: AggregateModel,
  packed: Uint8Array,
  stored: bigint | undefined,
  counted: bigint,
): AggregateDefect {
  const values = readValues(groups, packed);
  const kind = values === undefined || stored === undefined ? "unreadable" : "wrong";
  return { part: "aggregate", kind, aggregate: name, values, stored: stored ?? 0n, counted };
}

function readValues(groups: AggregateModel["groups"], packed: Uint8Array): readonly unknown[] | undefined {
  try {
    const { values, end } = groups.decodeValues(packed);
    return end === packed.length ? values : undefined;
  } catch {
    return undefined;
  }
}
