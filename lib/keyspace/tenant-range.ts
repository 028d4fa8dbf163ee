/** A tenant's range of keys: one contiguous stretch behind a prefix of fixed width. */
import { lengthOf } from "../intrinsics/index.js";
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
  readonly #words: Int32Array;
  readonly #begin: Uint8Array;
  readonly #end: Uint8Array;

  constructor(prefix: Uint8Array) {
    this.#prefix = Uint8Array.from(prefix);
    this.#words = new Int32Array(prefix.length >>> 2).map((_, i) => word(prefix, 4 * i));
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
    const words = this.#words;
    const after = start + prefix.length;
    // Said positively: a NaN makes it false.
    if (!(start >= 0 && after < end && end <= bytes.length)) return false;
    // Under every row of a scan: four bytes at a time is the fastest of what was measured, native calls included.
    let at = start;
    let difference = 0;
    for (let i = 0; i < words.length; i++, at += 4) difference |= Number(words[i]) ^ word(bytes, at);
    for (let i = at - start; i < prefix.length; i++, at++) difference |= Number(prefix[i]) ^ Number(bytes[at]);
    return difference === 0 && bytes[after] !== 0xff;
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
    const length = lengthOf(relative);
    if (relative.length !== length) throw new RangeError("A key is not as long as it says.");
    const key = new Uint8Array(this.#prefix.length + length);
    key.set(this.#prefix);
    // What has lost its memory has no bytes.
    if (length > 0) key.set(relative, this.#prefix.length);
    return key;
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  Number(bytes[at]) | (Number(bytes[at + 1]) << 8) | (Number(bytes[at + 2]) << 16) | (Number(bytes[at + 3]) << 24);

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
