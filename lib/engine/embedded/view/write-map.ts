/** A transaction's pending writes by key: what is set, cleared, unreadable, and what conflicts. */
import { afterAllKeys, allKeysEnd, compareBytes, equalBytes, firstKey, keyAfter } from "../reading/bounds.js";
import { KeyMap } from "../reading/key-map.js";
import { isIndependent, type Operation, type OperationStack, push } from "./operation-stack.js";
import { WriteCursor, type WriteEntry } from "./write-cursor.js";

const blank = (key: Uint8Array): WriteEntry => ({
  key,
  stack: [],
  conflict: false,
  unreadable: false,
  clearedAfter: false,
  conflictAfter: false,
  unreadableAfter: false,
});

/** What lies under an operation on a key that was cleared. */
const clearedStack: OperationStack = [{ type: "set", value: undefined }];

export class WriteMap {
  readonly #entries = new KeyMap<WriteEntry>([blank(firstKey), blank(allKeysEnd), blank(afterAllKeys)]);
  readonly #scratch = new WriteCursor(this.#entries);
  #empty = true;

  /** Whether no write and no write conflict range was ever added. */
  get empty(): boolean {
    return this.#empty;
  }

  cursor(): WriteCursor {
    return new WriteCursor(this.#entries);
  }

  /** Whether nothing was written to `[begin, end)`. */
  isUntouched(begin: Uint8Array, end: Uint8Array): boolean {
    if (this.#empty) return true;
    const at = this.cursor();
    at.skip(begin);
    return at.kind === "unmodified" && !at.isUnreadable && compareBytes(end, at.end) <= 0;
  }

  /** Adds an operation on `key`. One without a conflict leaves the conflict of an earlier one. */
  mutate(key: Uint8Array, operation: Operation, addConflict: boolean): void {
    this.#empty = false;
    const at = this.#scratch;
    at.skip(key);
    const { entry, isUnreadable } = at;
    const { type } = operation;
    const unreadable = isUnreadable || type === "setVersionstampedValue" || type === "setVersionstampedKey";
    const overCleared = at.kind === "cleared" && !isIndependent(type);
    let stack: OperationStack;
    if (!equalBytes(entry.key, key)) stack = overCleared ? push(clearedStack, operation) : [operation];
    else if (!isUnreadable && (type === "set" || type === "setVersionstampedValue")) stack = [operation];
    else if (entry.stack.length === 0 && overCleared) stack = push(clearedStack, operation);
    else if (unreadable) stack = [...entry.stack, operation];
    else stack = push(entry.stack, operation);
    this.#entries.insertAt(at.place, {
      key,
      stack,
      conflict: addConflict || at.isConflict,
      unreadable,
      clearedAfter: entry.clearedAfter,
      conflictAfter: entry.conflictAfter,
      unreadableAfter: entry.unreadableAfter,
    });
  }

  clear(begin: Uint8Array, end: Uint8Array, addConflict: boolean): void {
    this.#empty = false;
    if (!addConflict) {
      this.#clearWithoutConflict(begin, end);
      return;
    }
    this.#overwrite(begin, end, { cleared: true, conflict: true, unreadable: false });
  }

  /** Makes `[begin, end)` unreadable: a versionstamped key will land in it. What was written there was passed on. */
  markUnreadable(begin: Uint8Array, end: Uint8Array): void {
    this.#overwrite(begin, end, { cleared: false, conflict: false, unreadable: true });
  }

