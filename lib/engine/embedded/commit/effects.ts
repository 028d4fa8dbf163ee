/** What the mutations of a batch of commits come to: puts and removes, written in steps that may pause. */
import { applyAtomic } from "../atomic.js";
import type { WriteTarget } from "../lmdb/environment.js";
import type { KeyRange, Mutation } from "../store.js";
import { latin1 } from "./latin1.js";
import { RecentWrites } from "./recent-writes.js";
import { isSingleKey } from "./resolver.js";
import { putStamp } from "./versionstamp.js";

/** The state a batch is applied to: that of the commit before it. */
export interface CommittedState {
  get(key: Uint8Array): Uint8Array | undefined;
  keys(begin: Uint8Array, end: Uint8Array): Iterable<Uint8Array>;
}

/** The mutations of one commit, with the stamp it was given. */
export interface StampedMutations {
  readonly mutations: readonly Mutation[];
  readonly versionstamp: Uint8Array;
}

/** Mutations or rows between two points at which the work may pause. */
const stepItems = 128;

/** Whether a batch can be written in order as it is: it neither reads what it writes nor clears more than keys. */
const isPlain = (commits: readonly StampedMutations[]): boolean =>
  commits.every(({ mutations }) => mutations.every(isPlainMutation));

function isPlainMutation(mutation: Mutation): boolean {
  if (mutation.type === "atomic") {
    return mutation.op === "setVersionstampedKey" || mutation.op === "setVersionstampedValue";
  }
  return mutation.type === "set" || isSingleKey(mutation);
}

/** Mutations, and rows cleared, that are written in one go: well under 50 ms of work. */
const shortItemsMax = 4_000;
const shortBytesMax = 4_000_000;

/** Whether writing the batch in one go would hold the event loop for too long. */
export function isLong(commits: readonly StampedMutations[], committed: CommittedState): boolean {
  let items = 0;
  let bytes = 0;
  const cleared: KeyRange[] = [];
  for (const { mutations } of commits) {
    items += mutations.length;
    if (items > shortItemsMax) return true;
    for (const mutation of mutations) {
      if (mutation.type === "set") bytes += mutation.value.length;
      else if (mutation.type === "clearRange" && !isSingleKey(mutation)) cleared.push(mutation);
    }
  }
  if (bytes > shortBytesMax) return true;
  for (const { begin, end } of cleared) {
    for (const _ of committed.keys(begin, end)) if (++items > shortItemsMax) return true;
  }
  return false;
}

/** Writes the batch to `target`; runs in steps, each a few hundred microseconds. */
export function* writeEffects(
  commits: readonly StampedMutations[],
  committed: CommittedState,
  target: WriteTarget,
): Generator<void, void, undefined> {
  yield* isPlain(commits) ? writeInOrder(commits, target) : writeFinalState(commits, committed, target);
}

function* writeInOrder(commits: readonly StampedMutations[], target: WriteTarget): Generator<void, void, undefined> {
  let items = 0;
  for (const { mutations, versionstamp } of commits) {
    for (const mutation of mutations) {
      if (mutation.type === "set") target.put(mutation.key, mutation.value);
      else if (mutation.type === "clearRange") target.remove(mutation.begin);
      else if (mutation.op === "setVersionstampedKey") {
        target.put(putStamp(mutation.key, versionstamp), mutation.operand);
      } else target.put(mutation.key, putStamp(mutation.operand, versionstamp));
      if (++items % stepItems === 0) yield;
    }
  }
}

interface Written {
  readonly key: Uint8Array;
  readonly order: number;
  readonly value: Uint8Array | undefined;
}

/** Finds what is left of the batch once all of it is applied, then removes what it cleared and puts that. */
function* writeFinalState(
  commits: readonly StampedMutations[],
  committed: CommittedState,
  target: WriteTarget,
): Generator<void, void, undefined> {
  const written = new Map<string, Written>();
  // Which mutation cleared what, by its order.
  const clears = new RecentWrites();
  const cleared: KeyRange[] = [];
  let order = 0;
  const current = (key: Uint8Array, name: string): Uint8Array | undefined => {
    const entry = written.get(name);
    if (entry !== undefined && !clears.keyWrittenAfter(name, entry.order)) return entry.value;
    return clears.keyWrittenAfter(name, 0) ? undefined : committed.get(key);
  };
  const write = (key: Uint8Array, value: Uint8Array | undefined): void => {
    written.set(latin1(key), { key, order, value });
  };
  for (const { mutations, versionstamp } of commits) {
    for (const mutation of mutations) {
      order += 1;
      if (mutation.type === "set") write(mutation.key, mutation.value);
      else if (mutation.type === "clearRange") {
        if (isSingleKey(mutation)) write(mutation.begin, undefined);
        else if (Buffer.compare(mutation.begin, mutation.end) < 0) {
          clears.addRange(latin1(mutation.begin), latin1(mutation.end), order);
          cleared.push(mutation);
        }
      } else if (mutation.op === "setVersionstampedKey") write(putStamp(mutation.key, versionstamp), mutation.operand);
      else if (mutation.op === "setVersionstampedValue") write(mutation.key, putStamp(mutation.operand, versionstamp));
      else write(mutation.key, applyAtomic(mutation.op, current(mutation.key, latin1(mutation.key)), mutation.operand));
      if (order % stepItems === 0) yield;
    }
  }
  let items = 0;
  for (const { begin, end } of disjoint(cleared)) {
    for (const key of committed.keys(begin, end)) {
      target.remove(key);
      if (++items % stepItems === 0) yield;
    }
  }
  for (const [name, { key, order: at, value }] of written) {
    if (!clears.keyWrittenAfter(name, at)) {
      if (value === undefined) target.remove(key);
      else target.put(key, value);
    }
    if (++items % stepItems === 0) yield;
  }
}

/** The ranges' union as ranges that do not touch, in order. */
function disjoint(ranges: readonly KeyRange[]): KeyRange[] {
  const sorted = ranges
    .filter(({ begin, end }) => Buffer.compare(begin, end) < 0)
    .sort((a, b) => Buffer.compare(a.begin, b.begin));
  const merged: KeyRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || Buffer.compare(last.end, range.begin) < 0) merged.push(range);
    else if (Buffer.compare(last.end, range.end) < 0) merged[merged.length - 1] = { begin: last.begin, end: range.end };
  }
  return merged;
}
