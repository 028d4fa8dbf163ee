/** The model of an entity: records and ids to bytes and back, by its schema. */
import { isDeepStrictEqual } from "node:util";
import * as core from "zod/v4/core";
import { isTenantryError, type RecordIssue, tenantryError } from "../errors/index.js";
import { keyBytesMax } from "../limits/index.js";
import { copiedList } from "../options/index.js";
import { equalBytes, TupleReader, TupleWriter } from "../tuple/index.js";
import {
  copyFields,
  copyValue,
  PrototypeName,
  type RecordCodec,
  type RecordLayout,
  TooManyValues,
} from "../value/index.js";
import type { AggregateModel } from "./aggregates/aggregate-model.js";
import type { RecordHistory } from "./evolution/history.js";
import { formatKeyValue, joinKeyTexts, parseKeyValue, splitKeyTexts } from "./id-text.js";
import { expiryTimeOf, type SchemaIndexModel } from "./index-model.js";
import type { AnyEntity, IdOf, Infer } from "./infer.js";
import type { SchemaKeyField } from "./key-field.js";
import { copiedKeyValue } from "./key-value.js";
import type { EntityModel, StoredRecord } from "./model.js";
import { type Revive, revived } from "./zod/revive.js";

/** What a model is made of, all of it checked. */
export interface RecordModelOptions {
  readonly name: string;
  readonly version: number;
  readonly schema: core.$ZodObject;
  readonly idFields: readonly SchemaKeyField[];
  readonly indexes: ReadonlyMap<string, SchemaIndexModel>;
  readonly aggregates: ReadonlyMap<string, AggregateModel>;
  readonly counters: ReadonlySet<string>;
  readonly recordBytesMax: number;
  /** The field with the time a record expires at; undefined when records stay. */
  readonly expires: SchemaKeyField | undefined;
  /** How records are stored, now and before. */
  readonly history: RecordHistory;
}

/** An escaped byte takes three characters. */
const idTextCharsMax = 3 * keyBytesMax;

export class RecordModel<E extends AnyEntity> implements EntityModel<E> {
  readonly name: string;
  readonly version: number;
  readonly idFields: readonly SchemaKeyField[];
  readonly indexes: ReadonlyMap<string, SchemaIndexModel>;
  readonly aggregates: ReadonlyMap<string, AggregateModel>;
  readonly counters: ReadonlySet<string>;
  readonly recordBytesMax: number;
  readonly #schema: core.$ZodObject;
  readonly #codec: RecordCodec;
  readonly #revive: Revive | undefined;
  readonly #writer = new TupleWriter();
  readonly #options: RecordModelOptions;

  constructor(options: RecordModelOptions) {
    const { name, version, schema, idFields, indexes, aggregates, recordBytesMax, history } = options;
    const { codec, revive } = history.current;
    this.#options = options;
    this.name = name;
    this.version = version;
    this.idFields = idFields;
    this.indexes = indexes;
    this.aggregates = aggregates;
    this.counters = options.counters;
    this.recordBytesMax = recordBytesMax;
    this.#schema = schema;
    this.#codec = codec;
    this.#revive = revive;
  }

  get codec(): RecordCodec {
    return this.#codec;
  }

  get history(): RecordHistory {
    return this.#options.history;
  }

