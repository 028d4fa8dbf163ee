/** Record tables: the keys and bytes of one entity's records, and how they are loaded. */
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { assertReadable, type IndexEntry, type RangePlan, readEntry } from "../../indexes/index.js";
import { recordPrefix } from "../../keyspace/index.js";
import { keyBytesMax, transactionBytesMax, valueBytesMax } from "../../limits/index.js";
import {
  expiryOfRecord,
  isSplit,
  type RecordRows,
  recordRows,
  type WholeValue,
  wholeValue,
  wholeValueSync,
} from "../../records/index.js";
import type { AnyEntity, EntityModel, IdOf, Infer, StoredRecord } from "../../schema/index.js";
import { type ReadTransaction, siblings } from "../../transaction/index.js";
import { concatBytes } from "../../tuple/index.js";
import type { RecordAccess } from "../access/record-access.js";
import { Liveness } from "../expiry/liveness.js";
import type { PlannedQuery } from "../query-plan.js";
import { Gathering, picked } from "./gathering.js";
import { type Batch, filteredBatch, filteredRows, firstRows, type Rows, visitFirst, type Wanted } from "./rows.js";

/** The bytes of a record, from which `decode` makes it, and what they take in the store. */
export interface Loaded {
  readonly value: Uint8Array;
  /** Bytes of its rows, keys and values. */
  readonly bytes: number;
  /** Rows it has beside the one under its key. */
  readonly chunks: number;
}

/** A record to be written. */
export interface EncodedRecord {
  readonly value: Uint8Array;
  readonly rows: RecordRows;
}

const unsplit = (value: Uint8Array): WholeValue => ({ value, chunks: 0, chunkBytes: 0 });

/** A record as it is stored. */
export interface Stored<E extends AnyEntity> extends StoredRecord<E>, Loaded {
  /** When it expires, in ms since 1970; undefined when it stays. */
  readonly expiresAt: number | undefined;
  /** Whether it has: then it is not there for anybody, and yet to be removed. */
  readonly expired: boolean;
}

/** One entity's records, as keys and bytes relative to whatever tenant a transaction is of. */
export class RecordTable<E extends AnyEntity> {
  readonly model: EntityModel<E>;
  /** What whoever works with the table may do; undefined for anything. */
  readonly access: RecordAccess | undefined;
  readonly liveness: Liveness;
  readonly #prefix: Uint8Array;
  readonly #tenantPrefixBytes: number;
  readonly #verifyOnRead: boolean;

