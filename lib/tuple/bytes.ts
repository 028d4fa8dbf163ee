/** Byte strings as keys: comparing, joining, and the first key after all keys with a prefix. */
import { tenantryError } from "../errors/index.js";

/**
 * Compares as a key-value store does: unsigned byte by byte, a prefix before what it is a prefix of.
 * Negative when `a` comes first, positive when `b` does, 0 when equal.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * declare const keys: Uint8Array[];
 * keys.sort(tuple.compareBytes);
 * ```
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const difference = Number(a[i]) - Number(b[i]);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * Whether both hold the same bytes.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * tuple.equalBytes(Uint8Array.of(1), Buffer.of(1)); // true
 * ```
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/**
 * Joins byte strings into a new one.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const key = tuple.concatBytes(tuple.pack(["city"]), tuple.pack([2988507])); // tuple.pack(["city", 2988507])
 * ```
 */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * The first key after `key` itself: one zero byte longer.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const begin = tuple.keyAfter(tuple.pack(["city", 2988507])); // go on behind this key
 * ```
 */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}

/**
 * The first byte string after all those that begin with `prefix`. It is *not* the end of a tenant's range when
 * prefixes have variable length: `["acme\0evil"]` packs to a key between `pack(["acme"])` and its `strinc`.
 * Use {@link tupleRange}.
 *
 * @throws KEY_WITHOUT_SUCCESSOR when `prefix` is empty or all bytes are 0xff.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * tuple.strinc(Uint8Array.of(1, 2)); // 1, 3
 * ```
 */
export function strinc(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) throw tenantryError("KEY_WITHOUT_SUCCESSOR", {});
  const next = new Uint8Array(length);
  for (let i = 0; i < length; i++) next[i] = Number(prefix[i]);
  next[length - 1] = Number(next[length - 1]) + 1;
  return next;
}
