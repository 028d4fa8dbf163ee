/** Range reads in key order over the transaction's own view: reads what is unknown of the snapshot, in batches. */
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
import { countClears, countClearsBack, type Ends, resolve, skipUnread } from "./selector-resolution.js";
import { requestBudget, stepsMax, type ViewSource } from "./view-source.js";

/** What a snapshot read made known: from where to where. */
const addKnown = (source: ViewSource, read: RangeRead, begin: Selector, end: Selector): void => {
  let from = begin.offset <= 1 ? begin.key : allKeysEnd;
  let to = !read.more && end.offset >= 1 ? end.key : firstKey;
  if (read.toBegin) from = firstKey;
  if (read.throughEnd) to = allKeysEnd;
  const first = read.rows[0];
  const last = read.rows[read.rows.length - 1];
  if (first !== undefined && last !== undefined) {
    if (compareBytes(first[0], from) < 0) from = first[0];
    if (read.more || compareBytes(last[0], to) >= 0) to = keyAfter(last[0]);
  }
  source.cache.addRange(from, to, read.rows);
};

export const readForward = (
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
    const first = resolve(begin, at, ends);
    const last = resolve(end, atEnd, ends);
    begin = first.selector;
    end = last.selector;
    beginOffset = first.offset ?? beginOffset;
    endOffset = last.offset ?? endOffset;
  };
  const nothing = (marks: Ends): RangeRead => ({ rows: [], more: false, ...marks });
  const inverted = { toBegin: false, throughEnd: false };
  const resolveEnd = (): Uint8Array => {
    const key = source.key(end, at);
    if (key.length === 0) ends.toBegin = true;
    if (compareBytes(key, userKeysEnd) === 0) ends.throughEnd = true;
    return key;
  };

  resolveBoth();
  if (beginOffset >= endOffset && compareBytes(begin.key, end.key) >= 0) return nothing(inverted);
  if ((isDirect(begin) && compareBytes(begin.key, userKeysEnd) === 0) || (isDirect(end) && end.key.length === 0)) {
    return nothing(ends);
  }
  if (!isDirect(end) && compareBytes(begin.key, end.key) > 0) {
    const key = resolveEnd();
    if (compareBytes(begin.key, key) >= 0 && begin.offset > 0) return nothing(inverted);
    if (key.length === 0) return nothing(ends);
    resolveBoth();
  }

  for (;;) {
    const order = compareBytes(begin.key, end.key);
    if (rows.length === 0 && beginOffset >= endOffset && order >= 0) return nothing(inverted);
    if (end.offset <= 1 && end.key.length === 0) return nothing(ends);
    if (
      (begin.offset >= end.offset && order >= 0) ||
      (begin.offset >= 1 && compareBytes(begin.key, userKeysEnd) >= 0)
    ) {
      if (isDirect(end) || rows.length === 0) break;
      end = firstAtOrAfter(resolveEnd());
      break;
    }
    if (!at.isUnreadable && at.kind !== "unknown" && compareBytes(at.begin, atEnd.begin) > 0) {
      if (isDirect(end)) break;
      return nothing(ends);
    }
    if (budget.isReached && rowsBeyond >= 1 - end.offset) break;
    if (
      at.equals(atEnd) &&
      ((!at.isUnreadable && at.kind !== "unknown") ||
        (begin.offset > 0 && isDirect(end) && compareBytes(end.key, at.begin) === 0))
    ) {
      break;
    }
    if (at.kind === "unknown") {
      if (budget.isSatisfied && rows.length > 0 && rowsBeyond >= 1 - end.offset) {
        more = true;
        break;
      }
      const clearsMax = requests > 0 ? 1 << Math.min(requests, 20) : 0;
      const stretch = at.copy();
      let clears = 0;
      if (compareBytes(at.begin, atEnd.begin) < 0) {
        clears = Math.min(skipUnread(stretch, atEnd, clearsMax + stepsMax), clearsMax);
      }
      let readEnd: Selector;
      if (!stretch.equals(atEnd)) {
        readEnd = firstAtOrAfter(stretch.end);
        if (end.offset < 1) extraRows += 1 - end.offset;
      } else if (end.offset < 1) {
        readEnd = firstAtOrAfter(end.key);
        extraRows += 1 - end.offset;
      } else {
        readEnd = end;
        if (end.offset > 1) {
          clears += countClears(stretch, clearsMax - clears);
          readEnd = { key: end.key, offset: end.offset + clears };
        }
      }
      extraRows += clears;
      let readBegin: Selector;
      if (isDirect(begin)) {
        if (compareBytes(at.begin, begin.key) > 0) begin = firstAtOrAfter(at.begin);
        readBegin = begin;
      } else if (begin.offset > 1) {
        readBegin = firstAtOrAfter(begin.key);
        extraRows += begin.offset - 1;
      } else {
        clears = countClearsBack(at.copy(), clearsMax);
        readBegin = { key: begin.key, offset: begin.offset - clears };
        extraRows += clears;
      }
      if (compareBytes(readEnd.key, readBegin.key) < 0) readEnd = { key: readBegin.key, offset: readEnd.offset };
      const request = requestBudget(budget, extraRows, 2 - readBegin.offset, requests);
      requests++;
      extraRows = 0;
      addKnown(source, source.read(readBegin, readEnd, request, false), readBegin, readEnd);
      resolveBoth();
    } else if (at.kind === "row") {
      const row = at.row;
      if (row !== undefined) {
        const run = at.takeRows(row, isDirect(end) ? end.key : userKeysEnd);
        let taken = 0;
        for (const one of run) {
          if (budget.isReached) break;
          budget.take(one);
          rows.push(one);
          taken++;
        }
        rowsBeyond += run.length - taken;
      }
      at.next();
    } else at.next();
  }

  more ||= budget.isReached;
  if (isDirect(end)) {
    let keep = rows.length;
    while (keep > 0 && compareBytes(rows[keep - 1]?.[0] ?? firstKey, end.key) >= 0) keep--;
    if (keep < rows.length) more = false;
    rows.length = keep;
  }
  return { rows, more, toBegin: ends.toBegin, throughEnd: !more && ends.throughEnd };
};
