/** Record tables: the keys and bytes of one entity's records, and how they are loaded. */
import { isTenantryError, tenantryError } from "../errors/index.js";
import { type RangePlan, readEntry } from "../indexes/index.js";
import { recordPrefix } from "../keyspace/index.js";
import { keyBytesMax, valueBytesMax } from "../limits.js";
import type { AnyEntity, EntityModel, IdOf, Infer, StoredRecord } from "../schema/index.js";
import type { RangeBatch, ReadTransaction } from "../transaction/index.js";
import { concatBytes, keyAfter } from "../tuple/index.js";
import type { RecordAccess } from "./access/record-access.js";
import type { PlannedQuery } from "./query-plan.js";

/** Rows of a range as the engine gave them: of records, or of an index. */
export type Rows = RangeBatch["rows"];

/** A record as it is stored. */
export interface Stored<E extends AnyEntity> extends StoredRecord<E> {
  /** Length of its value. */
  readonly bytes: number;
}

/** One entity's records, as keys and bytes relative to whatever tenant a transaction is of. */
export class RecordTable<E extends AnyEntity> {
  readonly model: EntityModel<E>;
  /** What whoever works with the table may do; undefined for anything. */
  readonly access: RecordAccess | undefined;
  readonly #prefix: Uint8Array;
  readonly #tenantPrefixBytes: number;
  readonly #verifyOnRead: boolean;

  /** `tenantPrefixBytes`: how many bytes every tenant's prefix adds to a key, which count towards `keyBytesMax`. */
  constructor(model: EntityModel<E>, tenantPrefixBytes: number, verifyOnRead: boolean, access?: RecordAccess) {
    this.model = model;
    this.access = access;
    this.#verifyOnRead = verifyOnRead;
    this.#prefix = recordPrefix(model.name);
    this.#tenantPrefixBytes = tenantPrefixBytes;
  }