  /** Replaces whatever is in `[begin, end)` by one segment, joined to neighbours that are the same. */
  #overwrite(
    begin: Uint8Array,
    end: Uint8Array,
    segment: { readonly cleared: boolean; readonly conflict: boolean; readonly unreadable: boolean },
  ): void {
    const same = (at: WriteCursor): boolean =>
      at.kind === (segment.cleared ? "cleared" : "unmodified") &&
      at.isConflict === segment.conflict &&
      at.isUnreadable === segment.unreadable;
    const at = this.cursor();
    at.skip(begin);
    const joinsBefore = same(at);
    const order = compareBytes(at.end, end);
    if (order === 0) at.next();
    else if (order < 0) at.skip(end);
    const endsHere = equalBytes(at.begin, end);
    // A cleared range stays closed by an operation's key, so only plain ranges are looked at here.
    const differs = segment.cleared
      ? at.kind === "unmodified" || !at.isConflict || at.isUnreadable
      : at.kind === "cleared" || at.isConflict || !at.isUnreadable;
    const insertEnd = differs && !(at.startsAtEntry && endsHere);
    const joinsAfter = same(at) && endsHere;
    const { isConflict, isUnreadable } = at;
    const isCleared = at.kind === "cleared";
    this.#entries.remove(joinsBefore ? keyAfter(begin) : begin, joinsAfter ? keyAfter(end) : end);
    if (!joinsBefore) {
      this.#entries.insert({
        key: begin,
        stack: [],
        conflict: segment.conflict,
        unreadable: segment.unreadable,
        clearedAfter: segment.cleared,
        conflictAfter: segment.conflict,
        unreadableAfter: segment.unreadable,
      });
    }
    if (insertEnd) this.#insertRange(end, isCleared, isConflict, isUnreadable);
  }

  #insertRange(key: Uint8Array, cleared: boolean, conflict: boolean, unreadable: boolean): void {
    this.#entries.insert({
      key,
      stack: [],
      conflict,
      unreadable,
      clearedAfter: cleared,
      conflictAfter: conflict,
      unreadableAfter: unreadable,
    });
  }

  /** Clears a range and keeps the write conflicts it had. */
  #clearWithoutConflict(begin: Uint8Array, end: Uint8Array): void {
    const at = this.cursor();
    at.skip(begin);
    const insertBegin = at.kind !== "cleared" || at.isUnreadable;
    let last = at.isConflict;
    let conflict = last;
    const edges: Uint8Array[] = [];
    if (insertBegin) edges.push(begin);
    else conflict = !conflict;
    while (compareBytes(at.end, end) < 0) {
      at.next();
      if (last !== at.isConflict) {
        edges.push(at.begin);
        last = at.isConflict;
      }
    }
    if (equalBytes(at.end, end)) at.next();
    const endsHere = equalBytes(at.begin, end);
    const insertEnd =
      ((at.kind === "unmodified" || at.isUnreadable) && !(at.startsAtEntry && endsHere)) ||
      (at.entry.conflict && !at.entry.conflictAfter && endsHere && !at.startsAtEntry);
    const isCleared = at.kind === "cleared";
    const joinsAfter = isCleared && endsHere && at.isConflict === last && !at.isUnreadable;
    const { isConflict, isUnreadable } = at;
    this.#entries.remove(insertBegin ? begin : keyAfter(begin), joinsAfter ? keyAfter(end) : end);
    for (const edge of edges) {
      this.#insertRange(edge, true, conflict, false);
      conflict = !conflict;
    }
    if (insertEnd) this.#insertRange(end, isCleared, isConflict, isUnreadable);
  }

  addConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#empty = false;
    const at = this.cursor();
    at.skip(begin);
    const changed: WriteEntry[] = [];
    const conflicts = (entry: WriteEntry): boolean => entry.conflict && entry.conflictAfter;
    if (!conflicts(at.entry)) {
      const stack = at.isOperation ? at.entry.stack : [];
      changed.push({ ...at.entry, key: begin, stack, conflict: true, conflictAfter: true });
    }
    while (compareBytes(at.end, end) < 0) {
      at.next();
      if (at.startsAtEntry && !conflicts(at.entry)) changed.push({ ...at.entry, conflict: true, conflictAfter: true });
    }
    const { entry } = at;
    if (!conflicts(entry)) {
      at.next();
      if (!(at.startsAtEntry && equalBytes(at.begin, end))) {
        changed.push({ ...entry, key: end, stack: [], conflict: false, conflictAfter: false });
      }
    }
    for (const one of changed) this.#entries.insert(one);
  }
}
