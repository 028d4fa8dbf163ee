/** Selectors: a key by position, turned into a range read that cannot leave the tenant. */
import type { KeyRange, PrefixRange } from "../keyspace/index.js";
import { selectorOffsetMax } from "../limits/index.js";
import { compareBytes, keyAfter } from "../tuple/index.js";

/**
 * A key by position: from `key` (or past it when `orEqual`), `offset` keys on; 1 is the next one.
 *
 * @example
 * ```ts
 * import type { SelectorLike } from "tenantry";
 * declare const key: Uint8Array;
 * const lastBelow: SelectorLike = { key, orEqual: false, offset: 0 };
 * ```
 */
export interface SelectorLike {
  readonly key: Uint8Array;
  readonly orEqual: boolean;
  readonly offset: number;
}

/**
 * A range read that finds a selector's key: the last of `limit` rows; when fewer come, there is no such key.
 *
 * @example
 * ```ts
 * import { newTenantId, validateQuery } from "tenantry";
 * declare const key: Uint8Array;
 * const [fault] = validateQuery(newTenantId(), { selector: { key, orEqual: false, offset: 0 } });
 * if (fault?.instead) console.log(fault.instead.limit, fault.instead.reverse);
 * ```
 */
export interface BoundedSelector extends KeyRange {
  readonly limit: number;
  readonly reverse: boolean;
}

/** Where `selector` starts to count: the first key it can be, when its offset is 1. */
export const firstKeyOf = (selector: SelectorLike): Uint8Array =>
  selector.orEqual ? keyAfter(selector.key) : selector.key;

/**
 * The read that finds the key of `selector` among those of `range`. Undefined when the offset is
 * not a whole number within `selectorOffsetMax`, or `orEqual` not a boolean.
 */
export function resolveSelector(selector: SelectorLike, range: PrefixRange): BoundedSelector | undefined {
  const { orEqual, offset } = selector;
  if (!Number.isInteger(offset) || Math.abs(offset) > selectorOffsetMax || typeof orEqual !== "boolean")
    return undefined;
  // Only a key of the range can be stepped past; before it all begins at its start, and behind its end there is none.
  const isEnd = compareBytes(selector.key, range.end) >= 0;
  const from = range.contains(selector.key) ? firstKeyOf(selector) : isEnd ? range.end : range.begin;
  if (offset > 0) return { begin: from, end: range.end, limit: offset, reverse: false };
  return { begin: range.begin, end: from, limit: 1 - offset, reverse: true };
}
