/** Values of key fields as callers give them: copied when they come, so that what is checked is what is written. */
import { copiedBytes, timeOf } from "../intrinsics/index.js";

/** A value of one field: a date or bytes as a copy, anything else as it is. */
export function copiedKeyValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const time = timeOf(value);
  return time === undefined ? (copiedBytes(value) ?? value) : new Date(time);
}
