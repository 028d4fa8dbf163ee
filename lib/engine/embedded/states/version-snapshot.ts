/** Reads at one version: of its state while LMDB keeps that, and of a newer one and old values afterwards. */
import type { RowVisitor, ValueVisitor } from "../../engine.js";
import type { Snapshot, VisitBounds } from "../store.js";
import type { OldState } from "./old-state.js";
import type { RowIterator, State } from "./state.js";
import type { States } from "./states.js";

export class VersionSnapshot implements Snapshot {
  readonly version: bigint;
  readonly #states: States;
  readonly #readVersion: number;
  #state: State | OldState;

  constructor(states: States, version: number) {
    this.#states = states;
    this.#readVersion = version;
    this.#state = states.at(version);
    this.version = BigInt(version);
  }

  #readable(): State | OldState {
    this.#states.assertFresh(this.#readVersion);
    if (this.#state.isClosed) this.#state = this.#states.at(this.#readVersion);
    return this.#state;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#readable().get(key);
  }

  show(key: Uint8Array, visit: ValueVisitor): boolean {
    return this.#readable().show(key, visit);
  }

  rows(begin: Uint8Array, end: Uint8Array, reverse: boolean): RowIterator {
    return this.#readable().rows(begin, end, reverse);
  }

  visit(begin: Uint8Array, end: Uint8Array, bounds: VisitBounds, visit: RowVisitor): Uint8Array | undefined {
    return this.#readable().visit(begin, end, bounds, visit);
  }
}
