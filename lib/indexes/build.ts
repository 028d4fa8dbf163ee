/** Building: the way of an entity's indexes in one tenant from a definition of before to the present one. */
import { tenantryError } from "../errors/index.js";
import { aggregatePrefix, indexPrefix, schemaPrefix } from "../keyspace/index.js";
import type { AnyEntity, EntityModel, IndexModel, Infer } from "../schema/index.js";
import { type AggregateState, type EntityState, type IndexState, isDamagedState } from "../tenant/index.js";
import { siblings, type TenantTransaction } from "../transaction/index.js";
import { concatBytes, equalBytes, pack, tupleRange, unpack } from "../tuple/index.js";
import { entriesOf, holderOf, type IndexEntry } from "./entry.js";
import { isEmpty, keysFrom } from "./maintained.js";
import { firstState, ownAggregateState, ownState } from "./states.js";

/** What is left to do in one tenant. */
export interface BuildPlan {
  /** Indexes that are to get the entries of earlier records. */
  readonly building: readonly IndexModel[];
  /** Whether records may be of another layout or version than the present ones. */
  readonly rewrites: boolean;
  /**
   * Which aggregates are to be counted: those that cannot be read, or all where migration steps may have changed what
   * they count. Undefined for none.
   */
  readonly counts: "all" | "unreadable" | undefined;
}

/** A record to be indexed. */
export interface IndexedRecord<E extends AnyEntity> {
  /** The packed id. */
  readonly id: Uint8Array;
  readonly record: Infer<E>;
  readonly expired: boolean;
}

/** What a table knows of entries. */
export interface EntryRules {
  /** Whether the record of a stored entry has expired. */
  readonly isFree: (entry: Uint8Array) => boolean;
  /** Throws for an entry of an index that is over an engine's bounds. */
  readonly assertFits: (index: string, entry: IndexEntry) => void;
}

/** How far a build has come. */
export interface BuildPlace {
  /** The packed id of the last record gone through; undefined at the beginning. */
  readonly last: Uint8Array | undefined;
  /** How many records could not be upgraded. */
  readonly failed: number;
}

/** The format of stored places. 1: `(1, what is built, last)`, and then how many records failed, where any did. */
const placeFormat = 1;

/** One entity's way in one tenant. Its steps are transactions of their own; each can be taken again. */
export class EntityBuild<E extends AnyEntity> {
  readonly #model: EntityModel<E>;
  readonly #placeKey: Uint8Array;

  constructor(model: EntityModel<E>) {
    this.#model = model;
    this.#placeKey = concatBytes(schemaPrefix(model.name), pack(["place"]));
  }

