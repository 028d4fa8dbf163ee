/** Counters: numbers that a record has beside its fields, added to without a conflict between those who add. */
import { tenantryError } from "../errors/index.js";
import { counterPrefix } from "../keyspace/index.js";
import { type BatchReader, forEachBatch } from "../records/index.js";
import type { AnyEntity, EntityModel, IdOf } from "../schema/index.js";
import type { ReadTransaction, RelativeRange, TenantTransaction } from "../transaction/index.js";
import { concatBytes, pack, TupleReader, tupleRange } from "../tuple/index.js";
import { decodeTotal, encodeTotal, zeroTotal } from "./total.js";

/** The keys of a record's counters, from the prefix itself on, which is no counter's and stands for all of them. */
export const countersRange = (entity: string, id: Uint8Array): RelativeRange => {
  const prefix = counterPrefix(entity, id);
  return { begin: prefix, end: tupleRange(prefix).end };
};

/** The key of one counter. */
export const counterKey = (entity: string, id: Uint8Array, name: string): Uint8Array =>
  concatBytes(counterPrefix(entity, id), pack([name]));

/** What is to be added to each of a record's counters, by name. */
export type CheckedAmounts = ReadonlyMap<string, number>;

/** Reads a caller's amounts, once. @throws `COUNTER_INVALID` unless each is a safe integer for a counter that there is. */
export function checkAmounts<E extends AnyEntity>(model: EntityModel<E>, amounts: unknown): CheckedAmounts {
  const refuse = (counter: string, reason: string): Error =>
    tenantryError("COUNTER_INVALID", { entity: model.name, counter, reason });
  if (typeof amounts !== "object" || amounts === null) throw refuse("", "notAnObject");
  const checked = new Map<string, number>();
  for (const [counter, amount] of Object.entries<unknown>({ ...amounts })) {
    if (!model.counters.has(counter)) throw refuse(counter, "unknown");
    if (typeof amount !== "number" || !Number.isSafeInteger(amount)) throw refuse(counter, "notASafeInteger");
    checked.set(counter, amount);
  }
  return checked;
}

/** Adds amounts to a record's counters. The record's removal conflicts with it, and nothing else. */
export function addAmounts<E extends AnyEntity>(
  transaction: TenantTransaction,
  model: EntityModel<E>,
  id: Uint8Array,
  amounts: CheckedAmounts,
): void {
  // Whoever removes the record clears its counters, the prefix among them.
  transaction.addReadConflictKey(counterPrefix(model.name, id));
  for (const [name, amount] of amounts) {
    if (amount === 0) continue;
    const key = counterKey(model.name, id, name);
    transaction.atomic("add", key, encodeTotal(BigInt(amount)));
    transaction.atomic("compareAndClear", key, zeroTotal);
  }
}

/** A record's counters, 0 where nothing was added. One range read. @throws `AGGREGATE_TOO_LARGE`, `AGGREGATE_CORRUPT` */
export async function readCounters<E extends AnyEntity>(
  transaction: ReadTransaction,
  model: EntityModel<E>,
  id: Uint8Array,
): Promise<Record<string, number>> {
  const counters = Object.fromEntries([...model.counters].map((name) => [name, 0]));
  const { rows } = await transaction.getRange(countersRange(model.name, id), { mode: "exact", limit: countersReadMax });
  for (const [key, bytes] of rows) {
    const name = nameIn(key, counterPrefix(model.name, id).length);
    if (name === undefined || !model.counters.has(name)) continue;
    const total = decodeTotal(bytes);
    const named = { entity: model.name, aggregate: name };
    if (total === undefined) throw tenantryError("AGGREGATE_CORRUPT", named);
    if (!Number.isSafeInteger(Number(total))) throw tenantryError("AGGREGATE_TOO_LARGE", named);
    counters[name] = Number(total);
  }
  return counters;
}

/** Rows of counters read: far more than an entity declares, those that it no longer does among them. */
const countersReadMax = 1_000;

function nameIn(key: Uint8Array, offset: number): string | undefined {
  try {
    const reader = new TupleReader(key, offset);
    const name = reader.string();
    reader.end();
    return name;
  } catch {
    return undefined;
  }
}

/**
 * Counters without their record.
 *
 * @example
 * ```ts
 * import type { AnyEntity, CounterDefect } from "tenantry";
 * const describe = ({ id }: CounterDefect<AnyEntity>): string => `counters of ${String(id)}, which is not there`;
 * ```
 */
export interface CounterDefect<E extends AnyEntity> {
  readonly part: "counters";
  readonly index?: undefined;
  readonly kind: "orphan";
  readonly id: IdOf<E>;
}

/** The counters whose record `isThere` does not find. One get for each record that has counters. */
export async function verifyCounters<E extends AnyEntity>(
  model: EntityModel<E>,
  read: BatchReader,
  isThere: (transaction: ReadTransaction, id: Uint8Array) => Promise<boolean>,
): Promise<CounterDefect<E>[]> {
  const found: CounterDefect<E>[] = [];
  const prefix = counterPrefix(model.name, new Uint8Array());
  let last = "";
  await forEachBatch(read, tupleRange(prefix), async (transaction, rows) => {
    for (const [key] of rows) {
      const reader = new TupleReader(key, prefix.length);
      for (const field of model.idFields) field.read(reader);
      const id = key.slice(prefix.length, reader.offset);
      const text = Buffer.from(id).toString("latin1");
      if (text === last) continue;
      if (!(await isThere(transaction, id))) found.push({ part: "counters", kind: "orphan", id: model.decodeId(id) });
      last = text;
    }
  });
  return found;
}
