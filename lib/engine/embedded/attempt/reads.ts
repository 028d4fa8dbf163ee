/** The reads of an attempt: legal ranges, which view they see, what they conflict with. */
import type {
  KeySelector,
  RangeOptions,
  RangeResult,
  RowVisitor,
  ValueVisitor,
  VisitResult,
  Watch,
} from "../../engine.js";
import { EngineError } from "../../error.js";
import { compareBytes, equalBytes, keyAfter, metadataVersionKey, userKeysEnd } from "../reading/bounds.js";
import { type Selector, selector } from "../reading/selection.js";
import type { KeyRange } from "../store.js";
import { directKey, directRange } from "../view/direct-reads.js";
import { keyConflict, rangeConflict, unwritten } from "../view/read-conflicts.js";
import type { Attempt } from "./attempt.js";
import { batchBounds } from "./batch-bounds.js";
import { cutRange, keyRange } from "./conflict-ranges.js";

export class AttemptReads {
  readonly #attempt: Attempt;
  readonly #keyBytesMax: number;

  constructor(attempt: Attempt, keyBytesMax: number) {
    this.#attempt = attempt;
    this.#keyBytesMax = keyBytesMax;
  }

  /** Whether reads see what the transaction wrote. */
  #sees(snapshot: boolean): boolean {
    return !snapshot || this.#attempt.options.snapshotReadYourWrites > 0;
  }

  #conflict(range: KeyRange): void {
    if (!this.#attempt.hasWrites) {
      if (compareBytes(range.begin, range.end) < 0) this.#attempt.conflict(range);
    } else for (const part of unwritten(this.#attempt.view.writes, range)) this.#attempt.conflict(part);
  }

  /** Adds what a read that passed the view by conflicts with. */
  #directConflicts(snapshot: boolean): (range: KeyRange) => void {
    return (range) => {
      if (!snapshot && compareBytes(range.begin, range.end) < 0) this.#attempt.conflict(range);
    };
  }

  /** Whether there can be a key; throws 2004 when it may not be read. */
  #readable(key: Uint8Array): boolean {
    if (key[0] === 0xff && !equalBytes(key, metadataVersionKey)) throw new EngineError(2004);
    return key.length <= this.#keyBytesMax;
  }

  /** Shows the value that `get` gives; whether there is one. */
  show(wanted: Uint8Array, snapshot: boolean, visit: ValueVisitor): boolean {
    if (this.#attempt.options.readYourWritesDisabled) {
      this.#attempt.throwIfClosed();
      if (!this.#readable(wanted)) return false;
      return this.#attempt.read(() => {
        if (!snapshot) this.#attempt.conflict(keyRange(wanted));
        return this.#attempt.reader.show(wanted, visit);
      });
    }
    const value = this.get(wanted, snapshot);
    if (value === undefined) return false;
    visit(value, 0, value.length);
    return true;
  }

  get(wanted: Uint8Array, snapshot: boolean): Uint8Array | undefined {
    this.#attempt.throwIfClosed();
    if (!this.#readable(wanted)) return undefined;
    const range = keyRange(wanted);
    const { reader, options } = this.#attempt;
    return this.#attempt.read(() => {
      if (options.readYourWritesDisabled) {
        if (!snapshot) this.#attempt.conflict(range);
        return reader.get(range.begin);
      }
      const value = this.#attempt.view.get(range.begin, this.#sees(snapshot));
      if (!snapshot) this.#conflict(range);
      return value;
    });
  }

  key({ key, orEqual, offset }: KeySelector, snapshot: boolean): Uint8Array {
    this.#attempt.throwIfClosed();
    if (compareBytes(key, userKeysEnd) > 0) throw new EngineError(2004);
    const { reader, options } = this.#attempt;
    const wanted = this.#selector(key, orEqual, offset);
    return this.#attempt.read(() => {
      if (options.readYourWritesDisabled) {
        return new Uint8Array(directKey(reader, wanted, this.#directConflicts(snapshot)));
      }
      const found = this.#attempt.view.key(wanted, this.#sees(snapshot));
      if (!snapshot) this.#conflict(keyConflict(wanted, found));
      return new Uint8Array(found);
    });
  }

  /** The caller may change its bytes afterwards; what is kept here may not. */
  #selector(key: Uint8Array, orEqual: boolean, offset: number): Selector {
    return selector(orEqual ? key : new Uint8Array(key), orEqual, offset, this.#keyBytesMax);
  }

  range(from: KeySelector, to: KeySelector, options: RangeOptions): RangeResult {
    const budget = batchBounds(options);
    this.#attempt.throwIfClosed();
    if (compareBytes(from.key, userKeysEnd) > 0 || compareBytes(to.key, userKeysEnd) > 0) throw new EngineError(2004);
    if (budget.isReached) return { rows: [], more: false };
    if (budget.rows < -1 || budget.bytes < -1) throw new EngineError(2012);
    const begin = this.#selector(from.key, from.orEqual, from.offset);
    const end = this.#selector(to.key, to.orEqual, to.offset);
    if (begin.offset >= end.offset && compareBytes(begin.key, end.key) >= 0) return { rows: [], more: false };
    const reverse = options.reverse ?? false;
    const snapshot = options.snapshot ?? false;
    const { reader } = this.#attempt;
    return this.#attempt.read(() => {
      if (this.#attempt.options.readYourWritesDisabled) {
        const read = directRange(reader, begin, end, budget, reverse, this.#directConflicts(snapshot));
        return { rows: read.rows, more: read.more };
      }
      const read = this.#attempt.view.range(begin, end, budget, reverse, this.#sees(snapshot));
      if (!snapshot) this.#conflict(rangeConflict(begin, end, reverse, read));
      return { rows: read.rows, more: read.more };
    });
  }

  /** Shows rows in place, to a snapshot read of a transaction that reads past its own writes; undefined to any other. */
  visit(begin: Uint8Array, end: Uint8Array, options: RangeOptions, visit: RowVisitor): VisitResult | undefined {
    if (options.snapshot !== true || !this.#attempt.options.readYourWritesDisabled) return undefined;
    const budget = batchBounds(options);
    this.#attempt.throwIfClosed();
    if (compareBytes(begin, userKeysEnd) > 0 || compareBytes(end, userKeysEnd) > 0) throw new EngineError(2004);
    if (budget.rows < -1 || budget.bytes < -1) throw new EngineError(2012);
    return this.#attempt.read(() => this.#attempt.reader.visit(begin, end, budget, options.reverse === true, visit));
  }

  watch(wanted: Uint8Array): Watch {
    this.#attempt.throwIfClosed();
    if (this.#attempt.options.readYourWritesDisabled) throw new EngineError(1034);
    if (compareBytes(wanted, userKeysEnd) >= 0 && !equalBytes(wanted, metadataVersionKey)) throw new EngineError(2004);
    if (wanted.length > this.#keyBytesMax) throw new EngineError(2102);
    const range = keyRange(wanted);
    const key = range.begin;
    const { view, watches } = this.#attempt;
    const isKnown = view.knows(key);
    const value = view.get(key, true);
    this.#conflict(range);
    return watches.add(key, value, isKnown);
  }

  /** A read conflict the caller asks for. */
  addConflict(begin: Uint8Array, end: Uint8Array): void {
    this.#attempt.throwIfCommitting();
    const isMetadata = equalBytes(begin, metadataVersionKey) && equalBytes(end, keyAfter(metadataVersionKey));
    if (!isMetadata && (compareBytes(begin, userKeysEnd) > 0 || compareBytes(end, userKeysEnd) > 0)) {
      throw new EngineError(2004);
    }
    const range = cutRange(begin, end, this.#keyBytesMax);
    if (compareBytes(range.begin, range.end) >= 0) return;
    if (this.#attempt.options.readYourWritesDisabled) this.#attempt.conflict(range);
    else this.#conflict(range);
  }
}