  /**
   * Begins, or goes on: indexes that are not readable are kept by writers from the commit on, and what is left of
   * others is cleared. Undefined when nothing is left to do; so it is at once where there is no record.
   *
   * @throws SCHEMA_OUTDATED when the tenant is further on than this program
   */
  async begin(transaction: TenantTransaction): Promise<BuildPlan | undefined> {
    const { name, version, indexes } = this.#model;
    const { found, damaged } = await knownState(transaction, name);
    if (found !== undefined && found.version > version) {
      throw tenantryError("SCHEMA_OUTDATED", { entity: name, version, migratedTo: found.version });
    }
    const empty = await isEmpty(transaction, name);
    // An entity that was never written begins with its first write.
    if (found === undefined && empty && !damaged) return undefined;
    // The state of any entity is made the same way; of a damaged one nothing can be relied on.
    const state = found ?? firstState(this.#model as unknown as EntityModel<AnyEntity>, false);
    const next = new Map<string, IndexState>();
    const building: IndexModel[] = [];
    for (const index of indexes.values()) {
      const status = ownState(state, index)?.status;
      const known = status === "readable" || (status === "writeOnly" && !empty);
      if (!known) {
        transaction.clearRange(tupleRange(indexPrefix(name, index.name)));
        transaction.clear(this.#placeKey);
      }
      if (status !== "readable" && !empty) building.push(index);
      const reached = status === "readable" || empty ? "readable" : "writeOnly";
      next.set(index.name, { fingerprint: index.fingerprint, status: reached });
    }
    for (const other of state.indexes.keys()) {
      if (!indexes.has(other)) transaction.clearRange(tupleRange(indexPrefix(name, other)));
    }
    const aggregates = this.#aggregates(transaction, state, empty);
    const unreadable = [...aggregates.values()].some(({ status }) => status !== "readable");
    const rewrites = !empty && (state.layout !== this.#layout || state.version !== version);
    const done = building.length === 0 && !rewrites && !unreadable;
    const reached = done ? { version, layout: this.#layout } : { version: state.version, layout: state.layout };
    const changed: EntityState = { ...reached, indexes: next, aggregates };
    if (!sameState(found, changed)) transaction.setEntityState(name, changed);
    if (done) return undefined;
    const stepped = rewrites && state.version !== version && aggregates.size > 0;
    return { building, rewrites, counts: stepped ? "all" : unreadable ? "unreadable" : undefined };
  }

  /** The states of aggregates to begin with: writers keep them all from the commit on. */
  #aggregates(transaction: TenantTransaction, state: EntityState, empty: boolean): ReadonlyMap<string, AggregateState> {
    const { name, aggregates } = this.#model;
    const next = new Map<string, AggregateState>();
    for (const aggregate of aggregates.values()) {
      const { name: of, fingerprint } = aggregate;
      const own = ownAggregateState(state, aggregate);
      if (own !== undefined && own.status !== "dropped" && !(empty && own.status === "writeOnly")) next.set(of, own);
      else {
        transaction.clearRange(keysFrom(aggregatePrefix(name, of)));
        next.set(of, { fingerprint, status: empty ? "readable" : "writeOnly", counting: false });
      }
    }
    for (const other of state.aggregates.keys()) {
      if (!aggregates.has(other)) transaction.clearRange(keysFrom(aggregatePrefix(name, other)));
    }
    return next;
  }

  /** Where to go on: behind the last record of an earlier call, as long as the same is being built. */
  async place(transaction: TenantTransaction, plan: BuildPlan): Promise<BuildPlace> {
    const bytes = await transaction.get(this.#placeKey);
    const beginning = { last: undefined, failed: 0 };
    if (bytes === undefined) return beginning;
    const [format, target, last, failed = 0] = unpack(bytes);
    const same = format === placeFormat && target === this.#target(plan) && last instanceof Uint8Array;
    return same && typeof failed === "number" ? { last, failed } : beginning;
  }

  /** Keeps the place in the batch's own transaction. */
  reach(
    transaction: TenantTransaction,
    plan: BuildPlan,
    { last, failed }: { readonly last: Uint8Array; readonly failed: number },
  ): void {
    const place = [placeFormat, this.#target(plan), last];
    transaction.set(this.#placeKey, pack(failed === 0 ? place : [...place, failed]));
  }

  /** Goes back to the beginning. */
  restart(transaction: TenantTransaction): void {
    transaction.clear(this.#placeKey);
  }

  /**
   * Writes the entries of a record in the indexes that are being built; how many they are. Values in a unique index are
   * free when the record has expired that has them, and go to another before this one when this one has.
   *
   * @throws UNIQUE_VIOLATION when another record has the same values, and what a record throws whose values have no place
   *   in an index; then nothing of it is written
   */
  async index(
    transaction: TenantTransaction,
    { building }: BuildPlan,
    { id, record, expired }: IndexedRecord<E>,
    { isFree, assertFits }: EntryRules,
  ): Promise<number> {
    const { name } = this.#model;
    const entries = building.flatMap((index) => entriesOf(name, index, record, id).map((entry) => ({ index, entry })));
    for (const { index, entry } of entries) assertFits(index.name, entry);
    const holders = await siblings(entries.map(({ entry }) => (entry.taken ? transaction.get(entry.key) : undefined)));
    const written: IndexEntry[] = [];
    for (const [at, { index, entry }] of entries.entries()) {
      const holder = holders[at];
      if (holder !== undefined && !isFree(holder) && !equalBytes(holderOf(holder), id)) {
        if (expired) continue;
        const text = this.#model.formatId(this.#model.decodeId(id));
        throw tenantryError("UNIQUE_VIOLATION", { entity: name, index: index.name, id: text });
      }
      written.push(entry);
    }
    for (const { key, value } of written) transaction.set(key, value);
    return entries.length;
  }

  /**
   * Makes sure that writers still keep what is being built.
   *
   * @throws INDEX_BUILD_OVERTAKEN when a program without these indexes has written meanwhile
   */
  async assertKept(transaction: TenantTransaction, { building }: BuildPlan): Promise<EntityState> {
    const { name } = this.#model;
    const state = await transaction.entityState(name);
    const lost = building.find(
      (index) => ownState(state, index) === undefined || ownState(state, index)?.status === "dropped",
    );
    if (state !== undefined && lost === undefined) return state;
    throw tenantryError("INDEX_BUILD_OVERTAKEN", { entity: name, index: lost?.name ?? "" });
  }

  /** Ends: what was built can be read from the commit on, and earlier versions write no more. */
  async finish(transaction: TenantTransaction, plan: BuildPlan): Promise<void> {
    const { name, version } = this.#model;
    const state = await this.assertKept(transaction, plan);
    const indexes = new Map(state.indexes);
    for (const { name: of, fingerprint } of plan.building) indexes.set(of, { fingerprint, status: "readable" });
    transaction.setEntityState(name, { version, layout: this.#layout, indexes, aggregates: state.aggregates });
    this.restart(transaction);
  }

  get #layout(): number {
    return this.#model.history.current.codec.fingerprint;
  }

  #target({ building, rewrites }: BuildPlan): string {
    const indexes = building.map(({ name, fingerprint }) => [name, fingerprint]);
    return JSON.stringify([this.#model.version, this.#layout, rewrites, indexes]);
  }
}

/** The state of an entity, if there is one; a damaged one is made anew. */
async function knownState(
  transaction: TenantTransaction,
  entity: string,
): Promise<{ readonly found: EntityState | undefined; readonly damaged: boolean }> {
  try {
    return { found: await transaction.entityState(entity), damaged: false };
  } catch (error) {
    if (!isDamagedState(error)) throw error;
    return { found: undefined, damaged: true };
  }
}

const sameState = (a: EntityState | undefined, b: EntityState): boolean =>
  a !== undefined &&
  a.version === b.version &&
  a.layout === b.layout &&
  a.indexes.size === b.indexes.size &&
  [...b.indexes].every(([name, { fingerprint, status }]) => {
    const own = a.indexes.get(name);
    return own?.fingerprint === fingerprint && own.status === status;
  }) &&
  a.aggregates.size === b.aggregates.size &&
  [...b.aggregates].every(([name, { fingerprint, status, counting }]) => {
    const own = a.aggregates.get(name);
    return own?.fingerprint === fingerprint && own.status === status && own.counting === counting;
  });
