/** The indexes and aggregates of an entity, sorted by what a tenant's state says of them. */
import type { AggregateModel, AnyEntity, EntityModel, IndexModel } from "../schema/index.js";
import type { AggregateState, EntityState, IndexState } from "../tenant/index.js";

/** An index whose entries writers keep. */
export interface MaintainedIndex {
  readonly index: IndexModel;
  /** Whether entries of earlier records may be missing. */
  readonly building: boolean;
}

/** An aggregate whose totals writers keep. */
export interface MaintainedAggregate {
  readonly aggregate: AggregateModel;
  /** Whether the records are being counted anew, so that writers add to that count, too. */
  readonly counting: boolean;
}

/** What a write has to keep. */
export interface Maintained {
  readonly indexes: readonly MaintainedIndex[];
  readonly aggregates: readonly MaintainedAggregate[];
  /** To be called right before the write: notes what it changes about the entity's state. */
  readonly note?: (() => void) | undefined;
}

/** Indexes and aggregates. */
export interface Parts {
  readonly indexes: readonly IndexModel[];
  readonly aggregates: readonly AggregateModel[];
}

/** What a model makes of a state. */
export interface Reading {
  readonly maintained: Pick<Maintained, "indexes" | "aggregates">;
  /** What the model has and the state has not. */
  readonly lacking: Parts;
  readonly lacks: boolean;
  /** Names of what the state has and the model has not: this program cannot keep these. */
  readonly foreign: { readonly indexes: readonly string[]; readonly aggregates: readonly string[] };
  readonly isForeign: boolean;
  /** Whether the entity was seen to have records under this state, so that what is lacking stays so. */
  filled: boolean;
}

/** What all states of indexes and aggregates have. */
type PartStates<S extends IndexState> = ReadonlyMap<string, S>;

/** Sorts what a model has by what a state says of it. */
function sorted<P extends { readonly name: string; readonly fingerprint: number }, S extends IndexState>(
  parts: Iterable<P>,
  states: PartStates<S>,
): {
  readonly kept: readonly (readonly [P, S])[];
  readonly lacking: readonly P[];
  readonly foreign: readonly string[];
} {
  const kept: (readonly [P, S])[] = [];
  const lacking: P[] = [];
  const own = new Set<string>();
  for (const part of parts) {
    const state = stateOf(states, part);
    if (state === undefined || state.status === "dropped") lacking.push(part);
    else kept.push([part, state]);
    if (state !== undefined) own.add(part.name);
  }
  const foreign = [...states].flatMap(([name, { status }]) => (status === "dropped" || own.has(name) ? [] : [name]));
  return { kept, lacking, foreign };
}

/** The state of an index or aggregate, if it is of its own definition. */
function stateOf<S extends IndexState>(
  states: PartStates<S> | undefined,
  { name, fingerprint }: { readonly name: string; readonly fingerprint: number },
): S | undefined {
  const found = states?.get(name);
  return found?.fingerprint === fingerprint ? found : undefined;
}

const readings = new WeakMap<object, WeakMap<EntityState, Reading>>();

/** What a model makes of a state; kept with both. */
export function readingOf(model: EntityModel<AnyEntity>, state: EntityState): Reading {
  const ofModel = readings.get(model) ?? new WeakMap<EntityState, Reading>();
  readings.set(model, ofModel);
  const known = ofModel.get(state);
  if (known !== undefined) return known;
  const indexes = sorted(model.indexes.values(), state.indexes);
  const aggregates = sorted(model.aggregates.values(), state.aggregates);
  const reading: Reading = {
    maintained: {
      indexes: indexes.kept.map(([index, { status }]) => ({ index, building: status === "writeOnly" })),
      aggregates: aggregates.kept.map(([aggregate, { counting }]) => ({ aggregate, counting })),
    },
    lacking: { indexes: indexes.lacking, aggregates: aggregates.lacking },
    lacks: indexes.lacking.length > 0 || aggregates.lacking.length > 0,
    foreign: { indexes: indexes.foreign, aggregates: aggregates.foreign },
    isForeign: indexes.foreign.length > 0 || aggregates.foreign.length > 0,
    filled: false,
  };
  ofModel.set(state, reading);
  return reading;
}

/** The state of an index, if it is of the index's own definition. */
export const ownState = (state: EntityState | undefined, index: IndexModel): IndexState | undefined =>
  stateOf(state?.indexes, index);

/** The state of an aggregate, if it is of the aggregate's own definition. */
export const ownAggregateState = (
  state: EntityState | undefined,
  aggregate: AggregateModel,
): AggregateState | undefined => stateOf(state?.aggregates, aggregate);

/** A first state: all of a definition can be relied on where there is no record yet, nothing where there is one. */
export function firstState(model: EntityModel<AnyEntity>, empty: boolean): EntityState {
  const none = { version: 0, layout: 0, indexes: new Map(), aggregates: new Map() };
  if (!empty) return none;
  return adopting(none, { indexes: [...model.indexes.values()], aggregates: [...model.aggregates.values()] });
}

/** The state in which `parts` can be relied on as well. */
export function adopting(state: EntityState, parts: Parts): EntityState {
  const indexes = new Map(state.indexes);
  const aggregates = new Map(state.aggregates);
  for (const { name, fingerprint } of parts.indexes) indexes.set(name, { fingerprint, status: "readable" });
  for (const { name, fingerprint } of parts.aggregates) {
    aggregates.set(name, { fingerprint, status: "readable", counting: false });
  }
  return { ...state, indexes, aggregates };
}

/** The state after what a program cannot keep was given up. */
export function dropping(state: EntityState, { foreign }: Reading): EntityState {
  const indexes = new Map(state.indexes);
  const aggregates = new Map(state.aggregates);
  for (const name of foreign.indexes) {
    indexes.set(name, { fingerprint: state.indexes.get(name)?.fingerprint ?? 0, status: "dropped" });
  }
  for (const name of foreign.aggregates) {
    const { fingerprint } = state.aggregates.get(name) ?? { fingerprint: 0 };
    aggregates.set(name, { fingerprint, status: "dropped", counting: false });
  }
  return { ...state, indexes, aggregates };
}
