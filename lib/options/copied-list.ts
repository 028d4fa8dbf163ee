/** Lists among options: arrays that nobody changes any more. */
import { arrayLength, isHole } from "../intrinsics/index.js";

/**
 * A copy of an array by its indices, which neither its iterator nor anything it inherits has a part in; undefined for
 * what is no array or has more than `most` elements. A hole is undefined.
 */
export function copiedList(value: unknown, most: number): readonly unknown[] | undefined {
  const length = arrayLength(value);
  if (length === undefined || length > most) return undefined;
  const list: unknown[] = [];
  for (let at = 0; at < length; at++) list.push(elementOf(value as readonly unknown[], at));
  return list;
}

const elementOf = (array: readonly unknown[], at: number): unknown => (isHole(array, at) ? undefined : array[at]);
