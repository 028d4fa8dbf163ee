/** What a commit is made of: an attempt's pending writes, in the order they go to the store. */
import type { AtomicOp } from "../../atomic-op.js";
import { allKeysEnd, compareBytes, firstKey } from "../reading/bounds.js";
import type { KeyRange, Mutation } from "../store.js";
import type { Operation } from "../view/operation-stack.js";
import type { WriteMap } from "../view/write-map.js";
import { keyRange, rangesBytes } from "./conflict-ranges.js";

/** What a mutation counts besides its key and value. */
export const mutationOverheadBytes = 40;

export class CommitWrites {
  mutations: Mutation[] = [];
  conflicts: KeyRange[] = [];

  get isEmpty(): boolean {
    return this.mutations.length === 0 && this.conflicts.length === 0;
  }

  get bytes(): number {
    let bytes = rangesBytes(this.conflicts);
    for (const mutation of this.mutations) bytes += mutationOverheadBytes + mutationBytes(mutation);
    return bytes;
  }

  /** Holds nothing any more; what it held is as it was. */
  clear(): void {
    this.mutations = [];
    this.conflicts = [];
  }

  add(mutation: Mutation, conflict: KeyRange | undefined): void {
    this.mutations.push(mutation);
    if (conflict !== undefined) this.conflicts.push(conflict);
  }

  /** Adds what `writes` holds in `[begin, end)`: what is cleared first, then each key's operations. */
  addPending(writes: WriteMap, { begin, end }: KeyRange): void {
    if (writes.empty) return;
    this.#addClears(writes, begin, end);
    const at = writes.cursor();
    let conflictBegin: Uint8Array | undefined;
    for (at.skip(begin); compareBytes(at.begin, end) < 0; at.next()) {
      if (at.isConflict) conflictBegin ??= later(at.begin, begin);
      else if (conflictBegin !== undefined) {
        this.conflicts.push({ begin: conflictBegin, end: at.begin });
        conflictBegin = undefined;
      }
      if (at.isOperation)
        for (const operation of at.entry.stack) this.mutations.push(mutation(at.entry.key, operation));
    }
    if (conflictBegin !== undefined) this.conflicts.push({ begin: conflictBegin, end });
  }

  #addClears(writes: WriteMap, begin: Uint8Array, end: Uint8Array): void {
    const at = writes.cursor();
    let clearBegin: Uint8Array | undefined;
    for (at.skip(begin); compareBytes(at.begin, end) < 0; at.next()) {
      if (at.kind === "cleared") clearBegin ??= later(at.begin, begin);
      else if (clearBegin !== undefined) {
        this.mutations.push({ type: "clearRange", begin: clearBegin, end: at.begin });
        clearBegin = undefined;
      }
    }
    if (clearBegin !== undefined) this.mutations.push({ type: "clearRange", begin: clearBegin, end });
  }
}

/** All keys there are. */
export const everything: KeyRange = { begin: firstKey, end: allKeysEnd };

const later = (a: Uint8Array, b: Uint8Array): Uint8Array => (compareBytes(a, b) < 0 ? b : a);

/** The mutation that clears one key. */
export const clearKey = (key: Uint8Array): Extract<Mutation, { type: "clearRange" }> => ({
  type: "clearRange",
  ...keyRange(key),
});

export const atomicMutation = (op: AtomicOp, key: Uint8Array, operand: Uint8Array): Mutation => ({
  type: "atomic",
  op,
  key,
  operand,
});

const mutation = (key: Uint8Array, operation: Operation): Mutation => {
  if (operation.type !== "set") return atomicMutation(operation.type, key, operation.value);
  return operation.value === undefined ? clearKey(key) : { type: "set", key, value: operation.value };
};

const mutationBytes = (one: Mutation): number => {
  if (one.type === "clearRange") return one.begin.length + one.end.length;
  return one.key.length + (one.type === "set" ? one.value.length : one.operand.length);
};