  knowing(layouts: Iterable<RecordLayout>): RecordModel<E> {
    return new RecordModel({ ...this.#options, history: this.history.knowing(layouts) });
  }

  parse(input: unknown): Infer<E> {
    const { value, whole } = this.#copying(() => copyValue(input));
    if (whole) return this.#validated(value);
    // What could not be copied is still the caller's while it is validated: what is stored of it is validated again.
    return this.#validated(this.#codec.copy(this.#stored(this.#validatedAsIs(value))));
  }

  /** Validates what may be of any class, and answer the schema anything. */
  #validatedAsIs(input: unknown): Infer<E> {
    try {
      return this.#validated(input);
    } catch (cause) {
      if (!(cause instanceof TypeError) || isTenantryError(cause)) throw cause;
      const issues = [{ code: "custom", path: [], message: "A value in it is not what its class says" }];
      throw tenantryError("RECORD_INVALID", { entity: this.name, issues }, { cause });
    }
  }

  check(record: unknown): Infer<E> {
    return this.#revive === undefined ? this.parse(record) : this.parse(this.#stored(record));
  }

  copyPatch(patch: unknown): object {
    if (typeof patch === "object" && patch !== null) return this.#copying(() => copyFields(patch));
    throw this.#invalid({ code: "invalid_type", path: [], message: "A patch is an object" });
  }

  patch(record: Infer<E>, patch: object): Infer<E> {
    const merged: Record<string, unknown> = { ...this.#stored(record) };
    const issues: RecordIssue[] = [];
    for (const [name, value] of Object.entries(patch)) {
      if (this.idFields.some((field) => field.path === name)) {
        issues.push({ code: "id_field", path: [name], message: "A patch cannot change the id" });
      } else if (name === "__proto__" || !this.hasField(name)) {
        issues.push({ code: "unrecognized_keys", path: [name], message: "The entity has no such field" });
      } else if (value === undefined) delete merged[name];
      else merged[name] = value;
    }
    if (issues.length > 0) throw tenantryError("RECORD_INVALID", { entity: this.name, issues });
    return this.parse(merged);
  }

  hasField(name: string): boolean {
    const { shape, catchall } = this.#schema._zod.def;
    return Object.hasOwn(shape, name) || (catchall !== undefined && catchall._zod.def.type !== "never");
  }

  idOf(record: Infer<E>): IdOf<E> {
    return this.#id(this.idFields.map((field) => field.get(record)));
  }

  encodeId(id: IdOf<E>): Uint8Array {
    return this.#pack(this.#storedId(id));
  }

  encodeIdValues(values: readonly unknown[]): Uint8Array {
    return this.#asIdError(() => {
      if (values.length > this.idFields.length) throw this.#idError(undefined, "tooManyFields");
      return this.#pack(values.map((value, index) => this.idFields[index]?.stored(value)));
    });
  }

