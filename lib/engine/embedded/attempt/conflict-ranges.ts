/** Conflict ranges of a transaction: collected as they come, joined when they are needed. */

import { compareBytes } from "../reading/bounds.js";
import type { KeyRange } from "../store.js";

/** What a range counts besides the bytes of its ends. */
export const rangeOverheadBytes = 24;

/** The same keys in as few ranges as there can be, in key order. */
export const joinRanges = (ranges: readonly KeyRange[]): readonly KeyRange[] => {
  if (ranges.length < 2) return ranges;
  const sorted = ranges.toSorted((a, b) => compareBytes(a.begin, b.begin));
  const joined: KeyRange[] = [];
  let last: KeyRange | undefined;
  for (const range of sorted) {
    if (last !== undefined && compareBytes(range.begin, last.end) <= 0) {
      if (compareBytes(range.end, last.end) <= 0) continue;
      joined.pop();
      last = { begin: last.begin, end: range.end };
    } else last = range;
    joined.push(last);
  }
  return joined;
};

export const rangesBytes = (ranges: readonly KeyRange[]): number =>
  ranges.reduce((bytes, { begin, end }) => bytes + rangeOverheadBytes + begin.length + end.length, 0);
