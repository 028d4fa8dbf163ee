/** Copies of what callers hand in to be stored, made before anything is checked: nobody else can change them. */
import {
  arrayLength,
  copiedBytes,
  entriesOf,
  inheritsNothing,
  isHole,
  isPlain,
  membersOf,
  timeOf,
} from "../intrinsics/index.js";
import { transactionBytesMax, valueDepthMax } from "../limits/index.js";

/** A copy of a value. */
export interface CopiedValue {
  readonly value: unknown;
  /**
   * Whether nothing in it is the caller's any more. What cannot be copied stays as it is: instances of other classes,
   * arrays with holes, what is nested too deep.
   */
  readonly whole: boolean;
}

/** Thrown for what no copy is made of, and nothing else is to look at; each container on the way out adds its place. */
abstract class NeverCopied extends Error {
  abstract readonly path: string[];
}

/** Thrown for a field called `__proto__`, which an assignment in somebody's copy would have reach the prototype. */
export class PrototypeName extends NeverCopied {
  readonly path = ["__proto__"];
}

/** Thrown for more values than can be stored: a schema would go through all of them. */
export class TooManyValues extends NeverCopied {
  readonly path: string[] = [];
}

/** Thrown where a copy is given up: nested too deep, in a circle perhaps. */
class Uncopied extends Error {}

/** What is known of a copy that is being made. */
interface Copying {
  whole: boolean;
  /** Values that may yet be copied: each takes a byte of the store at least. */
  left: number;
  /** Whether copies are to inherit nothing, since all objects there are have got a field that is not their own. */
  readonly bare: boolean;
}

const { hasOwn, keys, setPrototypeOf } = Object;

/**
 * Copies plain data: objects by their own enumerable fields, arrays, Maps and Sets by their items, dates and bytes by what
 * they are, each read once.
 *
 * @throws PrototypeName, TooManyValues
 */
export function copyValue(value: unknown): CopiedValue {
  if (typeof value !== "object" || value === null) return { value, whole: true };
  const copying = { whole: true, left: transactionBytesMax, bare: !inheritsNothing() };
  try {
    return { value: copied(value, copying, 0), whole: copying.whole };
  } catch (error) {
    if (error instanceof Uncopied) return { value, whole: false };
    throw error;
  }
}

function copied(value: unknown, copying: Copying, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > valueDepthMax) throw new Uncopied();
  if (copying.left-- <= 0) throw new TooManyValues();
  if (isPlain(value)) return copiedObject(value, copying, depth + 1);
  const copy = copiedList(value, copying, depth + 1) ?? copiedScalar(value) ?? copiedCollection(value, copying, depth);
  if (copy !== undefined) return copy;
  copying.whole = false;
  return value;
}

function at(error: unknown, place: string): unknown {
  if (error instanceof NeverCopied) error.path.unshift(place);
  return error;
}

function copiedObject(value: object, copying: Copying, depth: number): object {
  const copy: Record<string, unknown> = { ...value };
  if (copying.bare) setPrototypeOf(copy, null);
  for (const name in copy) {
    if (name === "__proto__") throw new PrototypeName();
    const item = copy[name];
    if (typeof item !== "object" || item === null || !hasOwn(copy, name)) continue;
    try {
      copy[name] = copied(item, copying, depth);
    } catch (error) {
      throw at(error, name);
    }
  }
  return copy;
}

function copiedList(value: object, copying: Copying, depth: number): unknown[] | undefined {
  const length = arrayLength(value);
  if (length === undefined) return undefined;
  copying.left -= length;
  if (copying.left < 0) throw new TooManyValues();
  const copy: unknown[] = [];
  for (let index = 0; index < length; index++) {
    const item = (value as readonly unknown[])[index];
    if (item === undefined && isHole(value, index)) return undefined;
    try {
      copy.push(copied(item, copying, depth));
    } catch (error) {
      throw at(error, String(index));
    }
  }
  return copy;
}

function copiedScalar(value: object): object | undefined {
  const time = timeOf(value);
  return time === undefined ? copiedBytes(value) : new Date(time);
}

function copiedCollection(value: object, copying: Copying, depth: number): object | undefined {
  const entries = entriesOf(value);
  if (entries !== undefined) {
    const pairs = copied(entries, copying, depth) as readonly (readonly [unknown, unknown])[];
    return new Map(pairs);
  }
  const members = membersOf(value);
  return members && new Set(copied(members, copying, depth) as readonly unknown[]);
}

/** The own enumerable fields of an object of any class, each read once, their values copied. @throws PrototypeName */
export function copyFields(value: object): Record<string, unknown> {
  const names = keys(value);
  if (names.includes("__proto__")) throw new PrototypeName();
  const fields: Record<string, unknown> = {};
  for (const name of names) {
    try {
      fields[name] = copyValue((value as Readonly<Record<string, unknown>>)[name]).value;
    } catch (error) {
      throw at(error, name);
    }
  }
  return fields;
}
