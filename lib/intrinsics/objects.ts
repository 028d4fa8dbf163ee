/** Objects of callers: which are plain, and whether any of them inherits a field. */

const { getPrototypeOf, hasOwn, prototype: common } = Object;
const empty: object = {};

/** An object made by a literal, or without a prototype, in whichever realm. */
export const isPlain = (value: object): boolean => {
  const prototype: unknown = getPrototypeOf(value);
  return prototype === common || prototype === null || getPrototypeOf(prototype) === null;
};

/** A field of an object's own; undefined for one that it lacks, whatever all objects have been given. */
export const own = <T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined =>
  hasOwn(object, name) ? object[name] : undefined;

/** Whether plain objects inherit no field: nobody has given one to all objects there are. */
export function inheritsNothing(): boolean {
  for (const name in empty) return name === undefined;
  return true;
}
