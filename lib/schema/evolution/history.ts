/** Histories: what a stored record of an earlier definition is under the present one. */
import { tenantryError } from "../../errors/index.js";
import {
  type DecodedRecord,
  layoutFingerprint,
  layoutUnknown,
  type OpenedEnvelope,
  RecordCodec,
  type RecordLayout,
  readEnvelope,
} from "../../value/index.js";
import { revived } from "../zod/revive.js";
import { LayoutAdapter, UnfitRecord } from "./adapter.js";
import type { StoredForm } from "./stored-form.js";

/** How records of one version become those of the next. */
export interface MigrationStep {
  readonly form: StoredForm;
  up(old: unknown): unknown;
}

/** A record of before, as it would be written now. */
export interface UpgradedRecord extends DecodedRecord {
  /** The record as its own version knew it, when steps led from there to here; undefined when none did. */
  readonly origin: object | undefined;
}

interface Reading {
  readonly codec: RecordCodec;
  /** Undefined when the layout is the form's own. */
  readonly adapter: LayoutAdapter | undefined;
}

/** The definitions of one entity that its records may have been written under. */
export class RecordHistory {
  readonly entity: string;
  readonly current: StoredForm;
  readonly steps: ReadonlyMap<number, MigrationStep>;
  readonly #layouts = new Map<number, RecordLayout>();
  readonly #readings = new Map<StoredForm, Map<number, Reading>>();

  /** @param layouts Further layouts that records may have, as the database remembers them. */
  constructor(
    entity: string,
    current: StoredForm,
    steps: ReadonlyMap<number, MigrationStep>,
    layouts: Iterable<RecordLayout> = [],
  ) {
    this.entity = entity;
    this.current = current;
    this.steps = steps;
    const forms = [current, ...[...steps.values()].map(({ form }) => form)];
    for (const { codec } of forms) this.#layouts.set(codec.fingerprint, codec.layout);
    for (const layout of layouts) this.#layouts.set(layoutFingerprint(layout), layout);
  }

  /** The same history with further layouts. */
  knowing(layouts: Iterable<RecordLayout>): RecordHistory {
    return new RecordHistory(this.entity, this.current, this.steps, [...this.#layouts.values(), ...layouts]);
  }

  /** The form that records of a version are read in: their step's, or the present one where there is no step. */
  formOf(version: number): StoredForm {
    return this.steps.get(version)?.form ?? this.current;
  }

  /**
   * Reads a record of any definition there was.
   *
   * @throws VALUE_VERSION_NEWER or VALUE_LAYOUT_UNKNOWN for one of a definition that is not known here,
   *   MIGRATION_STEP_FAILED when a step throws
   */
  decode(bytes: Uint8Array, begin?: number, end?: number): UpgradedRecord {
    const envelope = readEnvelope(bytes, begin, end);
    const { schemaVersion } = envelope;
    if (schemaVersion > this.current.version) throw layoutUnknown(envelope, this.current.version);
    const form = this.formOf(schemaVersion);
    const { codec, adapter } = this.#reading(form, envelope);
    const decoded = codec.decode(bytes, begin, end);
    const stored = adapter === undefined ? decoded.record : this.#adapted(adapter, decoded.record, envelope);
    const output: unknown = form.revive === undefined ? stored : revived(this.entity, form.revive, stored);
    // A reviver of an object's schema answers with an object.
    const record = typeof output === "object" && output !== null ? output : stored;
    if (!this.steps.has(schemaVersion)) return { ...decoded, record, origin: undefined };
    return { ...decoded, record: this.#up(record, schemaVersion), origin: record };
  }

  /** The record that the stored side of one of an earlier version has become. @throws MIGRATION_STEP_FAILED */
  raise(stored: unknown, version: number): object {
    const { revive } = this.formOf(version);
    const record: unknown = revive === undefined ? stored : revived(this.entity, revive, stored);
    if (typeof record === "object" && record !== null) return this.#up(record, version);
    throw tenantryError("MIGRATION_STEP_FAILED", { entity: this.entity, version, reason: "notARecord" });
  }

  #reading(form: StoredForm, envelope: OpenedEnvelope): Reading {
    const known = this.#readings.get(form) ?? new Map<number, Reading>();
    this.#readings.set(form, known);
    const { fingerprint } = envelope;
    const found = known.get(fingerprint);
    if (found !== undefined) return found;
    const reading = this.#read(form, envelope);
    known.set(fingerprint, reading);
    return reading;
  }

  #read(form: StoredForm, envelope: OpenedEnvelope): Reading {
    const { codec } = form;
    if (codec.fingerprint === envelope.fingerprint) return { codec, adapter: undefined };
    const layout = this.#layouts.get(envelope.fingerprint);
    if (layout === undefined) throw layoutUnknown(envelope, this.current.version);
    return { codec: new RecordCodec(layout, this.current.version), adapter: new LayoutAdapter(layout, form) };
  }

  #adapted(adapter: LayoutAdapter, record: object, envelope: OpenedEnvelope): object {
    try {
      return adapter.adapt(record);
    } catch (error) {
      if (error instanceof UnfitRecord) throw layoutUnknown(envelope, this.current.version);
      throw error;
    }
  }

  #up(record: object, from: number): object {
    let next = record;
    let version = from;
    for (let step = this.steps.get(version); step !== undefined; step = this.steps.get(version)) {
      next = this.#next(step, next, version);
      version += 1;
    }
    return next;
  }

  #next(step: MigrationStep, record: object, version: number): object {
    const failed = (reason: string, options?: ErrorOptions): Error =>
      tenantryError("MIGRATION_STEP_FAILED", { entity: this.entity, version, reason }, options);
    let next: unknown;
    try {
      next = step.up(record);
    } catch (cause) {
      throw failed("threw", { cause });
    }
    if (typeof next !== "object" || next === null || next instanceof Promise) throw failed("notARecord");
    return next;
  }
}
