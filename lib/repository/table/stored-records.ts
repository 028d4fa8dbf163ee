/** Stored records: the keys and bytes of one entity's records, and how they are loaded and written. */
import { isTenantryError, tenantryError } from "../../errors/index.js";
import type { IndexEntry } from "../../indexes/index.js";
import { recordPrefix } from "../../keyspace/index.js";
import { keyBytesMax, transactionBytesMax, valueBytesMax } from "../../limits/index.js";
import {
  expiryOfRecord,
  isAboutRecord,
  isSplit,
  namingRecord,
  type RecordRows,
  readIdText,
  recordRows,
  type WholeValue,
  wholeValue,
  wholeValueSync,
} from "../../records/index.js";
import type { AnyEntity, EntityModel, IdOf, Infer, StoredRecord } from "../../schema/index.js";
import type { ReadTransaction } from "../../transaction/index.js";
import { concatBytes } from "../../tuple/index.js";
import type { RecordAccess } from "../access/record-access.js";
import { Liveness } from "../expiry/liveness.js";

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
export class StoredRecords<E extends AnyEntity> {
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

  /** Bytes of a record's key before its packed id. */
  get prefixBytes(): number {
    return this.#prefix.length;
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

  /** What was thrown while a record was read: with its name where it is about the record's own bytes. */
  about(packed: Uint8Array, error: unknown): unknown {
    if (!isAboutRecord(error)) return error;
    return namingRecord(error, { entity: this.model.name, id: readIdText(this.model, packed) });
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

  /** The stored side of a record that was read. @throws STORED_RECORD_INVALID for one that has none */
  toStored(id: Uint8Array, record: Infer<E>): object {
    try {
      return this.model.toStored(record);
    } catch (cause) {
      if (!isTenantryError(cause, "RECORD_INVALID")) throw cause;
      throw this.about(id, tenantryError("STORED_RECORD_INVALID", cause.details, { cause }));
    }
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

  /** A record that was found, unless it is not for the table's context to see. */
  shown(stored: StoredRecord<E> | undefined): StoredRecord<E> | undefined {
    return stored === undefined || this.access?.shows(stored.record) === false ? undefined : stored;
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
    try {
      return this.#loaded(id, row, await wholeValue(transaction, this.model.name, id, row));
    } catch (error) {
      throw this.about(id, error);
    }
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
    try {
      transaction.visitKey(this.key(id), (bytes, begin, end) => {
        if (live?.(bytes, begin, end) === false) return;
        if (isSplit(bytes, begin, end)) head = new Uint8Array(bytes.subarray(begin, end));
        else stored = this.decode(bytes, begin, end);
      });
      if (head === undefined) return { stored };
      const whole = wholeValueSync(transaction, this.model.name, id, head);
      return whole && { stored: this.decode(whole.value) };
    } catch (error) {
      throw this.about(id, error);
    }
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

  /** The record with a packed id in its bytes. */
  decodeAs(id: Uint8Array, value: Uint8Array, verifies?: boolean): StoredRecord<E> {
    try {
      return this.decode(value, 0, value.length, verifies);
    } catch (error) {
      throw this.about(id, error);
    }
  }

  /** The record in the bytes from `begin` to `end`; compared with the schema where `verifies`. */
  decode(bytes: Uint8Array, begin?: number, end?: number, verifies = this.#verifyOnRead): StoredRecord<E> {
    const stored = this.model.decodeRecord(bytes, begin, end);
    if (verifies) this.verify(stored.record, verifies);
    return stored;
  }

  /** Throws `STORED_RECORD_INVALID` when a record does not fit the schema; asked for what is read where the table is. */
  verify(record: Infer<E>, verifies = this.#verifyOnRead): void {
    if (!verifies) return;
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
  storedRow(
    transaction: ReadTransaction,
    id: Uint8Array,
    row: Uint8Array,
    verifies?: boolean,
  ): Stored<E> | Promise<Stored<E>> {
    if (!isSplit(row)) return this.#stored(id, row, this.#loaded(id, row, unsplit(row)), verifies);
    return this.#joined(transaction, id, row).then((loaded) => this.#stored(id, row, loaded, verifies));
  }

  #stored(id: Uint8Array, row: Uint8Array, { value, bytes, chunks }: Loaded, verifies?: boolean): Stored<E> {
    const { record, revision, origin } = this.decodeAs(id, value, verifies);
    const expired = !this.liveness.hasRecord(row);
    return { record, revision, origin, value, bytes, chunks, expiresAt: expiryOfRecord(row), expired };
  }
}
