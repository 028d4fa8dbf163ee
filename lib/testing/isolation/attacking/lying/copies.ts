/** Copies of arguments: each call gets its own, with a lie about one of the values in it, which can be changed afterwards. */
import { isDate, isMap, isSet, isUint8Array } from "node:util/types";

/** An object whose fields are told by its own keys. */
export const isPlain = (value: unknown): value is Record<PropertyKey, unknown> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** What a copy is made anew: plain data. Anything else, such as an entity, stays what it is. */
export const isData = (value: unknown): value is object =>
  Array.isArray(value) || isUint8Array(value) || isDate(value) || isMap(value) || isSet(value) || isPlain(value);

/** Told of each value in a copy, the innermost first; gives what stands in its place. */
export type Visit = (value: unknown) => unknown;

const same: Visit = (value) => value;

/** A deep copy of plain data, with `visit`'s answers in place of the values. */
export function copied(value: unknown, visit: Visit = same): unknown {
  const inner = (part: unknown): unknown => copied(part, visit);
  if (Array.isArray(value)) return visit(value.map(inner));
  if (isUint8Array(value)) return visit(Uint8Array.from(value));
  if (isDate(value)) return visit(new Date(value.getTime()));
  if (isMap(value)) return visit(new Map([...value].map(([key, item]) => [inner(key), inner(item)])));
  if (isSet(value)) return visit(new Set([...value].map(inner)));
  if (!isPlain(value)) return visit(value);
  const copy: Record<string, unknown> = Object.create(Object.getPrototypeOf(value));
  for (const [name, item] of Object.entries(value)) define(copy, name, inner(item));
  return visit(copy);
}

/** Gives an object a field as a literal would, whatever its name. */
export function define(object: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Something else of the same kind, where there is one. */
function another(value: unknown): unknown {
  if (typeof value === "string") return `${value} changed`;
  if (typeof value === "number") return value + 1;
  if (typeof value === "bigint") return value + 1n;
  if (typeof value === "boolean") return !value;
  return value;
}

/** Changes plain data in place, all the way down, past whatever it says of itself. */
export function change(value: unknown, depth = 0): void {
  if (depth > 20 || typeof value !== "object" || value === null) return;
  try {
    if (isUint8Array(value)) Uint8Array.prototype.fill.call(value, 0x7a);
    else if (isDate(value)) Date.prototype.setTime.call(value, 1);
    else if (isMap(value)) {
      for (const item of Map.prototype.values.call(value)) change(item, depth + 1);
      Map.prototype.set.call(value, "changed", "changed");
    } else if (isSet(value)) Set.prototype.add.call(value, "changed");
    else if (Array.isArray(value) || isPlain(value)) {
      for (const name of Reflect.ownKeys(value)) {
        const descriptor = Reflect.getOwnPropertyDescriptor(value, name);
        if (descriptor?.writable !== true || (Array.isArray(value) && name === "length")) continue;
        change(descriptor.value, depth + 1);
        Reflect.set(value, name, another(descriptor.value));
      }
    }
  } catch {
    // A proxy that refuses, or something frozen.
  }
}
