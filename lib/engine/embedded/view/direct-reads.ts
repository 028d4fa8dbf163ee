/** Reads that pass the transaction's own view by: straight from the snapshot, and what they conflict with. */

import { allKeysEnd, compareBytes, firstKey, keyAfter, userKeysEnd } from "../reading/bounds.js";
import { type Budget, firstAtOrAfter, type RangeRead, type Selector } from "../reading/selection.js";
import type { SnapshotReader } from "../reading/snapshot-reader.js";
import type { KeyRange } from "../store.js";
import { keyConflict } from "./read-conflicts.js";

/** Takes a conflict range; empty and inverted ones are to be dropped. */
type Conflicts = (range: KeyRange) => void;

export const directKey = (reader: SnapshotReader, wanted: Selector, conflicts: Conflicts): Uint8Array => {
  const key = reader.key(wanted);
  conflicts(keyConflict(wanted, key));
  return compareBytes(userKeysEnd, key) < 0 ? userKeysEnd : key;
};

const rangeConflict = (begin: Selector, end: Selector, reverse: boolean, read: RangeRead): KeyRange => {
  const first = read.rows[0]?.[0];
  const last = read.rows[read.rows.length - 1]?.[0];
  let from = begin.key;
  let to = end.key;
  if (read.toBegin) from = firstKey;
  else if (first !== undefined && last !== undefined) {
    if (begin.offset <= 0 || (reverse && read.more && begin.offset <= 1)) from = new Uint8Array(reverse ? last : first);
  }
  if (end.offset > begin.offset && compareBytes(end.key, from) < 0) from = end.key;
  if (read.throughEnd) to = allKeysEnd;
  else if (first !== undefined && last !== undefined) {
    if (end.offset > 1 || (!reverse && read.more && end.offset > 0)) to = keyAfter(reverse ? first : last);
  }
  if (begin.offset < end.offset && compareBytes(begin.key, to) > 0) to = begin.key;
  return { begin: from, end: to };
};

export const directRange = (
  reader: SnapshotReader,
  begin: Selector,
  wantedEnd: Selector,
  budget: Budget,
  reverse: boolean,
  conflicts: Conflicts,
): RangeRead => {
  // A reverse read whose end may lie beyond the users' keys resolves that end first.
  const end = reverse && wantedEnd.offset > 1 ? firstAtOrAfter(directKey(reader, wantedEnd, conflicts)) : wantedEnd;
  if (begin.offset >= end.offset && compareBytes(begin.key, end.key) >= 0) {
    return { rows: [], more: false, toBegin: false, throughEnd: false };
  }
  const read = reader.range(begin, end, budget, reverse);
  conflicts(rangeConflict(begin, end, reverse, read));
  const last = read.rows[read.rows.length - 1];
  if (reverse || last === undefined || compareBytes(last[0], userKeysEnd) < 0) return read;
  return { ...read, rows: read.rows.filter(([key]) => compareBytes(key, userKeysEnd) < 0), more: false };
};
