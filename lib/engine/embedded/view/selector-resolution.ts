/** Selectors resolved over the transaction's own view, as far as that is known without reading. */
import { compareBytes, equalBytes, firstKey, isKeyAfter, userKeysEnd } from "../reading/bounds.js";
import type { Selector } from "../reading/selection.js";
import type { MergedCursor } from "./merged-cursor.js";

/** Which ends of the keyspace resolving ran into. */
export interface Ends {
  toBegin: boolean;
  throughEnd: boolean;
}

export interface Resolution {
  /** An equivalent selector: its key in or beside the segment the cursor stands on. */
  readonly selector: Selector;
  /** How far off the wanted key still was before it was clamped; undefined when it was direct from the start. */
  readonly offset: number | undefined;
}

/** Whether the segment is known: readable and read. */
const isKnown = (at: MergedCursor): boolean => !at.isUnreadable && at.kind !== "unknown";

/**
 * Moves `at` from the selector's key towards the key it leads to, until that is found or a range comes that was not
 * read, or may not be.
 */
export const resolve = (wanted: Selector, at: MergedCursor, ends: Ends): Resolution => {
  let { key, offset } = wanted;
  at.skip(key);
  if (offset <= 0 && key.length > 0 && equalBytes(at.begin, key)) at.previous();

  while (offset > 1 && isKnown(at) && compareBytes(at.end, userKeysEnd) < 0) {
    if (at.kind === "row") offset--;
    at.next();
    key = at.begin;
  }
  while (offset < 1 && isKnown(at) && at.begin.length > 0) {
    if (at.kind === "row" && ++offset === 1) {
      key = at.begin;
      break;
    }
    at.previous();
    key = at.end;
  }

  const actual = wanted.offset === 1 ? undefined : offset;
  if (offset < 1 && isKnown(at)) {
    ends.toBegin = true;
    return { selector: { key: firstKey, offset: 1 }, offset: actual };
  }
  if (offset > 1 && isKnown(at)) {
    ends.throughEnd = true;
    return { selector: { key: userKeysEnd, offset: 1 }, offset: actual };
  }
  while (!at.isUnreadable && at.kind === "empty" && compareBytes(at.end, userKeysEnd) < 0) {
    at.next();
    key = at.begin;
  }
  return { selector: { key, offset }, offset: actual };
};

/** Whether a known gap, or an unreadable range, of more than one key ends the stretch that one read may span. */
const stops = (at: MergedCursor, gapBegin: Uint8Array, gapEnd: Uint8Array): boolean =>
  at.isUnreadable || (at.kind === "empty" && !isKeyAfter(gapEnd, gapBegin));

const backToUnknown = (at: MergedCursor, step: "next" | "previous"): void => {
  while (at.isUnreadable || at.kind !== "unknown") at[step]();
};

/**
 * From an unknown range, moves on to the last unknown one that the same read may span: over rows and cleared single
 * keys, up to `end` and `stepsMax` segments. Returns how many cleared keys it passed.
 */
export const skipUnread = (at: MergedCursor, end: MergedCursor, stepsMax: number): number => {
  let gapBegin = at.begin;
  let gapEnd = at.end;
  let cleared = 0;
  for (let steps = 0; steps < stepsMax && !at.equals(end); steps++) {
    if (stops(at, gapBegin, gapEnd)) break;
    if (at.kind === "empty") cleared++;
    else gapBegin = gapEnd;
    at.next();
    gapEnd = at.end;
  }
  backToUnknown(at, "previous");
  return cleared;
};

/** As {@link skipUnread}, backwards. */
export const skipUnreadBack = (at: MergedCursor, end: MergedCursor, stepsMax: number): number => {
  let gapBegin = at.begin;
  let gapEnd = at.end;
  let cleared = 0;
  for (let steps = 0; steps < stepsMax && !at.equals(end); steps++) {
    if (stops(at, gapBegin, gapEnd)) break;
    if (at.kind === "empty") cleared++;
    else gapEnd = gapBegin;
    at.previous();
    gapBegin = at.begin;
  }
  backToUnknown(at, "next");
  return cleared;
};

/** How many cleared single keys follow `at` (which moves) before a longer gap, at most `clearsMax`. */
export const countClears = (at: MergedCursor, clearsMax: number): number => {
  if (clearsMax <= 0) return 0;
  let gapBegin = at.begin;
  let gapEnd = at.end;
  let cleared = 0;
  while (compareBytes(gapEnd, userKeysEnd) < 0) {
    if (stops(at, gapBegin, gapEnd)) return cleared;
    if (at.kind !== "empty") gapBegin = gapEnd;
    else if (++cleared >= clearsMax) return clearsMax;
    at.next();
    gapEnd = at.end;
  }
  return cleared;
};

/** As {@link countClears}, backwards. */
export const countClearsBack = (at: MergedCursor, clearsMax: number): number => {
  if (clearsMax <= 0) return 0;
  let gapBegin = at.begin;
  let gapEnd = at.end;
  let cleared = 0;
  while (gapBegin.length > 0) {
    if (stops(at, gapBegin, gapEnd)) return cleared;
    if (at.kind !== "empty") gapEnd = gapBegin;
    else if (++cleared >= clearsMax) return clearsMax;
    at.previous();
    gapBegin = at.begin;
  }
  return cleared;
};
