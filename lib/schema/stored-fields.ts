/** The fields of a record that a covering index keeps in its entries: to bytes and back. */
import * as core from "zod/v4/core";
import { tenantryError } from "../errors/index.js";
import { RecordCodec } from "../value/index.js";
import type { DefinitionPlace } from "./zod/place.js";
import { type Revive, reviverOf } from "./zod/revive.js";
import { StorageWalk } from "./zod/storage.js";

/** What {@link StoredFields} are made of. */
export interface StoredFieldsOptions {
  /** Names the layout: the entity and the index. */
  readonly layout: string;
  readonly schema: core.$ZodObject;
  readonly names: readonly string[];
}

/** An entry has no revision of its own, nor a version: an index of another layout is another index. */
const entryRevision = 0;
const entryVersion = 1;

export class StoredFields {
  readonly names: readonly string[];
  readonly #schema: core.$ZodObject;
  readonly #codec: RecordCodec;
  readonly #revive: Revive | undefined;

  /** @throws `ENTITY_INVALID` at `place` when a name is none of the schema's, or is there twice. */
  constructor({ layout, schema, names }: StoredFieldsOptions, place: DefinitionPlace) {
    const shape: Record<string, core.$ZodType> = {};
    for (const [index, name] of names.entries()) {
      const field = Object.hasOwn(schema._zod.def.shape, name) ? schema._zod.def.shape[name] : undefined;
      if (field === undefined) place.item(index).refuse("unknownField");
      else if (Object.hasOwn(shape, name)) place.item(index).refuse("duplicateField");
      else shape[name] = field;
    }
    this.names = names;
    this.#schema = new core.$ZodObject({ type: "object", shape });
    const walk = new StorageWalk();
    walk.walk(this.#schema, place);
    this.#codec = new RecordCodec({ entity: layout, shapes: walk.shapes }, entryVersion);
    this.#revive = reviverOf(this.#schema, (part) => walk.hasCodec(part));
  }

  /** Names the layout of the stored fields. */
  get fingerprint(): number {
    return this.#codec.fingerprint;
  }

  encode(record: unknown): Uint8Array {
    const fields: Record<string, unknown> = {};
    if (typeof record === "object" && record !== null) {
      for (const name of this.names) if (Object.hasOwn(record, name)) fields[name] = Reflect.get(record, name);
    }
    return this.#codec.encode(this.#stored(fields), entryRevision);
  }

  /** The fields in stored bytes; a `corrupt` error (`VALUE_…`) when they are not such bytes. */
  decode(bytes: Uint8Array): object {
    const { record } = this.#codec.decode(bytes);
    if (this.#revive === undefined) return record;
    const revived = this.#revive(record);
    return typeof revived === "object" && revived !== null ? revived : record;
  }

  #stored(fields: object): object {
    if (this.#revive === undefined) return fields;
    const result = core.safeEncode<core.$ZodType>(this.#schema, fields);
    if (result.success && typeof result.data === "object" && result.data !== null) return result.data;
    throw tenantryError("KEY_VALUE_INVALID", { field: this.names.join(", "), reason: "notEncodable" });
  }
}
