/** Lies: values that are not what they were made of, or not for long. */
import { inspect } from "node:util";
import { isDate, isMap, isSet, isUint8Array } from "node:util/types";
import type { LieName } from "../../../generate/attack.js";
import { define, isData, isPlain } from "./copies.js";
import { changing, falsehood } from "./falsehoods.js";
import type { Ground } from "./ground.js";
import { refusing, revoked, wavering } from "./proxies.js";
import { strange } from "./strange.js";

export interface Lie {
  /** Whether there is no doubt what the value is: what is made of it is what would be made without the lie, or refused. */
  readonly faithful: boolean;
  about(value: unknown): boolean;
  /** What stands in place of the value. */
  tell(value: never, variant: number, ground: Ground): unknown;
}

const isScalar = (value: unknown): boolean => ["string", "number", "bigint", "boolean"].includes(typeof value);
const hasFields = (value: unknown): boolean => isPlain(value) && Object.keys(value).length > 0;
const isContainer = (value: unknown): boolean => isData(value) && !isPlain(value);
const isAny = (): boolean => true;

/** The name of one of an object's fields. */
const fieldOf = (value: object, variant: number): string => {
  const names = Object.keys(value);
  return names[variant % names.length] ?? "none";
};

/** Classes whose objects have what a container has, and say of themselves what is not so. */
function subclassed(value: object, variant: number, fail: () => never): object {
  const [name, descriptor] = falsehood(value, variant, fail);
  const of = (type: new (...args: never[]) => object, ...args: readonly unknown[]): object => {
    const Sub: { readonly prototype: object } = class extends type {};
    const made: object = Reflect.construct(type, args, Sub as new () => object);
    // Only now: what constructs it asks it as well.
    if (name !== "constructor") Object.defineProperty(Sub.prototype, name, descriptor);
    return made;
  };
  if (isUint8Array(value)) return of(Uint8Array, value);
  if (isDate(value)) return of(Date, value.getTime());
  if (isMap(value)) return of(Map, [...value]);
  if (isSet(value)) return of(Set, [...value]);
  const list = of(Array) as unknown[];
  for (const item of value as readonly unknown[]) Array.prototype.push.call(list, item);
  return list;
}

/** Levels of a deep nest: more than any bound, fewer than overflow a stack. */
const nestLevels = 1_500;

export const lies: Readonly<Record<LieName, Lie>> = {
  "a property of its own": {
    faithful: true,
    about: isData,
    tell: (value: object, variant, { fail }) => Object.defineProperty(value, ...falsehood(value, variant, fail)),
  },
  "an inherited property": {
    faithful: true,
    about: isData,
    tell: (value: object, variant, { fail }) => {
      const [name, descriptor] = falsehood(value, variant, fail);
      const prototype = Object.create(Object.getPrototypeOf(value), { [name]: descriptor });
      return Object.setPrototypeOf(value, prototype);
    },
  },
  "a subclass": {
    faithful: true,
    about: isContainer,
    tell: (value: object, variant, { fail }) => subclassed(value, variant, fail),
  },
  "memory that goes": {
    faithful: true,
    about: isUint8Array,
    tell: (value: Uint8Array, variant, { onChange }) => {
      if (variant % 2 === 0) {
        const bytes = Uint8Array.from(value);
        onChange(() => structuredClone(bytes.buffer, { transfer: [bytes.buffer] }));
        return bytes;
      }
      // What follows the length as long as it may.
      const Resizable: new (length: number, options: object) => ArrayBuffer = ArrayBuffer;
      const buffer = new Resizable(value.length, { maxByteLength: value.length + 9 });
      const bytes = new Uint8Array(buffer);
      bytes.set(value);
      onChange(() => Reflect.apply(Reflect.get(buffer, "resize"), buffer, [variant % 4 === 1 ? 0 : value.length + 9]));
      return bytes;
    },
  },
  "shared memory": {
    faithful: true,
    about: isUint8Array,
    tell: (value: Uint8Array) => {
      const bytes = new Uint8Array(new SharedArrayBuffer(value.length));
      bytes.set(value);
      return bytes;
    },
  },
  "a field that changes": {
    faithful: false,
    about: hasFields,
    tell: (value: Record<string, unknown>, variant, { isOn }) => {
      const name = fieldOf(value, variant);
      const honest = value[name];
      const answers = [honest, strange(variant), honest, `${inspect(honest)}2`];
      const next = changing(variant % 2 === 0 ? answers : answers.reverse());
      const get = (): unknown => (isOn() ? next() : honest);
      return Object.defineProperty(value, name, { get, enumerable: true, configurable: true });
    },
  },
  "a field that throws": {
    faithful: false,
    about: hasFields,
    tell: (value: object, variant, { fail }) =>
      Object.defineProperty(value, fieldOf(value, variant), { get: fail, enumerable: true, configurable: true }),
  },
  "a proxy": {
    faithful: false,
    about: isData,
    tell: (value: object, variant, ground) => wavering(value, strange(variant), ground),
  },
  "a proxy that throws": {
    faithful: false,
    about: isData,
    tell: (value: object, _, ground) => refusing(value, ground),
  },
  "a revoked proxy": { faithful: false, about: isData, tell: revoked },
  "the name of the prototype": {
    faithful: false,
    about: isPlain,
    tell: (value: object, variant) => {
      const names = ["__proto__", "constructor", "prototype", "hasOwnProperty"];
      define(value, names[variant % names.length] ?? "__proto__", { polluted: true });
      return value;
    },
  },
  "inherited fields": { faithful: false, about: hasFields, tell: (value: object) => Object.create(value) },
  "a box": {
    faithful: false,
    about: isScalar,
    tell: (value: unknown, variant) => {
      if (variant % 2 === 0) return Object(value);
      const say = changing([value, `${String(value)}2`]);
      return { valueOf: say, toString: say, toJSON: say, [Symbol.toPrimitive]: say };
    },
  },
  holes: {
    faithful: false,
    about: Array.isArray,
    tell: (value: unknown[], variant) => {
      if (variant % 2 === 0) value.length += 3;
      else delete value[0];
      return value;
    },
  },
  "a cycle": {
    faithful: false,
    about: (value) => Array.isArray(value) || isPlain(value) || isMap(value) || isSet(value),
    tell: (value: object, variant) => {
      if (Array.isArray(value)) value.push(value);
      else if (isMap(value)) value.set("itself", value);
      else if (isSet(value)) value.add(value);
      else define(value, fieldOf(value, variant), value);
      return value;
    },
  },
  "a deep nest": {
    faithful: false,
    about: isAny,
    tell: (value: unknown, variant) => {
      let nest: unknown = value;
      for (let level = 0; level < nestLevels; level++) nest = variant % 2 === 0 ? [nest] : { nest };
      return nest;
    },
  },
  "another kind of value": {
    faithful: false,
    about: (value) => typeof value !== "function" && (isScalar(value) || isData(value)),
    tell: (_: unknown, variant) => strange(variant),
  },
};
