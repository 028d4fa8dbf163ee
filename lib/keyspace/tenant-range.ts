/** A tenant's range of keys: one contiguous stretch behind a prefix of fixed width. */
import type { TenantId } from "../tenant/index.js";
import { compareBytes, tupleRange } from "../tuple/index.js";

/** Keys from `begin` (inclusive) to `end` (exclusive). */
export interface KeyRange {
  readonly begin: Uint8Array;
  readonly end: Uint8Array;
}

/**
 * All keys `(prefix…, element, …)`: from `prefix` + 0x00 to `prefix` + 0xff. The bytes asked for are copies, so
 * that nobody who holds the range can move it.
 */
export class PrefixRange {
  readonly #prefix: Uint8Array;
  readonly #begin: Uint8Array;
  readonly #end: Uint8Array;

  constructor(prefix: Uint8Array) {
    this.#prefix = Uint8Array.from(prefix);
    const { begin, end } = tupleRange(this.#prefix);
    this.#begin = begin;
    this.#end = end;
  }

  get prefix(): Uint8Array {
    return this.#prefix.slice();
  }

  /** Bytes of the prefix. */
  get prefixLength(): number {
    return this.#prefix.length;
  }

  get begin(): Uint8Array {
    return this.#begin.slice();
  }

  get end(): Uint8Array {
    return this.#end.slice();
  }

  /** Whether the key in `bytes` from `start` to `end` lies in the range. */
  contains(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    const prefix = this.#prefix;
    const length = prefix.length;
    if (start < 0 || end > bytes.length || end - start <= length) return false;
    // From the back: ranges that differ at all differ most likely in the last bytes of their prefixes.
    for (let i = length - 1; i >= 0; i--) if (bytes[start + i] !== prefix[i]) return false;
    return bytes[start + length] !== 0xff;
  }

  /**
   * Whether the keys from `begin` (inclusive) to `end` (exclusive) all lie in the range. An exclusive end may be
   * the range's own, which is no key of it.
   */
  containsRange(begin: Uint8Array, end: Uint8Array): boolean {
    return this.containsBound(begin) && this.containsBound(end);
  }

  /** Whether `bound` can bound a part of the range: a key of it, or its end. */
  containsBound(bound: Uint8Array): boolean {
    return this.contains(bound) || compareBytes(bound, this.#end) === 0;
  }

  /** The key that `relative` is in this range: prefix and `relative`, in new bytes. Not checked. */
  absolute(relative: Uint8Array): Uint8Array {
    const key = new Uint8Array(this.#prefix.length + relative.length);
    key.set(this.#prefix);
    key.set(relative, this.#prefix.length);
    return key;
  }
}

/** The range of one tenant, or a part of it that is a subspace. */
export class TenantRange extends PrefixRange {
  readonly tenantId: TenantId;

  constructor(tenantId: TenantId, prefix: Uint8Array) {
    super(prefix);
    this.tenantId = tenantId;
  }

  /** The part of the tenant's range behind `relative`, the packed elements of a subspace. */
  within(relative: Uint8Array): TenantRange {
    return new TenantRange(this.tenantId, this.absolute(relative));
  }
}
