/** How large a range of a state is, and where it is split: by its pages when it is large, row by row when it is small. */
import { type RangeShape, rangeShape } from "./lmdb/range-estimate.js";
import type { State } from "./states/state.js";

/** Leaf pages of a range whose rows are looked at one by one. */
const rowwiseLeavesMax = 16;

/** The range's shape in the file; undefined when it is small enough to look at each row. */
function shapeOf({ file, meta }: State, begin: Uint8Array, end: Uint8Array, unitBytes: number): RangeShape | undefined {
  const shape = rangeShape(file.pages, meta, begin, end, unitBytes);
  return shape.leavesPerUnit === 1 && shape.units.length <= rowwiseLeavesMax ? undefined : shape;
}

/** Bytes of its keys and values, about. */
export function estimatedBytes(state: State, begin: Uint8Array, end: Uint8Array): number {
  const shape = shapeOf(state, begin, end, Number.POSITIVE_INFINITY);
  if (shape !== undefined) return Math.round(shape.units.length * shape.leavesPerUnit * shape.bytesPerLeaf);
  let bytes = 0;
  for (const [key, value] of state.rows(begin, end, false)) bytes += key.length + value.length;
  return bytes;
}

/** Keys that split it into pieces of about `chunkBytes`, both ends included. */
export function splitPoints(state: State, begin: Uint8Array, end: Uint8Array, chunkBytes: number): Uint8Array[] {
  const points = [begin];
  const shape = shapeOf(state, begin, end, chunkBytes);
  let bytes = 0;
  if (shape === undefined) {
    for (const [key, value] of state.rows(begin, end, false)) {
      if (bytes >= chunkBytes) {
        points.push(key.slice());
        bytes = 0;
      }
      bytes += key.length + value.length;
    }
  } else {
    for (const { low } of shape.units) {
      if (bytes >= chunkBytes && low !== undefined) {
        points.push(low.slice(1));
        bytes = 0;
      }
      bytes += shape.leavesPerUnit * shape.bytesPerLeaf;
    }
  }
  points.push(end);
  return points;
}
