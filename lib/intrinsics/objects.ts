/** Objects of callers: which are plain, and whether any of them inherits a field. */

const { getPrototypeOf, prototype: common } = Object;
const empty: object = {};

/** An object made by a literal, or without a prototype, in whichever realm. */
export const isPlain = (value: object): boolean => {
  const prototype: unknown = getPrototypeOf(value);
  return prototype === common || prototype === null || getPrototypeOf(prototype) === null;
};

/** Whether plain objects inherit no field: nobody has given one to all objects there are. */
export function inheritsNothing(): boolean {
  for (const name in empty) return name === undefined;
  return true;
}
