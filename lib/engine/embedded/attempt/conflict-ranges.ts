/** Conflict ranges of a transaction: collected as they come, joined when they are needed. */

import { lengthOf } from "../../../intrinsics/index.js";
import { compareBytes } from "../reading/bounds.js";
import type { KeyRange } from "../store.js";

/** What a range counts besides the bytes of its ends. */
export const rangeOverheadBytes = 24;

/** The range of one key alone, in bytes of its own: the caller may change the key, or have it lie about its length. */
export const keyRange = (key: Uint8Array): KeyRange => {
  const length = lengthOf(key);
  const end = new Uint8Array(length + 1);
  end.set(key);
  return { begin: end.subarray(0, length), end };
};

/** A copy without the bytes beyond those the longest key can have: they change nothing about a range. */
const cut = (key: Uint8Array, keyBytesMax: number): Uint8Array => {
  const copy = new Uint8Array(key);
  return copy.length > keyBytesMax + 1 ? copy.slice(0, keyBytesMax + 1) : copy;
};

/** A range in bytes of its own. */
export const cutRange = (begin: Uint8Array, end: Uint8Array, keyBytesMax: number): KeyRange => ({
  begin: cut(begin, keyBytesMax),
  end: cut(end, keyBytesMax),
});

/** Ranges that are put in order by hand, one by one: for few that is quicker than a sort. */
const fewRanges = 16;

function inOrder(ranges: readonly KeyRange[]): KeyRange[] {
  if (ranges.length > fewRanges) return ranges.toSorted((a, b) => compareBytes(a.begin, b.begin));
  const sorted: KeyRange[] = [];
  for (const range of ranges) {
    let at = sorted.length;
    for (; at > 0; at--) {
      const before = sorted[at - 1];
      if (before === undefined || compareBytes(before.begin, range.begin) <= 0) break;
      sorted[at] = before;
    }
    sorted[at] = range;
  }
  return sorted;
}

/** The same keys in as few ranges as there can be, in key order. */
export const joinRanges = (ranges: readonly KeyRange[]): readonly KeyRange[] => {
  if (ranges.length < 2) return ranges;
  const joined: KeyRange[] = [];
  let last: KeyRange | undefined;
  for (const range of inOrder(ranges)) {
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