  /** The key of the record with a packed id. */
  key(id: Uint8Array): Uint8Array {
    return concatBytes(this.#prefix, id);
  }

  /** How an error names the record with an id. */
  named(id: IdOf<E>): { readonly entity: string; readonly id: string } {
    return { entity: this.model.name, id: this.model.formatId(id) };
  }

  missing(id: IdOf<E>): Error {
    return tenantryError("RECORD_NOT_FOUND", this.named(id));
  }

  /** The bytes of a record, as they are stored; `RECORD_TOO_LARGE` when no value can hold them. */
  encode(record: Infer<E>, revision: number): Uint8Array {
    const bytes = this.model.encodeRecord(record, revision);
    if (bytes.length > valueBytesMax) {
      const named = this.named(this.model.idOf(record));
      throw tenantryError("RECORD_TOO_LARGE", { ...named, bytes: bytes.length, valueBytesMax });
    }
    return bytes;
  }

  /** Throws `KEY_TOO_LARGE` when a key, with a tenant's prefix, is over the bound of all engines. */
  assertKeyFits(key: Uint8Array): void {
    const bytes = this.#tenantPrefixBytes + key.length;
    if (bytes > keyBytesMax) throw tenantryError("KEY_TOO_LARGE", { bytes, keyBytesMax });
  }

  /** The stored bytes of the record with a packed id. */
  load(transaction: ReadTransaction, id: Uint8Array): Promise<Uint8Array | undefined> {
    return transaction.get(this.key(id));
  }

  decode(bytes: Uint8Array): Stored<E> {
    return { ...this.#decoded(bytes), bytes: bytes.length };
  }

  #decoded(bytes: Uint8Array, begin?: number, end?: number): StoredRecord<E> {
    const stored = this.model.decodeRecord(bytes, begin, end);
    if (this.#verifyOnRead) this.#verify(stored.record);
    return stored;
  }

  /** Throws `STORED_RECORD_INVALID` when a record does not fit the schema. */
  #verify(record: Infer<E>): void {
    try {
      this.model.check(record);
    } catch (cause) {
      if (!isTenantryError(cause, "RECORD_INVALID")) throw cause;
      throw tenantryError("STORED_RECORD_INVALID", cause.details, { cause });
    }
  }

  /** The record with a packed id, if there is one. */
  async stored(transaction: ReadTransaction, id: Uint8Array): Promise<Stored<E> | undefined> {
    const bytes = await this.load(transaction, id);
    return bytes === undefined ? undefined : this.decode(bytes);
  }

  /** What a planned query answers for a record, stored in the bytes from `begin` to `end`. */
  record<R>({ select }: PlannedQuery, bytes: Uint8Array, begin?: number, end?: number): R {
    const { record } = this.#decoded(bytes, begin, end);
    return (select === undefined ? record : picked(record, select)) as R;
  }

  /**
   * The first records of a planned query over the records themselves, `limit` at most, straight from the engine's
   * memory; undefined where that cannot be.
   */
  visited<R>(transaction: ReadTransaction, planned: PlannedQuery, limit: number): R[] | undefined {
    if (planned.range.index !== undefined) return undefined;
    const records: R[] = [];
    const wanted = { limit, reverse: planned.reverse };
    const count = visitFirst(transaction, planned.range, wanted, (_key, _keyBegin, _keyEnd, value, begin, end) => {
      records.push(this.record<R>(planned, value, begin, end));
    });
    return count === undefined ? undefined : records;
  }

  /** The next batch of a planned query's answers, from `part` of its range. */
  async batch<R>(
    transaction: ReadTransaction,
    planned: PlannedQuery,
    part: RangePlan,
    wanted: Wanted,
  ): Promise<Batch<R[]>> {
    if (part.index === undefined) {
      const value: R[] = [];
      const visited = transaction.visitRange(part, wanted, (_key, _keyBegin, _keyEnd, bytes, begin, end) => {
        value.push(this.record<R>(planned, bytes, begin, end));
      });
      if (visited !== undefined) return { count: visited.rows, last: visited.last, value };
    }
    const { rows, more } = await transaction.getRange(part, wanted);
    const value = await this.records<R>(transaction, planned, rows);
    return { count: rows.length, last: more ? rows.at(-1)?.[0] : undefined, value };
  }

  /**
   * What the rows of a planned query answer: the records, or the fields selected. Fetched all at once when the rows are
   * an index's that do not hold them. `R` is what the query's selection makes of the entity's record.
   */
  async records<R>(transaction: ReadTransaction, planned: PlannedQuery, rows: Rows): Promise<R[]> {
    const { range, select, covered } = planned;
    const { index } = range;
    const { model } = this;
    if (index === undefined) return rows.map(([, value]) => this.record<R>(planned, value));
    const entries = rows.map(([key, value]) => readEntry(model.name, index, key, value));
    if (covered && select !== undefined) {
      return entries.map(
        ({ id, values, stored }) =>
          picked({ ...index.covering(select, values, stored), ...this.#idFields(id) }, select) as R,
      );
    }
    const values = await Promise.all(entries.map(({ id }) => this.load(transaction, id)));
    return values.map((value) => {
      if (value === undefined) throw tenantryError("INDEX_CORRUPT", { entity: model.name, index: index.name });
      return this.record<R>(planned, value);
    });
  }

  /** The fields of a packed id. */
  #idFields(packed: Uint8Array): object {
    const id: unknown = this.model.decodeId(packed);
    const values: readonly unknown[] = Array.isArray(id) ? id : [id];
    return Object.fromEntries(this.model.idFields.map(({ path }, at) => [path, values[at]]));
  }
}

/** The fields `names` that a record has. */
export function picked(record: object, names: readonly string[]): object {
  const found: Record<string, unknown> = {};
  for (const name of names) if (Object.hasOwn(record, name)) found[name] = Reflect.get(record, name);
  return found;
}

/** What is wanted of a range: `limit` rows at most, from one end or the other. */
export interface Wanted {
  readonly limit: number;
  readonly reverse: boolean;
}

/** What a batch of a range's rows comes to. */
export interface Batch<T> {
  /** Rows in it. */
  readonly count: number;
  /** The last row's key when more may follow. */
  readonly last: Uint8Array | undefined;
  readonly value: T;
}

/** Counts the rows of the next batch of a range. */
export async function countBatch(
  transaction: ReadTransaction,
  part: RangePlan,
  wanted: Wanted,
): Promise<Batch<number>> {
  const visited = transaction.visitRange(part, wanted, () => {});
  if (visited !== undefined) return { count: visited.rows, last: visited.last, value: visited.rows };
  const { rows, more } = await transaction.getRange(part, wanted);
  return { count: rows.length, last: more ? rows.at(-1)?.[0] : undefined, value: rows.length };
}

/**
 * Visits the first rows of a range, `limit` at most, in as many batches as the engine makes of them. How many they
 * were; undefined, before any, where rows cannot be visited.
 */
export function visitFirst(
  transaction: ReadTransaction,
  range: RangePlan,
  { limit, reverse }: Wanted,
  visit: Parameters<ReadTransaction["visitRange"]>[2],
): number | undefined {
  let count = 0;
  for (let rest = range; !range.empty && count < limit; ) {
    const visited = transaction.visitRange(rest, { limit: limit - count, reverse }, visit);
    if (visited === undefined) return undefined;
    count += visited.rows;
    if (visited.last === undefined) break;
    rest = rangeAfter(rest, visited.last, reverse);
  }
  return count;
}

/** What is left of a range once the row with `key` has been read. */
export const rangeAfter = (range: RangePlan, key: Uint8Array, reverse: boolean): RangePlan =>
  reverse ? { ...range, end: key } : { ...range, begin: keyAfter(key) };

/** The first rows of a range, `limit` at most, in as many batches as the engine makes of them. */
export async function firstRows(
  transaction: ReadTransaction,
  range: RangePlan,
  { limit, reverse }: Wanted,
): Promise<Rows> {
  const rows: Rows = [];
  let rest = range;
  while (rows.length < limit && !range.empty) {
    const batch = await transaction.getRange(rest, { limit: limit - rows.length, reverse });
    rows.push(...batch.rows);
    const last = batch.rows.at(-1)?.[0];
    if (!batch.more || last === undefined) break;
    rest = rangeAfter(rest, last, reverse);
  }
  return rows;
}
