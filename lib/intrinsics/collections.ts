/** Arrays, Maps, Sets and dates of callers: read once, by what the language gave them and not by their own methods. */
import { isDate, isMap, isSet } from "node:util/types";

const { apply } = Reflect;
const { hasOwn } = Object;
const { isArray } = Array;
const { getTime } = Date.prototype;
const eachEntry = Map.prototype.forEach;
const eachMember = Set.prototype.forEach;
const none: readonly never[] = [];
const arrayLengthMax = 2 ** 32 - 1;

/** The time of a date in ms since 1970, NaN for an invalid one; undefined for what is none. */
export const timeOf = (value: unknown): number | undefined => (isDate(value) ? apply(getTime, value, none) : undefined);

/** The length of an array, read once; undefined for what is none, also for a proxy of one that gives no length. */
export function arrayLength(value: unknown): number | undefined {
  if (!isArray(value)) return undefined;
  const length: unknown = value.length;
  return typeof length === "number" && length >= 0 && length <= arrayLengthMax && Number.isInteger(length)
    ? // Not −0, which a proxy may say.
      length + 0
    : undefined;
}

/** Whether an array has no element at an index whose value was read as undefined. */
export const isHole = (array: object, index: number): boolean => !hasOwn(array, index);

/** The entries of a Map in their order; undefined for what is none. */
export function entriesOf(value: unknown): (readonly [unknown, unknown])[] | undefined {
  if (!isMap(value)) return undefined;
  const entries: (readonly [unknown, unknown])[] = [];
  apply(eachEntry, value, [(item: unknown, key: unknown) => entries.push([key, item])]);
  return entries;
}

/** The members of a Set in their order; undefined for what is none. */
export function membersOf(value: unknown): unknown[] | undefined {
  if (!isSet(value)) return undefined;
  const members: unknown[] = [];
  apply(eachMember, value, [(member: unknown) => members.push(member)]);
  return members;
}
