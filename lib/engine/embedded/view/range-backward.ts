/** Range reads against key order over the transaction's own view: the mirror of `range-forward.ts`. */
import { allKeysEnd, compareBytes, firstKey, keyAfter, userKeysEnd } from "../reading/bounds.js";
import {
  type Budget,
  firstAtOrAfter,
  isDirect,
  type RangeRead,
  type Row,
  type Selector,
} from "../reading/selection.js";
import type { MergedCursor } from "./merged-cursor.js";
import { countClears, countClearsBack, type Ends, resolve, skipUnreadBack } from "./selector-resolution.js";
import { requestBudget, stepsMax, type ViewSource } from "./view-source.js";

/** What a snapshot read made known: from where to where. */
const addKnown = (source: ViewSource, read: RangeRead, begin: Selector, end: Selector): void => {
  let from = !read.more && begin.offset <= 1 ? begin.key : allKeysEnd;
  let to = end.offset >= 1 ? end.key : firstKey;
  if (read.toBegin) from = firstKey;
  if (read.throughEnd) to = allKeysEnd;
  const first = read.rows[0];
  const last = read.rows[read.rows.length - 1];
  if (first !== undefined && last !== undefined) {
    if (read.more || compareBytes(last[0], from) <= 0) from = last[0];
    if (compareBytes(first[0], to) >= 0) to = keyAfter(first[0]);
  }
  source.cache.addRange(from, to, read.rows.toReversed());
};

export const readBackward = (
  source: ViewSource,
  wantedBegin: Selector,
  wantedEnd: Selector,
  budget: Budget,
  at: MergedCursor = source.cursor(),
): RangeRead => {
  const atEnd = at.copy();
  const ends: Ends = { toBegin: false, throughEnd: false };
  let begin = wantedBegin;
  let end = wantedEnd;
  let beginOffset = begin.offset;
  let endOffset = end.offset;
  const rows: Row[] = [];
  let more = false;
  let rowsBeyond = 0;
  let extraRows = 0;
  let requests = 0;

  const resolveBoth = (): void => {
    const last = resolve(end, at, ends);
    const first = resolve(begin, atEnd, ends);
    begin = first.selector;
    end = last.selector;
    beginOffset = first.offset ?? beginOffset;
    endOffset = last.offset ?? endOffset;
  };
  const nothing = (marks: Ends): RangeRead => ({ rows: [], more: false, ...marks });
  const inverted = { toBegin: false, throughEnd: false };
  const resolveBegin = (): Uint8Array => {
    const key = source.key(begin, at);
    if (key.length === 0) ends.toBegin = true;
    if (compareBytes(key, userKeysEnd) === 0) ends.throughEnd = true;
    return key;
  };

  resolveBoth();
  if (beginOffset >= endOffset && compareBytes(begin.key, end.key) >= 0) return nothing(inverted);
  if ((isDirect(begin) && compareBytes(begin.key, userKeysEnd) === 0) || (isDirect(end) && end.key.length === 0)) {
    return nothing(ends);
  }
  if (!isDirect(begin) && compareBytes(begin.key, end.key) > 0) {
    const key = resolveBegin();
    if (compareBytes(key, end.key) >= 0 && end.offset <= 1) return nothing(inverted);
    if (compareBytes(key, userKeysEnd) === 0) return nothing(ends);
    resolveBoth();
  }

  for (;;) {
    const order = compareBytes(begin.key, end.key);
    if (rows.length === 0 && beginOffset >= endOffset && order >= 0) return nothing(inverted);
    if (begin.offset > 0 && compareBytes(begin.key, userKeysEnd) >= 0) return nothing(ends);
    if ((begin.offset >= end.offset && order >= 0) || (end.offset <= 1 && end.key.length === 0)) {
      if (isDirect(begin) || rows.length === 0) break;
      begin = firstAtOrAfter(resolveBegin());
      break;
    }
    if (
      rowsBeyond >= begin.offset - 1 &&
      !at.isUnreadable &&
      at.kind !== "unknown" &&
      compareBytes(at.begin, atEnd.begin) < 0
    ) {
      if (isDirect(begin)) break;
      return nothing(ends);
    }
    if (budget.isReached && rowsBeyond >= begin.offset - 1) break;
    if (isDirect(end) && compareBytes(end.key, at.begin) === 0) {
      if (rowsBeyond >= begin.offset - 1 && at.equals(atEnd)) break;
      at.previous();
    }
    if (at.kind === "unknown") {
      if (budget.limitsBytes && rows.length > 0 && rowsBeyond >= begin.offset - 1) {
        more = true;
        break;
      }
      const clearsMax = requests > 0 ? 1 << Math.min(requests, 20) : 0;
      const stretch = at.copy();
      let clears = 0;
      if (compareBytes(at.begin, atEnd.begin) > 0) {
        clears = Math.min(skipUnreadBack(stretch, atEnd, clearsMax + stepsMax), clearsMax);
      }
      let readBegin: Selector;
      if (!stretch.equals(atEnd)) {
        readBegin = firstAtOrAfter(stretch.begin);
        if (begin.offset > 1) extraRows += begin.offset - 1;
      } else if (begin.offset > 1) {
        readBegin = firstAtOrAfter(begin.key);
        extraRows += begin.offset - 1;
      } else {
        readBegin = begin;
        if (begin.offset < 1) {
          clears += countClearsBack(stretch, clearsMax - clears);
          readBegin = { key: begin.key, offset: begin.offset - clears };
        }
      }
      extraRows += clears;
      let readEnd: Selector;
      if (isDirect(end)) {
        if (compareBytes(at.end, end.key) < 0) end = firstAtOrAfter(at.end);
        readEnd = end;
      } else if (end.offset < 1) {
        readEnd = firstAtOrAfter(end.key);
        extraRows += 1 - end.offset;
      } else {
        clears = countClears(at.copy(), clearsMax);
        readEnd = { key: end.key, offset: end.offset + clears };
        extraRows += clears;
      }
      if (compareBytes(readBegin.key, readEnd.key) > 0) readBegin = { key: readEnd.key, offset: readBegin.offset };
      const request = requestBudget(budget, extraRows, readEnd.offset, requests);
      requests++;
      extraRows = 0;
      addKnown(source, source.read(readBegin, readEnd, request, true), readBegin, readEnd);
      resolveBoth();
    } else {
      const row = at.kind === "row" ? at.row : undefined;
      if (row !== undefined) {
        const run = at.takeRowsBack(row, isDirect(begin) ? begin.key : firstKey);
        let taken = 0;
        for (const one of run.toReversed()) {
          if (budget.isReached) break;
          budget.take(one);
          rows.push(one);
          taken++;
        }
        rowsBeyond += run.length - taken;
      }
      if (at.equals(atEnd)) break;
      at.previous();
    }
  }

  more ||= budget.isReached;
  if (isDirect(begin)) {
    let keep = rows.length;
    while (keep > 0 && compareBytes(rows[keep - 1]?.[0] ?? allKeysEnd, begin.key) < 0) keep--;
    if (keep < rows.length) more = false;
    rows.length = keep;
  }
  return { rows, more, toBegin: !more && ends.toBegin, throughEnd: ends.throughEnd };
};