  encodeIdBeginning(values: readonly unknown[], text: unknown): Uint8Array {
    const packed = this.encodeIdValues(values);
    return this.#asIdError(() => {
      const field = this.idFields[values.length];
      if (field === undefined) throw this.#idError(undefined, "tooManyFields");
      return field.writeBeginning(this.#writer.start().packed(packed), text);
    });
  }

  decodeId(bytes: Uint8Array, offset = 0): IdOf<E> {
    const reader = new TupleReader(bytes, offset);
    const values: unknown[] = [];
    for (const field of this.idFields) values.push(field.read(reader));
    reader.end();
    return this.#id(values);
  }

  formatId(id: IdOf<E>): string {
    const stored = this.#storedId(id);
    this.#pack(stored);
    return joinKeyTexts(this.idFields.map(({ kind }, index) => formatKeyValue(kind, stored[index])));
  }

  parseId(text: string): IdOf<E> {
    if (typeof text !== "string" || text.length > idTextCharsMax) throw this.#idError(undefined, "tooLong");
    const texts = splitKeyTexts(text);
    if (texts.length !== this.idFields.length) throw this.#idError(undefined, "numberOfFields");
    const stored = this.idFields.map((field, index) => {
      const value = parseKeyValue(field.kind, texts[index] ?? "");
      return value === undefined ? this.#refuse(field.path, "text") : value;
    });
    const id = this.decodeId(this.#asIdError(() => this.#pack(stored)));
    // A value of the right form may still not be one of the schema's.
    this.#storedId(id);
    return id;
  }

  toStored(record: Infer<E>): object {
    return this.#stored(record);
  }

  fromStored(stored: unknown, version: number): Infer<E> {
    return this.history.steps.has(version) ? this.check(this.history.raise(stored, version)) : this.#validated(stored);
  }

  encodeRecord(record: Infer<E>, revision: number): Uint8Array {
    const expiresAt = expiryTimeOf(this.#options.expires?.get(record));
    return this.#codec.encode(this.#stored(record), revision, expiresAt);
  }

  get expires(): boolean {
    return this.#options.expires !== undefined;
  }

  decodeRecord(bytes: Uint8Array, start?: number, end?: number): StoredRecord<E> {
    const own = this.#codec.decodeOwn(bytes, start, end);
    if (own === undefined) return this.#upgraded(bytes, start, end);
    const { record, revision } = own;
    // Stored bytes are trusted to be what `parse` once returned: the layout's fingerprint ties them to this schema.
    return {
      record: (this.#revive === undefined ? record : revived(this.name, this.#revive, record)) as Infer<E>,
      revision,
    };
  }

  /** A record of an earlier definition. */
  #upgraded(bytes: Uint8Array, start?: number, end?: number): StoredRecord<E> {
    const { record, revision, origin, schemaVersion } = this.history.decode(bytes, start, end);
    const kept = (field: SchemaKeyField): boolean => sameValue(field.get(origin), field.get(record));
    if (origin !== undefined && !this.idFields.every(kept)) {
      throw tenantryError("MIGRATION_STEP_FAILED", { entity: this.name, version: schemaVersion, reason: "idChanged" });
    }
    // The step's type says that it makes records of this schema; zod looks at them when they are written.
    if (origin === undefined) return { record: record as Infer<E>, revision, origin };
    return { record: this.#written(record as Infer<E>, schemaVersion), revision, origin };
  }

  /** What a record that steps made is once it is written: it has no other fields than the schema's, and all it requires. */
  #written(record: Infer<E>, version: number): Infer<E> {
    try {
      return this.decodeRecord(this.encodeRecord(record, 1)).record;
    } catch (cause) {
      if (!isTenantryError(cause)) throw cause;
      throw tenantryError("MIGRATION_STEP_FAILED", { entity: this.name, version, reason: "notARecord" }, { cause });
    }
  }

  /** The stored side of a record: itself, unless there are codecs in it. */
  #stored(record: unknown): object {
    const stored =
      this.#revive === undefined ? record : this.#checked(() => core.safeEncode<core.$ZodType>(this.#schema, record));
    if (typeof stored === "object" && stored !== null) return stored;
    throw this.#invalid({ code: "invalid_type", path: [], message: "Invalid input: expected object" });
  }

  #validated(input: unknown): Infer<E> {
    return this.#checked(() => core.safeParse(this.#schema, input));
  }

  #copying<T>(copy: () => T): T {
    try {
      return copy();
    } catch (error) {
      if (error instanceof PrototypeName) {
        throw this.#invalid({ code: "unrecognized_keys", path: error.path, message: "No field can have this name" });
      }
      if (!(error instanceof TooManyValues)) throw error;
      throw this.#invalid({ code: "too_big", path: error.path, message: "No transaction takes so many values" });
    }
  }

  #invalid(issue: RecordIssue): Error {
    return tenantryError("RECORD_INVALID", { entity: this.name, issues: [issue] });
  }

  #checked(run: () => core.util.SafeParseResult<unknown>): Infer<E> {
    let result: core.util.SafeParseResult<unknown>;
    try {
      result = run();
    } catch (error) {
      // Found only when it runs: a refinement that is not declared async but returns a promise.
      if (!(error instanceof core.$ZodAsyncError)) throw error;
      const details = { entity: this.name, path: "schema", reason: "asyncRefinement" };
      throw tenantryError("ENTITY_INVALID", details, { cause: error });
    }
    if (!result.success) throw tenantryError("RECORD_INVALID", { entity: this.name, issues: result.error.issues });
    return result.data as Infer<E>;
  }

  #storedId(id: IdOf<E>): unknown[] {
    const { length } = this.idFields;
    const values = length === 1 ? [id] : copiedList(id, length);
    return this.#asIdError(() => {
      if (values?.length !== length) throw this.#idError(undefined, "numberOfFields");
      return this.idFields.map((field, index) => field.stored(copiedKeyValue(values[index])));
    });
  }

  /** Packs stored values. They were prepared before: no code of a schema runs while the writer is in use. */
  #pack(stored: readonly unknown[]): Uint8Array {
    return this.#asIdError(() => {
      const writer = this.#writer.start();
      stored.forEach((value, index) => {
        this.idFields[index]?.writeStored(writer, value);
      });
      const bytes = writer.finish();
      if (bytes.length > keyBytesMax) throw tenantryError("KEY_TOO_LARGE", { bytes: bytes.length, keyBytesMax });
      return bytes;
    });
  }

  #id(values: readonly unknown[]): IdOf<E> {
    return (values.length === 1 ? values[0] : values) as IdOf<E>;
  }

  #asIdError<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (isTenantryError(error, "KEY_VALUE_INVALID")) this.#refuse(error.details.field, error.details.reason);
      throw error;
    }
  }

  #refuse(field: string, reason: string): never {
    throw this.#idError(field, reason);
  }

  #idError(field: string | undefined, reason: string): Error {
    return tenantryError("RECORD_ID_INVALID", { entity: this.name, field, reason });
  }
}

/** Whether two values of a field of the id are the same. */
const sameValue = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array ? equalBytes(a, b) : isDeepStrictEqual(a, b);
