/** What a read conflicts with: the keys a later commit must not have changed for its answer to hold. */

import { compareBytes, firstKey, keyAfter, userKeysEnd } from "../reading/bounds.js";
import type { RangeRead, Selector } from "../reading/selection.js";
import type { KeyRange } from "../store.js";
import type { WriteMap } from "./write-map.js";

/** Between the selector's key and the key it led to. */
export const keyConflict = (wanted: Selector, found: Uint8Array): KeyRange =>
  wanted.offset <= 0 ? { begin: found, end: wanted.key } : { begin: wanted.key, end: keyAfter(found) };

/** As far as the rows reach when the read stopped early, the whole range when it did not. */
export const rangeConflict = (begin: Selector, end: Selector, reverse: boolean, read: RangeRead): KeyRange => {
  const { rows, more } = read;
  let from = begin.key;
  let to = end.key;
  if (compareBytes(from, to) >= 0) [from, to] = [to, from];
  else if (more && !reverse && end.offset > 0) to = begin.key;
  else if (more && reverse && begin.offset <= 1) from = end.key;
  if (read.toBegin && begin.offset <= 0) from = firstKey;
  if (read.throughEnd && end.offset > 0) to = userKeysEnd;
  const low = rows[reverse ? rows.length - 1 : 0]?.[0];
  const high = rows[reverse ? 0 : rows.length - 1]?.[0];
  if (low !== undefined && high !== undefined) {
    // The row is the caller's, who may change it.
    if ((reverse || begin.offset <= 0) && compareBytes(low, from) < 0) from = new Uint8Array(low);
    if ((!reverse || end.offset > 0) && compareBytes(to, high) <= 0) to = keyAfter(high);
  }
  return { begin: from, end: to };
};

/** The parts of `range` whose answer came from the snapshot: what the transaction wrote itself cannot conflict. */
export const unwritten = (writes: WriteMap, { begin, end }: KeyRange): KeyRange[] => {
  if (compareBytes(begin, end) >= 0) return [];
  if (writes.isUntouched(begin, end)) return [{ begin, end }];
  const parts: KeyRange[] = [];
  const at = writes.cursor();
  for (at.skip(begin); compareBytes(at.begin, end) < 0; at.next()) {
    if (at.kind !== "unmodified" && !(at.isOperation && !at.isKnown)) continue;
    const from = compareBytes(at.begin, begin) > 0 ? at.begin : begin;
    const to = compareBytes(at.end, end) < 0 ? at.end : end;
    if (compareBytes(from, to) < 0) parts.push({ begin: from, end: to });
  }
  return parts;
};
