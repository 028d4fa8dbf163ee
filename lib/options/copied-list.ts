/** Lists among options: arrays that nobody changes any more. */

/**
 * A copy of an array by its indices, which neither its iterator nor anything it inherits has a part in; undefined for
 * what is no array or has more than `most` elements. A hole is undefined.
 */
export function copiedList(value: unknown, most: number): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const { length } = value;
  if (length > most) return undefined;
  const list: unknown[] = [];
  for (let at = 0; at < length; at++) list.push(Object.hasOwn(value, at) ? value[at] : undefined);
  return list;
}
