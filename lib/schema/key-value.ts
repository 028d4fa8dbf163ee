/** Values of key fields as callers give them: copied when they come, so that what is checked is what is written. */
import { arrayLength, copiedBytes, timeOf } from "../intrinsics/index.js";

/** A value of one field: a date or bytes as a copy, anything else as it is. */
export function copiedKeyValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const time = timeOf(value);
  return time === undefined ? (copiedBytes(value) ?? value) : new Date(time);
}

/** The values of an array of at most `most`, each read once by its index; undefined for what is no such array. */
export function copiedKeyValues(values: unknown, most: number): unknown[] | undefined {
  const length = arrayLength(values);
  if (length === undefined || length > most) return undefined;
  const copy: unknown[] = [];
  for (let at = 0; at < length; at++) copy.push(copiedKeyValue((values as readonly unknown[])[at]));
  return copy;
}