  /** `tenantPrefixBytes`: how many bytes every tenant's prefix adds to a key, which count towards `keyBytesMax`. */
  constructor(
    model: EntityModel<E>,
    tenantPrefixBytes: number,
    verifyOnRead: boolean,
    now: () => number,
    access?: RecordAccess,
  ) {
    this.model = model;
    this.access = access;
    this.liveness = new Liveness(model.expires, now);
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

  /** As `named`, by the packed id. */
  namedBy(packed: Uint8Array): { readonly entity: string; readonly id: string } {
    return this.named(this.model.decodeId(packed));
  }

  missing(packed: Uint8Array): Error {
    return tenantryError("RECORD_NOT_FOUND", this.namedBy(packed));
  }

  /** The bytes and the rows of a record; `RECORD_TOO_LARGE` when it has more bytes than the entity allows. */
  encode(id: Uint8Array, record: Infer<E>, revision: number): EncodedRecord {
    const { recordBytesMax } = this.model;
    const tooLarge = (bytes: number, cause?: unknown): Error => {
      const details = { ...this.named(this.model.decodeId(id)), bytes, recordBytesMax, transactionBytesMax };
      return tenantryError("RECORD_TOO_LARGE", details, { cause });
    };
    let value: Uint8Array;
    try {
      value = this.model.encodeRecord(record, revision);
    } catch (error) {
      // Given up: it has more bytes than any transaction.
      const given = isTenantryError(error, "VALUE_UNSUPPORTED") && error.details.reason === "tooLarge";
      throw given ? tooLarge(transactionBytesMax, error) : error;
    }
    if (value.length > recordBytesMax) throw tooLarge(value.length);
    return { value, rows: recordRows(this.model.name, this.key(id), id, value) };
  }

  /** A record of nobody but its reader: the library goes on with its own. */
  reread(value: Uint8Array): Infer<E> {
    return this.model.decodeRecord(value).record;
  }

  /** Whether a key, with a tenant's prefix, is within the bound of all engines. */
  readonly keyFits = (key: Uint8Array): boolean => this.#tenantPrefixBytes + key.length <= keyBytesMax;

  /** Throws `KEY_TOO_LARGE` unless a key fits. */
  assertKeyFits(key: Uint8Array): void {
    if (this.keyFits(key)) return;
    throw tenantryError("KEY_TOO_LARGE", { bytes: this.#tenantPrefixBytes + key.length, keyBytesMax });
  }

  /** Throws `KEY_TOO_LARGE` or `INDEX_ENTRY_TOO_LARGE` unless a record's entry in an index can be written. */
  assertEntryFits(id: Uint8Array, index: string, { key, value }: IndexEntry): void {
    this.assertKeyFits(key);
    if (value.length <= valueBytesMax) return;
    const named = this.named(this.model.decodeId(id));
    throw tenantryError("INDEX_ENTRY_TOO_LARGE", { ...named, index, bytes: value.length, valueBytesMax });
  }

  /** The stored record, if it is there for whoever works with the table: not expired, and not hidden. */
  present(stored: Stored<E> | undefined): Stored<E> | undefined {
    if (stored === undefined || stored.expired || this.access?.shows(stored.record) === false) return undefined;
    return stored;
  }

  /** Whether there is a record with a packed id. */
  async has(transaction: ReadTransaction, id: Uint8Array): Promise<boolean> {
    const row = await this.row(transaction, id);
    return row !== undefined && this.liveness.hasRecord(row);
  }

  /** What is under the key of the record with a packed id: its bytes, or the head of these. */
  row(transaction: ReadTransaction, id: Uint8Array): Promise<Uint8Array | undefined> {
    return transaction.get(this.key(id));
  }

  /** The record with a packed id as bytes, put together where they are split; undefined when it has expired. */
  async load(transaction: ReadTransaction, id: Uint8Array): Promise<Loaded | undefined> {
    const row = await this.row(transaction, id);
    if (row === undefined || !this.liveness.hasRecord(row)) return undefined;
    return isSplit(row) ? await this.#joined(transaction, id, row) : this.#loaded(id, row, unsplit(row));
  }

  #loaded(id: Uint8Array, row: Uint8Array, { value, chunks, chunkBytes }: WholeValue): Loaded {
    return { value, bytes: this.#prefix.length + id.length + row.length + chunkBytes, chunks };
  }

  async #joined(transaction: ReadTransaction, id: Uint8Array, row: Uint8Array): Promise<Loaded> {
    return this.#loaded(id, row, await this.#whole(transaction, id, row));
  }

  #whole(transaction: ReadTransaction, id: Uint8Array, value: Uint8Array): Promise<WholeValue> {
    return wholeValue(transaction, this.model.name, id, value);
  }

  /** The record with a packed id, at once; undefined where that takes its time. */
  foundSync(
    transaction: ReadTransaction,
    id: Uint8Array,
  ): { readonly stored: StoredRecord<E> | undefined } | undefined {
    if (!transaction.readsAtOnce) return undefined;
    let stored: StoredRecord<E> | undefined;
    let head: Uint8Array | undefined;
    const live = this.liveness.filter(undefined);
    transaction.visitKey(this.key(id), (bytes, begin, end) => {
      if (live?.(bytes, begin, end) === false) return;
      if (isSplit(bytes, begin, end)) head = new Uint8Array(bytes.subarray(begin, end));
      else stored = this.decode(bytes, begin, end);
    });
    if (head === undefined) return { stored };
    const whole = wholeValueSync(transaction, this.model.name, id, head);
    return whole && { stored: this.decode(whole.value) };
  }

  /** As `foundSync`, for many; undefined where one takes its time. */
  foundAllSync(transaction: ReadTransaction, ids: readonly Uint8Array[]): (StoredRecord<E> | undefined)[] | undefined {
    const all: (StoredRecord<E> | undefined)[] = [];
    for (const id of ids) {
      const found = this.foundSync(transaction, id);
      if (found === undefined) return undefined;
      all.push(found.stored);
    }
    return all;
  }

  /** The record in the bytes from `begin` to `end`. */
  decode(bytes: Uint8Array, begin?: number, end?: number): StoredRecord<E> {
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
    const row = await this.row(transaction, id);
    return row === undefined ? undefined : await this.storedRow(transaction, id, row);
  }

  /** The record with a packed id whose row has been read; a promise where it is split. */
  storedRow(transaction: ReadTransaction, id: Uint8Array, row: Uint8Array): Stored<E> | Promise<Stored<E>> {
    if (!isSplit(row)) return this.#stored(row, this.#loaded(id, row, unsplit(row)));
    return this.#joined(transaction, id, row).then((loaded) => this.#stored(row, loaded));
  }

  #stored(row: Uint8Array, { value, bytes, chunks }: Loaded): Stored<E> {
    const { record, revision, origin } = this.decode(value);
    const expired = !this.liveness.hasRecord(row);
    return { record, revision, origin, value, bytes, chunks, expiresAt: expiryOfRecord(row), expired };
  }

