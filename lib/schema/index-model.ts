/** The model of one index: the values of its fields to bytes and back. */
import { tenantryError } from "../errors/index.js";
import { TupleReader, TupleWriter } from "../tuple/index.js";
import type { SchemaKeyField } from "./key-field.js";
import type { IndexModel } from "./model.js";

export class SchemaIndexModel implements IndexModel {
  readonly name: string;
  readonly fields: readonly SchemaKeyField[];
  readonly #writer = new TupleWriter();

  constructor(name: string, fields: readonly SchemaKeyField[]) {
    this.name = name;
    this.fields = fields;
  }

  encode(record: unknown): Uint8Array {
    return this.encodeValues(this.fields.map((field) => field.get(record)));
  }

  encodeValues(values: readonly unknown[]): Uint8Array {
    if (values.length > this.fields.length) {
      throw tenantryError("KEY_VALUE_INVALID", { field: this.name, reason: "tooManyFields" });
    }
    // Prepared first: no code of a schema runs while the writer is in use.
    const stored = values.map((value, index) => this.fields[index]?.stored(value));
    const writer = this.#writer.start();
    stored.forEach((value, index) => {
      this.fields[index]?.writeStored(writer, value);
    });
    return writer.finish();
  }

  decodeValues(bytes: Uint8Array, offset = 0): { readonly values: unknown[]; readonly end: number } {
    const reader = new TupleReader(bytes, offset);
    const values: unknown[] = [];
    for (const field of this.fields) values.push(field.read(reader));
    return { values, end: reader.offset };
  }
}
