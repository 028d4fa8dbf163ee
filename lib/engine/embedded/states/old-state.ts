/** A state that LMDB keeps no more: a newer one, and the values that were replaced since. */
import type { RowVisitor, ValueVisitor } from "../../engine.js";
import { compareBytes, keyAfter } from "../reading/bounds.js";
import type { VisitBounds } from "../store.js";
import type { OldValues } from "./old-values.js";
import type { RowIterator, State } from "./state.js";

export class OldState {
  readonly #version: number;
  readonly #newer: State;
  readonly #values: OldValues;

  /** What `version` had; `values` has all that was replaced from then until `newer`. */
  constructor(version: number, newer: State, values: OldValues) {
    this.#version = version;
    this.#newer = newer;
    this.#values = values;
  }

  get isClosed(): boolean {
    return this.#newer.isClosed;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const old = this.#values.find(key, this.#version);
    if (old === undefined) return this.#newer.get(key);
    return old.value && new Uint8Array(old.value);
  }

  show(key: Uint8Array, visit: ValueVisitor): boolean {
    const old = this.#values.find(key, this.#version);
    if (old === undefined) return this.#newer.show(key, visit);
    if (old.value === undefined) return false;
    visit(old.value, 0, old.value.length);
    return true;
  }

  *rows(begin: Uint8Array, end: Uint8Array, reverse: boolean): RowIterator {
    const newer = this.#newer.rows(begin, end, reverse);
    try {
      let next = newer.next();
      for (const { key, value } of this.#values.range(begin, end, this.#version, reverse)) {
        while (next.done !== true && isBefore(next.value[0], key, reverse)) {
          yield next.value;
          next = newer.next();
        }
        if (next.done !== true && compareBytes(next.value[0], key) === 0) next = newer.next();
        if (value !== undefined) yield [new Uint8Array(key), new Uint8Array(value)];
      }
      while (next.done !== true) {
        yield next.value;
        next = newer.next();
      }
    } finally {
      newer.return();
    }
  }

  visit(begin: Uint8Array, end: Uint8Array, bounds: VisitBounds, visit: RowVisitor): Uint8Array | undefined {
    const { reverse } = bounds;
    const left = { reverse, rowsMax: bounds.rowsMax, bytesMax: bounds.bytesMax };
    const counted: RowVisitor = (key, keyBegin, keyEnd, value, valueBegin, valueEnd) => {
      left.rowsMax -= 1;
      left.bytesMax -= 8 + keyEnd - keyBegin + valueEnd - valueBegin;
      visit(key, keyBegin, keyEnd, value, valueBegin, valueEnd);
    };
    let [from, to] = [begin, end];
    for (const { key, value } of this.#values.range(begin, end, this.#version, reverse)) {
      const between = this.#newer.visit(reverse ? keyAfter(key) : from, reverse ? to : key, left, counted);
      if (between !== undefined) return between;
      if (value !== undefined) counted(key, 0, key.length, value, 0, value.length);
      if (value !== undefined && (left.rowsMax <= 0 || left.bytesMax <= 0)) return new Uint8Array(key);
      if (reverse) to = key;
      else from = keyAfter(key);
    }
    return this.#newer.visit(from, to, left, counted);
  }
}

const isBefore = (a: Uint8Array, b: Uint8Array, reverse: boolean): boolean =>
  reverse ? compareBytes(a, b) > 0 : compareBytes(a, b) < 0;
