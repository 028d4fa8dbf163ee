/** Turns the oldest state that LMDB keeps into old values, after which LMDB uses its pages again. */
import { keyAfter } from "../reading/bounds.js";
import type { OldValues } from "./old-values.js";
import type { State } from "./state.js";

/** Keys looked up, and rows copied, between two points at which the work may pause. */
const stepKeys = 64;
const stepRows = { reverse: false, rowsMax: 256, bytesMax: 262_144 };

/**
 * Notes what `oldest` has of all that the commit after it wrote: then `next`, the state that commit left, answers for
 * it, and `oldest` may be closed. Runs in steps, between which it may be closed anyway: nothing more is noted then.
 * Whether all was noted: not when the old values come to take `bytesMax`.
 */
export function* fold(
  oldest: State,
  next: State,
  values: OldValues,
  bytesMax: number,
): Generator<void, boolean, undefined> {
  if (next.written === undefined) return true;
  const { version } = next;
  let keys = 0;
  for (const { begin, end } of next.written) {
    if (end === undefined) {
      let isThere = false;
      oldest.show(begin, (value, from, to) => {
        isThere = true;
        values.add(version, begin, value, from, to);
      });
      if (!isThere) values.add(version, begin, undefined);
      if (++keys % stepKeys === 0) yield;
    } else {
      for (let from: Uint8Array | undefined = begin; from !== undefined; ) {
        const last = oldest.visit(from, end, stepRows, (key, keyBegin, keyEnd, value, valueBegin, valueEnd) =>
          values.add(version, key.subarray(keyBegin, keyEnd), value, valueBegin, valueEnd),
        );
        from = last && keyAfter(last);
        yield;
        if (oldest.isClosed || values.bytes > bytesMax) return false;
      }
    }
    if (oldest.isClosed || values.bytes > bytesMax) return false;
  }
  return true;
}
