/** The model of one index: which entries a record has, the values of its fields to bytes and back. */
import { createHash } from "node:crypto";
import { tenantryError } from "../errors/index.js";
import { timeOf } from "../intrinsics/index.js";
import { indexElementsMax } from "../limits/index.js";
import { TupleReader, TupleWriter } from "../tuple/index.js";
import type { SchemaKeyField } from "./key-field.js";
import type { IndexedValues, IndexModel } from "./model.js";
import type { StoredFields } from "./stored-fields.js";

/** What a {@link SchemaIndexModel} is made of, all of it checked. */
export interface IndexModelOptions {
  readonly entity: string;
  readonly name: string;
  readonly fields: readonly SchemaKeyField[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly revision: number;
  /** The field with the time at which records expire, which entries then hold too; undefined when they stay. */
  readonly expires?: SchemaKeyField | undefined;
  /** The fields kept in the entries' values; undefined when there are none. */
  readonly stored: StoredFields | undefined;
  /** Which records are in the index; undefined for all. */
  readonly where: ((record: unknown) => unknown) | undefined;
  /** Where in a definition it stands: an aggregate's groups are entries of an index, too. Default `indexes`. */
  readonly place?: "aggregates" | undefined;
}

/** The time of expiry that a field holds, in milliseconds since 1970; a time before that is as good as the first. */
export function expiryTimeOf(date: unknown): number | undefined {
  const time = timeOf(date);
  return time === undefined ? undefined : Math.max(0, time);
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;
const nothing = new Uint8Array(0);

/** The first four bytes of the SHA-256 of all that decides which entries there are, and what is in them. */
function fingerprintOf({ fields, unique, sparse, revision, stored, where, expires }: IndexModelOptions): number {
  const keys = fields.map(({ path, kind, descending, each }) => [path, kind, descending, each]);
  const text = JSON.stringify([
    "index",
    1,
    keys,
    unique,
    sparse,
    where !== undefined,
    stored?.fingerprint ?? 0,
    revision,
    ...(expires === undefined ? [] : [expires.path]),
  ]);
  return createHash("sha256").update(text).digest().readUInt32BE();
}

export class SchemaIndexModel implements IndexModel {
  readonly name: string;
  readonly fields: readonly SchemaKeyField[];
  readonly unique: boolean;
  readonly each: string | undefined;
  readonly covered: ReadonlySet<string>;
  readonly fingerprint: number;
  readonly #options: IndexModelOptions;
  readonly #writer = new TupleWriter();

  constructor(options: IndexModelOptions) {
    const { name, fields, unique, stored } = options;
    this.name = name;
    this.fields = fields;
    this.unique = unique;
    this.each = fields.find((field) => field.each)?.path;
    this.covered = new Set([...fields.flatMap((field) => field.covers ?? []), ...(stored?.names ?? [])]);
    this.fingerprint = fingerprintOf(options);
    this.#options = options;
  }

  valuesOf(record: unknown, held = false): readonly IndexedValues[] {
    if (!this.#includes(record)) return [];
    if (this.each === undefined)
      return this.#indexed(
        this.fields.map((field) => field.get(record)),
        held,
      );
    const at = this.fields.findIndex((field) => field.each);
    const values = this.fields.map((field) => (field.each ? undefined : field.get(record)));
    const distinct = new Map<string, IndexedValues>();
    for (const element of this.fields[at]?.elements(record) ?? []) {
      for (const indexed of this.#indexed(values.with(at, element), held)) {
        distinct.set(Buffer.from(indexed.values).toString("latin1"), indexed);
        if (distinct.size > indexElementsMax) {
          const { entity } = this.#options;
          throw tenantryError("INDEX_ELEMENTS_TOO_MANY", { entity, index: this.name, indexElementsMax });
        }
      }
    }
    return [...distinct.values()];
  }

  expiryOf(record: unknown): number | undefined {
    return expiryTimeOf(this.#options.expires?.get(record));
  }

  encodeStored(record: unknown): Uint8Array {
    return this.#options.stored?.encode(record) ?? nothing;
  }

  covering(names: readonly string[], values: readonly unknown[], stored: Uint8Array): object {
    const fields = this.#options.stored?.names.some((name) => names.includes(name))
      ? this.#options.stored.decode(stored)
      : {};
    const found: Record<string, unknown> = {};
    for (const name of names) {
      const at = this.fields.findIndex((field) => field.covers === name);
      if (Object.hasOwn(fields, name)) found[name] = Reflect.get(fields, name);
      else if (at >= 0) found[name] = values[at];
    }
    return found;
  }

  encodeValues(values: readonly unknown[]): Uint8Array {
    return this.#write(values).finish();
  }

  encodeBeginning(values: readonly unknown[], text: unknown): Uint8Array {
    const field = this.fields[values.length];
    if (field === undefined) throw tenantryError("KEY_VALUE_INVALID", { field: this.name, reason: "tooManyFields" });
    return field.writeBeginning(this.#write(values), text);
  }

  decodeValues(bytes: Uint8Array, offset = 0): { readonly values: unknown[]; readonly end: number } {
    const reader = new TupleReader(bytes, offset);
    const values: unknown[] = [];
    for (const field of this.fields) values.push(field.read(reader));
    return { values, end: reader.offset };
  }

  #includes(record: unknown): boolean {
    const { entity, name, where, place = "indexes" } = this.#options;
    if (where === undefined) return true;
    const included = where(record);
    if (typeof included === "boolean") return included;
    throw tenantryError("ENTITY_INVALID", { entity, path: `${place}.${name}.where`, reason: "notABoolean" });
  }

  #indexed(values: readonly unknown[], held: boolean): readonly IndexedValues[] {
    const partial = (this.unique || this.#options.sparse) && values.some(isAbsent);
    if (partial && this.#options.sparse) return [];
    return [{ values: this.#write(values, held).finish(), taken: this.unique && !partial }];
  }

  #write(values: readonly unknown[], held = false): TupleWriter {
    if (values.length > this.fields.length) {
      throw tenantryError("KEY_VALUE_INVALID", { field: this.name, reason: "tooManyFields" });
    }
    // Prepared first: no code of a schema runs while the writer is in use.
    const stored = values.map((value, index) =>
      held ? this.fields[index]?.held(value) : this.fields[index]?.stored(value),
    );
    const writer = this.#writer.start();
    stored.forEach((value, index) => {
      this.fields[index]?.writeStored(writer, value);
    });
    return writer;
  }
}
