/** One field of a key: finds its value in a record, writes it in the order of its type, reads it back. */
import { isUint8Array } from "node:util/types";
import * as core from "zod/v4/core";
import { isTenantryError, tenantryError } from "../errors/index.js";
import { timeOf } from "../intrinsics/index.js";
import type { TupleReader, TupleWriter } from "../tuple/index.js";
import type { KeyField } from "./model.js";
import type { KeyKind, KeyType } from "./zod/key-kind.js";

/** Writes a value that was seen to be of the kind, or tells why it has no place in a key. */
function writeKind(writer: TupleWriter, kind: KeyKind, value: unknown): string | undefined {
  switch (kind) {
    case "string":
      if (typeof value !== "string") return "notAString";
      writer.string(value);
      return undefined;
    case "integer":
      if (!Number.isSafeInteger(value)) return "notASafeInteger";
      writer.integer(Number(value));
      return undefined;
    case "bigint":
      if (typeof value !== "bigint") return "notABigint";
      writer.integer(value);
      return undefined;
    case "number":
      if (typeof value !== "number" || Number.isNaN(value)) return "notANumber";
      writer.double(value === 0 ? 0 : value);
      return undefined;
    case "boolean":
      if (typeof value !== "boolean") return "notABoolean";
      writer.boolean(value);
      return undefined;
    case "date": {
      const time = timeOf(value);
      if (time === undefined || Number.isNaN(time)) return "notADate";
      writer.integer(time);
      return undefined;
    }
    case "bytes":
      if (!isUint8Array(value)) return "notBytes";
      writer.bytes(value);
      return undefined;
  }
}

function readKind(reader: TupleReader, kind: KeyKind): unknown {
  switch (kind) {
    case "string":
      return reader.string();
    case "integer":
      return reader.integer();
    case "bigint":
      return BigInt(reader.integer());
    case "number":
      return reader.double();
    case "boolean":
      return reader.boolean();
    case "date":
      return new Date(Number(reader.integer()));
    case "bytes":
      return reader.bytes();
  }
}

/** What a {@link SchemaKeyField} is made of. */
export interface KeyFieldOptions {
  readonly path: string;
  /** The names to follow from the record to the value. */
  readonly names: readonly string[];
  /** How many of the names lead to an array whose elements have a key each; undefined when there is no array. */
  readonly arrayAt?: number | undefined;
  readonly descending: boolean;
  readonly type: KeyType;
  readonly schema: core.$ZodType;
}

/** The value at the end of `names`; undefined when it, or an object on the way, is absent or null. */
function follow(record: unknown, names: readonly string[]): unknown {
  let value = record;
  for (const name of names) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value === null ? undefined : value;
}

/** Bytes of a packed text after its last character, ascending: its end. Descending: the end's complement and two more. */
const textEndBytes = 1;
const descendingTextEndBytes = 3;

export class SchemaKeyField implements KeyField {
  readonly path: string;
  readonly descending: boolean;
  readonly kind: KeyKind;
  readonly #names: readonly string[];
  readonly #arrayAt: number | undefined;
  readonly #type: KeyType;
  readonly #schema: core.$ZodType;

  constructor({ path, names, arrayAt, descending, type, schema }: KeyFieldOptions) {
    this.path = path;
    this.descending = descending;
    this.kind = type.kind;
    this.#names = names;
    this.#arrayAt = arrayAt;
    this.#type = type;
    this.#schema = schema;
  }

  get nullish(): boolean {
    return this.#type.nullish;
  }

  /** Whether the field is one of an array's elements. */
  get each(): boolean {
    return this.#arrayAt !== undefined;
  }

  /** The name of the record's field that reads back from a key as it was: all but nested, null and array ones. */
  get covers(): string | undefined {
    return this.each || this.#type.nullish || this.#names.length > 1 ? undefined : this.#names[0];
  }

  /** Whether a codec makes its values, so that they are another kind than in a record. */
  get encoded(): boolean {
    return this.#type.codec;
  }

  /** Whether its values are integers that can be added up. */
  get sums(): boolean {
    return !this.encoded && (this.kind === "integer" || this.kind === "bigint");
  }

  get(record: unknown): unknown {
    return follow(record, this.#names);
  }

  /** The values of a record's array elements, in their order, as often as they occur. */
  elements(record: unknown): readonly unknown[] {
    const array = follow(record, this.#names.slice(0, this.#arrayAt));
    const rest = this.#names.slice(this.#arrayAt);
    return Array.isArray(array) ? array.map((element) => follow(element, rest)) : [];
  }

  /**
   * The value as the key holds it: checked by zod where the kind alone does not tell, in its encoded form when it has
   * a codec.
   */
  stored(value: unknown): unknown {
    if (this.#type.plain) return value;
    if ((value === undefined || value === null) && this.#type.nullish) return null;
    const result = core.safeEncode(this.#schema, value);
    return result.success ? result.data : this.#refuse(result.error.issues[0]?.message ?? "invalid");
  }

  /** As {@link stored}, of a value that was stored under whatever schema there was: checked where a codec is to encode it. */
  held(value: unknown): unknown {
    return this.#type.codec ? this.stored(value) : value;
  }

  write(writer: TupleWriter, value: unknown): void {
    this.writeStored(writer, this.stored(value));
  }

  /** Writes what {@link stored} returned. */
  writeStored(writer: TupleWriter, value: unknown): void {
    const mark = writer.length;
    if (value === undefined || value === null) {
      if (!this.#type.nullish) this.#refuse("absent");
      writer.null();
    } else {
      try {
        const reason = writeKind(writer, this.kind, value);
        if (reason !== undefined) this.#refuse(reason);
      } catch (error) {
        if (isTenantryError(error, "TUPLE_ELEMENT_INVALID")) this.#refuse(error.details.reason);
        throw error;
      }
    }
    if (this.descending) writer.descending(mark);
  }

  /** Writes what the encodings of all texts with a beginning begin with; nothing may follow it. */
  writeBeginning(writer: TupleWriter, text: unknown): Uint8Array {
    if (this.kind !== "string" || this.#type.codec) this.#refuse("prefixOfNoText");
    if (typeof text !== "string") this.#refuse("notAString");
    this.writeStored(writer, text);
    return writer.finish().subarray(0, this.descending ? -descendingTextEndBytes : -textEndBytes);
  }

  read(reader: TupleReader): unknown {
    const from = this.descending ? reader.descending() : reader;
    const value = this.#type.nullish && from.null() ? null : readKind(from, this.kind);
    if (this.descending) from.end();
    return this.#type.codec && value !== null ? core.decode(this.#schema, value) : value;
  }

  #refuse(reason: string): never {
    throw tenantryError("KEY_VALUE_INVALID", { field: this.path, reason });
  }
}
