/** What range reads over the transaction's view draw from, and how much they ask of the snapshot at a time. */

import { type Budget, type RangeRead, type Selector, unlimited } from "../reading/selection.js";
import type { SnapshotCache } from "../reading/snapshot-cache.js";
import { replyBytesMax } from "../reading/snapshot-reader.js";
import type { MergedCursor } from "./merged-cursor.js";

export interface ViewSource {
  readonly cache: SnapshotCache;
  cursor(): MergedCursor;
  /** The key a selector leads to, clamped to the users' keys. */
  key(wanted: Selector, at: MergedCursor): Uint8Array;
  /** Reads the snapshot alone. */
  read(begin: Selector, end: Selector, budget: Budget, reverse: boolean): RangeRead;
}

/** Segments that one read spans beyond those it must. */
export const stepsMax = 100;

const int32Max = 2 ** 31 - 1;

/** What one request may take: the rows still wanted, those that will be dropped, more bytes with every request. */
export const requestBudget = (budget: Budget, extraRows: number, rowsMin: number, requests: number): Budget => {
  const request = budget.copy();
  request.minRows = Math.min(Math.max(1 + extraRows, rowsMin), int32Max);
  const rows = Math.min(Math.max(Math.max(1, request.rows) + extraRows, rowsMin), int32Max);
  if (request.limitsRows) request.rows = rows;
  if (request.bytes === 0) {
    request.bytes = unlimited;
    if (!request.limitsRows) request.rows = rows;
  } else if (request.limitsBytes) {
    request.bytes = Math.min(request.bytes * 2 ** Math.min(requests, 20), replyBytesMax);
  }
  return request;
};
