/** The details of an error: copies, so that nothing in them is the caller's, and no error tells more later than when it was made. */
import { arrayLength, copiedBytes, isPlain, timeOf } from "../../intrinsics/index.js";
import { givenName } from "./given-name.js";

/** Levels of details that are copied: a path of an issue is all there is below. */
const depthMax = 6;
/** Elements of one list, and fields of one object, that are copied. */
const partsMax = 1_000;

/** A copy of what an error tells: plain data as it is, what is not as a text that says what it is. */
function copied(value: unknown, depth: number): unknown {
  if (typeof value === "symbol") return String(value);
  if (typeof value === "function") return givenName(value);
  if (typeof value !== "object" || value === null) return value;
  const time = timeOf(value);
  if (time !== undefined) return new Date(time);
  const bytes = copiedBytes(value);
  if (bytes !== undefined) return bytes;
  if (depth === depthMax) return givenName(value);
  const length = arrayLength(value);
  if (length !== undefined) {
    const list = value as readonly unknown[];
    return Array.from({ length: Math.min(length, partsMax) }, (_, at) => copied(list[at], depth + 1));
  }
  return isPlain(value) ? copiedFields(value, depth) : givenName(value);
}

/** A field as a literal would give it, whatever its name. */
const give = (object: object, name: string, value: unknown): void =>
  void Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });

function copiedFields(value: object, depth: number): object {
  const copy = {};
  for (const name of Object.keys(value).slice(0, partsMax)) {
    give(copy, name, copied((value as Readonly<Record<string, unknown>>)[name], depth + 1));
  }
  return copy;
}

/** A copy of an error's details. Of what cannot be read, such as a proxy that throws, it tells the kind. */
export function copiedDetails<D extends object>(details: D): D {
  const copy = {};
  for (const [name, value] of Object.entries(details)) {
    try {
      give(copy, name, copied(value, 1));
    } catch {
      give(copy, name, typeof value);
    }
  }
  return copy as D;
}
