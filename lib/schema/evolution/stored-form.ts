/** Stored forms: how records of one version of a schema are laid out, read and filled. */
import type * as core from "zod/v4/core";
import { RecordCodec } from "../../value/index.js";
import { type Fill, fillOf } from "../zod/acceptance.js";
import type { DefinitionPlace } from "../zod/place.js";
import { type Revive, reviverOf } from "../zod/revive.js";
import { StorageWalk } from "../zod/storage.js";

/** Which version of an entity a {@link StoredForm} is of. */
export interface StoredFormOptions {
  readonly entity: string;
  readonly version: number;
  readonly schema: core.$ZodObject;
}

/** The stored side of one version of an entity. */
export class StoredForm {
  readonly version: number;
  readonly schema: core.$ZodObject;
  readonly codec: RecordCodec;
  /** Runs the codecs of a stored record; undefined when there are none. */
  readonly revive: Revive | undefined;
  readonly #walk = new StorageWalk();

  /** @throws `ENTITY_INVALID` at `place` for what cannot be stored. */
  constructor({ entity, version, schema }: StoredFormOptions, place: DefinitionPlace) {
    this.version = version;
    this.schema = schema;
    this.#walk.walk(schema, place);
    this.codec = new RecordCodec({ entity, shapes: this.#walk.shapes }, version);
    this.revive = reviverOf(schema, (part) => this.#walk.hasCodec(part));
  }

  /** The schema of a field of one of the layout's shapes. */
  field(shape: number, name: string): core.$ZodType | undefined {
    const fields = this.#walk.objects[shape];
    return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
  }

  /** What stands in a field that a record lacks; undefined when nothing can. */
  fill(schema: core.$ZodType, optional: boolean): Fill | undefined {
    return fillOf(schema, optional, this.#walk.hasCodec(schema));
  }
}
