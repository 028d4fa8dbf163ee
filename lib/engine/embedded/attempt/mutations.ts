/** The writes of an attempt: legal keys and values, and where they are kept until the commit. */
import { valueBytesMax } from "../../../limits/index.js";
import { type AtomicOp, atomicOps } from "../../atomic-op.js";
import { EngineError } from "../../error.js";
import { compareBytes, equalBytes, metadataVersionKey, userKeysEnd } from "../reading/bounds.js";
import type { KeyRange, Mutation } from "../store.js";
import type { Attempt } from "./attempt.js";
import { cutRange, keyRange, rangeOverheadBytes } from "./conflict-ranges.js";
import { stampedKey, stampOffset } from "./stamped-key.js";
import { atomicMutation, type CommitWrites, clearKey, mutationOverheadBytes } from "./writes.js";

/** The one operand that the metadata version key takes: a stamp at its beginning, and nothing else. */
const metadataOperandBytes = 14;

export class AttemptMutations {
  readonly #attempt: Attempt;
  readonly #direct: CommitWrites;
  readonly #keyBytesMax: number;

  /** `direct` takes what does not wait in the view for the commit. */
  constructor(attempt: Attempt, direct: CommitWrites, keyBytesMax: number) {
    this.#attempt = attempt;
    this.#direct = direct;
    this.#keyBytesMax = keyBytesMax;
  }

  #count(bytes: number, conflictBytes: number | undefined): void {
    this.#attempt.approximateBytes +=
      bytes + mutationOverheadBytes + (conflictBytes === undefined ? 0 : rangeOverheadBytes + conflictBytes);
  }

  #throwIfLong(key: Uint8Array, value: Uint8Array): void {
    if (key.length > this.#keyBytesMax) throw new EngineError(2102);
    if (value.length > valueBytesMax) throw new EngineError(2103);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const { options } = this.#attempt;
    // What is checked is the copy that is kept.
    const { begin, end } = keyRange(key);
    const copy = new Uint8Array(value);
    if (equalBytes(begin, metadataVersionKey)) throw new EngineError(2000);
    const conflicts = !options.takeNextWriteNoConflict();
    this.#attempt.throwIfCommitting();
    if (compareBytes(begin, userKeysEnd) >= 0) throw new EngineError(2004);
    this.#count(begin.length + copy.length, conflicts ? 2 * begin.length + 1 : undefined);
    this.#throwIfLong(begin, copy);
    if (options.readYourWritesDisabled) {
      this.#direct.add({ type: "set", key: begin, value: copy }, conflicts ? { begin, end } : undefined);
      return;
    }
    this.#attempt.view.writes.mutate(begin, { type: "set", value: copy }, conflicts);
    this.#attempt.watches.written(begin, copy, true);
  }

  clear(key: Uint8Array): void {
    const { options } = this.#attempt;
    const cleared = clearKey(key);
    const conflicts = !options.takeNextWriteNoConflict();
    this.#attempt.throwIfCommitting();
    if (compareBytes(cleared.begin, userKeysEnd) >= 0) throw new EngineError(2004);
    if (cleared.begin.length > this.#keyBytesMax) return;
    this.#clear(cleared, conflicts);
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    if (compareBytes(begin, end) > 0) throw new EngineError(2005);
    const conflicts = !this.#attempt.options.takeNextWriteNoConflict();
    this.#attempt.throwIfCommitting();
    if (compareBytes(begin, userKeysEnd) > 0 || compareBytes(end, userKeysEnd) > 0) throw new EngineError(2004);
    this.#clear({ type: "clearRange", ...cutRange(begin, end, this.#keyBytesMax) }, conflicts);
  }

  #clear(range: Extract<Mutation, { type: "clearRange" }>, conflicts: boolean): void {
    const { options } = this.#attempt;
    const { begin, end } = range;
    this.#count(begin.length + end.length, conflicts ? begin.length + end.length : undefined);
    if (compareBytes(begin, end) >= 0) return;
    if (options.readYourWritesDisabled) {
      this.#direct.add(range, conflicts ? { begin, end } : undefined);
      return;
    }
    this.#attempt.view.writes.clear(begin, end, conflicts);
    this.#attempt.watches.cleared(range);
  }

  atomic(op: AtomicOp, wanted: Uint8Array, operand: Uint8Array): void {
    const { options } = this.#attempt;
    const { begin, end } = keyRange(wanted);
    const value = new Uint8Array(operand);
    let conflicts = !options.takeNextWriteNoConflict();
    this.#attempt.throwIfCommitting();
    if (equalBytes(begin, metadataVersionKey)) {
      const blank = value.length === metadataOperandBytes && value.every((byte) => byte === 0);
      if (op !== "setVersionstampedValue" || !blank) throw new EngineError(2000);
    } else if (compareBytes(begin, userKeysEnd) >= 0) throw new EngineError(2004);
    if (!knownOps.has(op)) throw new EngineError(2018);
    this.#throwIfLong(begin, value);
    let key = begin;
    if (op === "setVersionstampedKey") {
      const stamped = stampedKey(begin, this.#attempt.readVersion);
      key = stamped.pending;
      // Its conflict is known at the commit, with the stamp.
      conflicts = false;
      if (!options.readYourWritesDisabled) this.#passOn(stamped.range);
    } else if (op === "setVersionstampedValue") stampOffset(value);
    this.#count(key.length + value.length, conflicts ? 2 * key.length + 1 : undefined);
    if (options.readYourWritesDisabled) {
      this.#direct.add(atomicMutation(op, key, value), conflicts ? { begin, end } : undefined);
      return;
    }
    this.#attempt.view.writes.mutate(key, { type: op, value }, conflicts);
    this.#attempt.watches.written(key, undefined, false);
  }

  /** What was written where a stamped key may land goes ahead of it; from now on nobody can tell what is there. */
  #passOn(range: KeyRange): void {
    const { writes } = this.#attempt.view;
    this.#direct.addPending(writes, range);
    writes.markUnreadable(range.begin, range.end);
  }

  /** A write conflict the caller asks for. */
  addConflict(begin: Uint8Array, end: Uint8Array): void {
    this.#attempt.throwIfCommitting();
    if (compareBytes(begin, userKeysEnd) > 0 || compareBytes(end, userKeysEnd) > 0) throw new EngineError(2004);
    const range = cutRange(begin, end, this.#keyBytesMax);
    if (compareBytes(range.begin, range.end) >= 0) return;
    this.#attempt.approximateBytes += rangeOverheadBytes + range.begin.length + range.end.length;
    if (this.#attempt.options.readYourWritesDisabled) this.#direct.conflicts.push(range);
    else this.#attempt.view.writes.addConflictRange(range.begin, range.end);
  }
}

const knownOps: ReadonlySet<string> = new Set(atomicOps);
