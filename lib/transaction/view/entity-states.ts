/** The states of entities as one attempt knows them: read once, kept with the tenant's, and guarded against changes. */
import { schemaPrefix } from "../../keyspace/index.js";
import { decodeEntityState, type EntityState, encodeEntityState } from "../../tenant/index.js";

/** What {@link EntityStates} need of a view. */
export interface StateStore {
  /** Reads a key, under a conflict when there is something to commit. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Puts a key under a conflict without reading it; does nothing when there is nothing to commit. */
  heed(key: Uint8Array): void;
  /** As `get`, at once; undefined where reads take their time. */
  getAtOnce(key: Uint8Array): { readonly value: Uint8Array | undefined } | undefined;
}

/**
 * States that were read, or first made, while the metadata version was one and the same. A first state is made without
 * a new metadata version: so what is not in here is read, while what is in here is right, since every later change of
 * it makes a new version.
 */
export type KnownStates = Map<string, EntityState>;

/** Entities are those of the program: few, and asked for by every write. */
const stateKeys = new Map<string, Uint8Array>();

function stateKey(entity: string): Uint8Array {
  let key = stateKeys.get(entity);
  if (key === undefined) {
    key = schemaPrefix(entity);
    stateKeys.set(entity, key);
  }
  return key;
}

export class EntityStates {
  readonly #known: KnownStates;
  readonly #store: StateStore;
  /** By entity, as this attempt read them or made them. */
  #own: Map<string, EntityState> | undefined;
  #reading: Map<string, Promise<EntityState | undefined>> | undefined;

  constructor(known: KnownStates, store: StateStore) {
    this.#known = known;
    this.#store = store;
  }

  /** The state at the attempt's version; a promise unless it is known already. */
  state(entity: string): EntityState | Promise<EntityState | undefined> {
    const own = this.#own?.get(entity);
    if (own !== undefined) return own;
    const known = this.#known.get(entity);
    if (known === undefined) return this.#read(entity);
    this.#store.heed(stateKey(entity));
    this.#keep(entity, known);
    return known;
  }

  /** The attempt's own change. */
  change(entity: string, state: EntityState): { readonly key: Uint8Array; readonly value: Uint8Array } {
    this.#keep(entity, state);
    return { key: stateKey(entity), value: encodeEntityState(state) };
  }

  /** A first state of this attempt was committed. */
  committed(entity: string, state: EntityState): void {
    if (this.#own?.get(entity) === state) this.#known.set(entity, state);
  }

  #keep(entity: string, state: EntityState): void {
    this.#own ??= new Map();
    this.#own.set(entity, state);
  }

  #read(entity: string): EntityState | Promise<EntityState | undefined> {
    this.#reading ??= new Map();
    const before = this.#reading.get(entity);
    if (before !== undefined) return before.then((state) => this.#own?.get(entity) ?? state);
    const key = stateKey(entity);
    const found = this.#store.getAtOnce(key);
    if (found?.value !== undefined) return this.#decoded(entity, found.value);
    const reading =
      found === undefined
        ? this.#store.get(key).then((bytes) => (bytes === undefined ? undefined : this.#decoded(entity, bytes)))
        : Promise.resolve(undefined);
    this.#reading.set(entity, reading);
    return reading;
  }

  #decoded(entity: string, bytes: Uint8Array): EntityState {
    const state = decodeEntityState(bytes, entity);
    this.#known.set(entity, state);
    this.#keep(entity, state);
    return state;
  }
}
