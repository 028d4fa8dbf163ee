/** Falsehoods: what an object says of itself that is not so, under names that code asks it by. */
import { isDate, isMap, isSet, isUint8Array } from "node:util/types";
import { isPlain } from "./copies.js";

const sizes = ["length", "byteLength", "size", "byteOffset"] as const;

/** Names by which code asks an object what it is. A plain object is asked for its fields: these are hardly one's. */
function namesOf(value: object): readonly PropertyKey[] {
  const any = ["toJSON", "then", "constructor", "valueOf", "toString", Symbol.toPrimitive, Symbol.toStringTag];
  if (isUint8Array(value)) {
    const methods = ["buffer", "slice", "subarray", "set", "at", "every", "entries", Symbol.iterator];
    return ["length", "byteLength", "byteOffset", ...methods, ...any];
  }
  if (isDate(value)) return ["getTime", "toISOString", ...any];
  if (isMap(value) || isSet(value)) {
    return ["size", "entries", "keys", "values", "forEach", "get", "has", Symbol.iterator, ...any];
  }
  // The length of an array is its own and stays.
  if (Array.isArray(value)) {
    return ["map", "slice", "every", "includes", "entries", Symbol.iterator, Symbol.isConcatSpreadable, ...any];
  }
  return isPlain(value) ? ["hasOwnProperty", "propertyIsEnumerable", Symbol.iterator, ...any] : any;
}

/** A getter whose answer changes from one reading to the next. */
export function changing(answers: readonly unknown[]): () => unknown {
  let read = 0;
  return () => answers[read++ % answers.length];
}

/** What is not so: sizes that are too large, too small, change or are none; functions that answer anything, or throw. */
function answersOf(name: PropertyKey, fail: () => never): readonly PropertyDescriptor[] {
  if ((sizes as readonly PropertyKey[]).includes(name)) {
    return [
      { value: 300 },
      { get: changing([60_000, 0, 60_000]) },
      { value: 0 },
      { get: changing([0, 5]) },
      { value: -1 },
      { value: Number.NaN },
      { value: 2 ** 53 },
      { value: "7" },
      { get: fail },
    ];
  }
  return [
    { value: () => "something else" },
    { get: fail },
    { value: fail },
    { value: undefined },
    { value: (): unknown => [[1, "another"]].values() },
    { get: changing([undefined, () => 1]) },
    { value: Uint8Array },
  ];
}

/** A property that is not so, by its number. @param fail What throws, where one is to. */
export function falsehood(
  value: object,
  variant: number,
  fail: () => never,
): readonly [PropertyKey, PropertyDescriptor] {
  const names = namesOf(value);
  // Every other time about how much it holds, where it says that.
  const sized = names.filter((name) => name === "length" || name === "size");
  const asked = sized.length > 0 && variant % 2 === 0 ? sized : names;
  const number = variant >> 1;
  const name = asked[number % asked.length] ?? "length";
  const answers = answersOf(name, fail);
  return [name, { configurable: true, ...answers[Math.floor(number / asked.length) % answers.length] }];
}