  /** What a planned query answers for a record, stored in the bytes from `begin` to `end`. */
  record<R>({ select }: PlannedQuery, bytes: Uint8Array, begin?: number, end?: number): R {
    const { record } = this.decode(bytes, begin, end);
    return (select === undefined ? record : picked(record, select)) as R;
  }

  /** Gathers the answers of a planned query that are visited in the engine's memory. */
  gather<R>(planned: PlannedQuery): Gathering<R> {
    return new Gathering<R>(this.#prefix.length, (bytes, begin, end) => this.record<R>(planned, bytes, begin, end), {
      join: async (transaction, id, head) => (await this.#whole(transaction, id, head)).value,
      joinSync: (transaction, id, head) => wholeValueSync(transaction, this.model.name, id, head)?.value,
    });
  }

  /** Whether the rows of a range are records, all of which are there for whoever works with the table. */
  isPlain(range: RangePlan): boolean {
    return range.index === undefined && !this.model.expires && this.access?.filters !== true;
  }

  /**
   * The first records of a planned query over the records themselves, `limit` at most, straight from the engine's
   * memory; undefined where that cannot be.
   */
  visited<R>(transaction: ReadTransaction, planned: PlannedQuery, limit: number): Gathering<R> | undefined {
    if (!this.isPlain(planned.range)) return undefined;
    const gathering = this.gather<R>(planned);
    const wanted = { limit, reverse: planned.reverse };
    const count = visitFirst(transaction, planned.range, wanted, gathering.add);
    return count === undefined ? undefined : gathering;
  }

  /** The next batch of a planned query's answers, from `part` of its range. */
  async batch<R>(
    transaction: ReadTransaction,
    planned: PlannedQuery,
    part: RangePlan,
    wanted: Wanted,
  ): Promise<Batch<R[]>> {
    const live = this.liveness.filter(part.index);
    if (live !== undefined) {
      const batch = await filteredBatch(transaction, part, wanted, live);
      return { ...batch, value: await this.records<R>(transaction, planned, batch.value) };
    }
    if (part.index === undefined) {
      const gathering = this.gather<R>(planned);
      const visited = transaction.visitRange(part, wanted, gathering.add);
      if (visited !== undefined) {
        return { count: visited.rows, last: visited.last, value: await gathering.whole(transaction) };
      }
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
    const settled = assertReadable(transaction, model, index);
    if (settled !== undefined) await settled;
    const gathering = this.gather<R>(planned);
    if (index === undefined) {
      for (const [key, value] of rows) gathering.add(key, 0, key.length, value, 0, value.length);
      return await gathering.whole(transaction);
    }
    const entries = rows.map(([key, value]) => readEntry(model.name, index, key, value));
    if (covered && select !== undefined) {
      return entries.map(
        ({ id, values, stored }) =>
          picked({ ...index.covering(select, values, stored), ...this.#idFields(id) }, select) as R,
      );
    }
    const corrupt = (): Error => tenantryError("INDEX_CORRUPT", { entity: model.name, index: index.name });
    const keys = entries.map(({ id }) => this.key(id));
    if (transaction.readsAtOnce) {
      for (const key of keys) {
        const there = transaction.visitKey(key, (bytes, begin, end) => {
          gathering.add(key, 0, key.length, bytes, begin, end);
        });
        if (!there) throw corrupt();
      }
      return await gathering.whole(transaction);
    }
    const values = await siblings(entries.map(({ id }) => this.row(transaction, id)));
    for (const [at, key] of keys.entries()) {
      const value = values[at];
      if (value === undefined) throw corrupt();
      gathering.add(key, 0, key.length, value, 0, value.length);
    }
    return await gathering.whole(transaction);
  }

  /** The first rows of a planned query whose records have not expired, `limit` at most. */
  async firstRows(transaction: ReadTransaction, { range, reverse }: PlannedQuery, limit: number): Promise<Rows> {
    const live = this.liveness.filter(range.index);
    if (live === undefined) return await firstRows(transaction, range, { limit, reverse });
    return (await filteredRows(transaction, range, { limit, reverse }, live, Number.POSITIVE_INFINITY)).rows;
  }

  /** The fields of a packed id. */
  #idFields(packed: Uint8Array): object {
    const id: unknown = this.model.decodeId(packed);
    const values: readonly unknown[] = Array.isArray(id) ? id : [id];
    return Object.fromEntries(this.model.idFields.map(({ path }, at) => [path, values[at]]));
  }
}
