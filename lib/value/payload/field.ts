/** Fields of objects that are read: own ones, whatever their names. */

/** Sets an own field, also one named as a member of `Object.prototype`. */
export function setField(target: object, name: string, value: unknown): void {
  if (name in Object.prototype) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else (target as Record<string, unknown>)[name] = value;
}
