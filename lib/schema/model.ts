/** The runtime side of an entity: what indexes and repositories call to turn records into bytes and back. */
import type { TupleReader, TupleWriter } from "../tuple/index.js";
import type { RecordLayout } from "../value/index.js";
import type { AggregateModel } from "./aggregates/aggregate-model.js";
import type { RecordHistory } from "./evolution/history.js";
import type { AnyEntity, IdOf, Infer } from "./infer.js";

/** One field of a key (of an id, or of an index): how to find its value and how to order it as bytes. */
export interface KeyField {
  /** The encoding of its values. */
  readonly kind: string;
  /** The dotted path, as in the definition. */
  readonly path: string;
  readonly descending: boolean;
  /** Whether it may be absent or null. */
  readonly nullish: boolean;
  /** The field's value in a record; `undefined` when it, or an object on the way, is absent or null. */
  get(record: unknown): unknown;
  /**
   * Appends the value's encoding.
   *
   * @throws `KEY_VALUE_INVALID` when the value is not of the field's type or has no order (NaN, a lone surrogate).
   */
  write(writer: TupleWriter, value: unknown): void;
  /** Reads the value `write` wrote; an absent value comes back as `null`. */
  read(reader: TupleReader): unknown;
}

/** What one entry of an index says of its record, the id apart. */
export interface IndexedValues {
  /** The packed values of all of the index's fields. */
  readonly values: Uint8Array;
  /** Whether no other record may have them: the index is unique, and none of the values is null. */
  readonly taken: boolean;
}

/** The runtime side of one index. */
export interface IndexModel {
  readonly name: string;
  readonly fields: readonly KeyField[];
  readonly unique: boolean;
  /** The path through an array that makes an entry per element; undefined when a record has one entry. */
  readonly each: string | undefined;
  /** Names the definition: the same as long as the same records have the same entries. */
  readonly fingerprint: number;
  /** The names of the record's fields that an entry answers by itself, from its key or its value. */
  readonly covered: ReadonlySet<string>;
  /**
   * What a record's entries say: one as a rule, none when the record is left out, several over an array.
   *
   * @throws `KEY_VALUE_INVALID` when a field has no place in the index's order
   * @param held Of a record as it is stored, under whatever schema there was: values of the right kind need not fit the
   *   present one.
   *
   * @throws `INDEX_ELEMENTS_TOO_MANY` when the array has more distinct elements than a record may have entries
   */
  valuesOf(record: unknown, held?: boolean): readonly IndexedValues[];
  /** When a record expires, in milliseconds since 1970; undefined when it stays. */
  expiryOf(record: unknown): number | undefined;
  /** The bytes of the stored fields of a record; empty when the index has none. */
  encodeStored(record: unknown): Uint8Array;
  /** The covered fields `names` of the record whose entry has these values and these stored fields. */
  covering(names: readonly string[], values: readonly unknown[], stored: Uint8Array): object;
  /**
   * The packed beginning of an index key: the values of its first `values.length` fields.
   *
   * @throws `KEY_VALUE_INVALID` when a value does not fit its field or there are more values than fields.
   */
  encodeValues(values: readonly unknown[]): Uint8Array;
  /**
   * What all keys begin with whose first fields have `values` and whose next one is a text that begins with `text`.
   *
   * @throws `KEY_VALUE_INVALID` when that field holds no text, or there is none
   */
  encodeBeginning(values: readonly unknown[], text: unknown): Uint8Array;
  /** Reads the index's values from packed bytes and tells where the id begins. */
  decodeValues(bytes: Uint8Array, offset?: number): { readonly values: unknown[]; readonly end: number };
}

/** A stored record and the revision `ifRevision` compares. */
export interface StoredRecord<E extends AnyEntity> {
  readonly record: Infer<E>;
  /** Starts at 1 and grows by one with each write of the record. */
  readonly revision: number;
  /** The record as its own version knew it, when migration steps made `record` of it. */
  readonly origin?: object | undefined;
}

/** The runtime side of an entity: see `modelOf`. */
export interface EntityModel<E extends AnyEntity> {
  readonly name: string;
  readonly version: number;
  /** How its records are stored, now and before. */
  readonly history: RecordHistory;
  /** The same model, able to read records of further layouts. */
  knowing(layouts: Iterable<RecordLayout>): EntityModel<E>;
  /** The fields of the id in key order. */
  readonly idFields: readonly KeyField[];
  readonly indexes: ReadonlyMap<string, IndexModel>;
  readonly aggregates: ReadonlyMap<string, AggregateModel>;
  /** The names of the counters that each record has. */
  readonly counters: ReadonlySet<string>;
  /** Whether records may expire. */
  readonly expires: boolean;
  /** Most bytes a record may have, encoded. */
  readonly recordBytesMax: number;

  /**
   * Validates what a caller passed to `create` or `put` (zod's input) and applies defaults once.
   *
   * @throws `RECORD_INVALID` with zod's issues in the details.
   */
  parse(input: unknown): Infer<E>;
  /**
   * Validates a changed record (zod's output): what an `update` function returned.
   *
   * @throws `RECORD_INVALID` with zod's issues in the details.
   */
  check(record: unknown): Infer<E>;
  /**
   * A copy of a caller's patch, to be applied later.
   *
   * @throws `RECORD_INVALID` for what is no object, or has a field called `__proto__` somewhere.
   */
  copyPatch(patch: unknown): object;
  /**
   * Applies a shallow patch to a record and validates the result; `undefined` removes an optional field.
   *
   * @throws `RECORD_INVALID` with zod's issues in the details, also for unknown and id fields.
   */
  patch(record: Infer<E>, patch: object): Infer<E>;

  /** Whether a record may have a field of this name. */
  hasField(name: string): boolean;

  /** The id of a record. */
  idOf(record: Infer<E>): IdOf<E>;
  /**
   * The packed tuple of an id, relative to the entity's prefix.
   *
   * @throws `RECORD_ID_INVALID` when the value cannot be an id of this entity.
   */
  encodeId(id: IdOf<E>): Uint8Array;
  /** The packed beginning of an id: the values of its first `values.length` fields. */
  encodeIdValues(values: readonly unknown[]): Uint8Array;
  /** What all ids begin with whose first fields have `values` and whose next one is a text that begins with `text`. */
  encodeIdBeginning(values: readonly unknown[], text: unknown): Uint8Array;
  /**
   * The id in packed bytes, from `offset` to their end.
   *
   * @throws `TUPLE_BYTES_INVALID` when the bytes are not an id of this entity.
   */
  decodeId(bytes: Uint8Array, offset?: number): IdOf<E>;
  parseId(text: string): IdOf<E>;
  formatId(id: IdOf<E>): string;

  /** The stored side of a record, plain data: the record itself, but for codecs, whose encoded side is stored. */
  toStored(record: Infer<E>): object;
  /**
   * The record of a stored side of a version, which is this one or an earlier one; validated as `parse` does.
   *
   * @throws `RECORD_INVALID` with zod's issues in the details, `MIGRATION_STEP_FAILED`
   */
  fromStored(stored: unknown, version: number): Infer<E>;

  /** The bytes of a record, as stored under its key. */
  encodeRecord(record: Infer<E>, revision: number): Uint8Array;
  /**
   * The record in stored bytes; it shares no memory with them.
   *
   * @throws a `corrupt` error (`VALUE_…`) when the bytes were not written by this entity, or by a newer program.
   */
  decodeRecord(bytes: Uint8Array, start?: number, end?: number): StoredRecord<E>;
}
