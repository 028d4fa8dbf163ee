/** Definitions: what a database remembers of the entities it was opened with, and how it meets those it is given. */
import { tenantryError } from "../errors/index.js";
import type { ControlKeys } from "../keyspace/index.js";
import type { ControlPlane } from "../lifecycle/index.js";
import { valueBytesMax } from "../limits/index.js";
import {
  type AnyEntity,
  changesOf,
  decodeDescription,
  decodeLayout,
  describeEntity,
  type EntityModel,
  encodeDescription,
  encodeLayout,
  type KnownEntity,
  modelOf,
  type SchemaChange,
} from "../schema/index.js";
import { callTerms, type SystemTransaction } from "../transaction/index.js";
import { equalBytes, keyAfter } from "../tuple/index.js";

/** The entities of an open database. */
export interface MetDefinitions {
  /** The models, each able to read what the database may hold. */
  readonly models: ReadonlyMap<AnyEntity, EntityModel<AnyEntity>>;
  /** What is another than when the database was last opened. */
  readonly changes: readonly SchemaChange[];
}

/** Whether unsafe changes keep a database from opening. */
export type SchemaCheck = "refuse" | "report";

type Stored = ReadonlyMap<string, KnownEntity>;

/** The definitions kept in the control plane. */
export class Definitions {
  readonly #control: ControlPlane;
  readonly #keys: ControlKeys;

  constructor(control: ControlPlane, keys: ControlKeys) {
    this.#control = control;
    this.#keys = keys;
  }

  /**
   * Compares definitions with those remembered, and remembers them. One range read of the control plane, and a write
   * when something is new.
   *
   * @throws SCHEMA_INCOMPATIBLE, before anything is written, when stored records need not fit
   */
  async meet(entities: Iterable<AnyEntity>, check: SchemaCheck): Promise<MetDefinitions> {
    const models = [...entities].map((entity) => ({ entity, model: modelOf(entity) }));
    if (models.length === 0) return { models: new Map(), changes: [] };
    return await this.#control.system(async (transaction) => {
      const stored = await this.#read(transaction);
      const changes = models.flatMap(({ model }) => changesOf(model, stored.get(model.name)));
      const given = new Set(models.map(({ model }) => model.name));
      for (const [entity, { description }] of stored) {
        if (given.has(entity) || description === undefined) continue;
        changes.push({ entity, kind: "entityAbsent", name: undefined, version: description.version, safe: true });
      }
      const unsafe = changes.filter(({ safe }) => !safe);
      if (unsafe.length > 0 && check === "refuse") throw tenantryError("SCHEMA_INCOMPATIBLE", { changes: unsafe });
      for (const { model } of models) this.#remember(transaction, model, stored.get(model.name));
      const knowing = models.map(({ entity, model }) => {
        const layouts = (stored.get(model.name)?.layouts ?? []).map(({ layout }) => layout);
        return [entity, model.knowing(layouts)] as const;
      });
      return { models: new Map(knowing), changes };
    }, callTerms("open"));
  }

  /** Forgets the layouts that records of an entity had in versions before `version`: there are none such any more. */
  async forgetBefore(entity: string, version: number): Promise<void> {
    await this.#control.system(
      async (transaction) => transaction.clearRange(this.#keys.layoutsBefore(entity, version)),
      callTerms("migrate", entity),
    );
  }

  async #read(transaction: SystemTransaction): Promise<Stored> {
    const { begin: first, end } = this.#keys.schemasRange;
    const stored = new Map<string, KnownEntity>();
    for (let begin: Uint8Array | undefined = first; begin !== undefined; ) {
      const batch = await transaction.getRange({ begin, end });
      for (const [key, value] of batch.rows) this.#take(stored, key, value);
      const last = batch.rows.at(-1)?.[0];
      begin = batch.more && last !== undefined ? keyAfter(last) : undefined;
    }
    return stored;
  }

  #take(stored: Map<string, KnownEntity>, key: Uint8Array, value: Uint8Array): void {
    const place = this.#keys.schemaOf(key);
    if (place === undefined) return;
    const { entity, version, fingerprint } = place;
    const known = stored.get(entity) ?? { description: undefined, layouts: [] };
    if (version === undefined || fingerprint === undefined) {
      stored.set(entity, { ...known, description: decodeDescription(value) });
      return;
    }
    const layout = decodeLayout(entity, fingerprint, value);
    if (layout !== undefined) stored.set(entity, { ...known, layouts: [...known.layouts, { version, layout }] });
  }

  #remember(transaction: SystemTransaction, model: EntityModel<AnyEntity>, known: KnownEntity | undefined): void {
    const { name, version } = model;
    const description = describeEntity(model);
    const { codec } = model.history.current;
    const layout = encodeLayout(codec.layout);
    if (layout.length > valueBytesMax) {
      const reason = `the definition of ${JSON.stringify(name)} is too long to be kept (${valueBytesMax} bytes)`;
      throw tenantryError("DATABASE_OPTION_INVALID", { option: "entities", reason });
    }
    const isKnown = known?.layouts.some(
      (other) => other.version === version && equalBytes(encodeLayout(other.layout), layout),
    );
    if (isKnown !== true) transaction.set(this.#keys.layoutKey(name, version, codec.fingerprint), layout);
    const before = known?.description;
    // An older program that is opened beside a newer one leaves the newer one's definition.
    if (before !== undefined && before.version > version) return;
    const encoded = encodeDescription(description);
    if (before !== undefined && equalBytes(encodeDescription(before), encoded)) return;
    transaction.set(this.#keys.definitionKey(name), encoded);
  }
}
