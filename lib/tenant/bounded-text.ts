/** Bounded text: well-formed, not empty, and of no more bytes of UTF-8 than its place has. */

/** Whether `value` is text of 1 to `bytesMax` bytes without lone surrogates, so that it is stored as it is. */
export const isBoundedText = (value: unknown, bytesMax: number): value is string =>
  typeof value === "string" &&
  value.length > 0 &&
  !/\p{Surrogate}/u.test(value) &&
  Buffer.byteLength(value) <= bytesMax;
