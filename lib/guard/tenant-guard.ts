/** The choke point: every key, range and selector of one tenant's transaction passes here, in and out. */
import { isUint8Array } from "node:util/types";
import type { AtomicOp } from "../engine/index.js";
import { tenantryError } from "../errors/index.js";
import type { KeyRange, TenantRange } from "../keyspace/index.js";
import { keyBytesMax } from "../limits/index.js";
import type { TenantId } from "../tenant/index.js";
import { type BoundedSelector, resolveSelector, type SelectorLike } from "./selector.js";
import { stampAt, stampTrailerBytes, withStampAt } from "./stamp.js";
import { type GuardedOperation, ViolationLog, type ViolationReason } from "./violation.js";

/**
 * Checks for one tenant. Methods take tenant-relative bytes and return new, physical ones: what is checked is the
 * copy that goes to the engine, so that nothing the caller holds can change it afterwards. Results are checked
 * before they are made relative again.
 *
 * A tenant's relative keys begin with a byte below 0xff. In a range, an empty `begin` stands for the tenant's first
 * key and `0xff` is the end behind its last.
 *
 * Every method throws ISOLATION_VIOLATION for what lies outside the tenant and KEY_TOO_LARGE for keys above
 * `keyBytesMax`; nothing else gets through.
 */
export class TenantGuard {
  readonly #range: TenantRange;
  readonly #violations: ViolationLog;

  constructor(range: TenantRange, violations: ViolationLog = new ViolationLog()) {
    this.#range = range;
    this.#violations = violations;
  }

  get tenantId(): TenantId {
    return this.#range.tenantId;
  }

  /** Bytes in front of every key that {@link checkResult} lets pass. */
  get prefixLength(): number {
    return this.#range.prefixLength;
  }

  /** A guard of a part of the tenant: keys are then relative to `relative`, the packed elements of a subspace. */
  within(relative: Uint8Array): TenantGuard {
    this.key(relative, "within");
    return new TenantGuard(this.#range.within(relative), this.#violations);
  }

  /** The physical key of a relative one. */
  key(relative: Uint8Array, operation: GuardedOperation): Uint8Array {
    const key = this.#copied(relative, operation);
    if (!this.#range.contains(key)) throw this.#refusal(operation, "keyOutside");
    if (key.length > keyBytesMax) throw tooLarge(key.length);
    return key;
  }

  /** The physical range of a relative one; inverted ones stay inverted, for the engine to refuse. */
  range(relative: KeyRange, operation: GuardedOperation): KeyRange {
    const begin = this.#bound(relative.begin, operation);
    const end = this.#bound(relative.end, operation);
    if (!this.#range.containsRange(begin, end)) throw this.#refusal(operation, "rangeOutside");
    return { begin, end };
  }

  /**
   * The physical key of an atomic operation on a relative one. That of `setVersionstampedKey` ends in the stamp's
   * place, relative too; no other operation changes its key.
   */
  atomicKey(op: string, relative: Uint8Array): Uint8Array {
    if (op === "setVersionstampedKey") return this.versionstampedKey(relative);
    if (!keyedOps.has(op)) throw this.#refusal("atomic", "unknownOperation");
    return this.key(relative, "atomic");
  }

  /**
   * The physical key for `setVersionstampedKey`: `relative` ends in 4 little-endian bytes, the place of the 10-byte
   * stamp in the rest of it. The stamp comes after the prefix and at least one byte more, so whatever it will be,
   * the key lies in the tenant.
   */
  versionstampedKey(relative: Uint8Array): Uint8Array {
    const operation = "setVersionstampedKey";
    const key = this.#copied(relative, operation);
    const at = stampAt(key, this.#range.prefixLength);
    const body = key.length - stampTrailerBytes;
    if (at === undefined || at <= this.#range.prefixLength) throw this.#refusal(operation, "stampOutside");
    if (!this.#range.contains(key, 0, body)) throw this.#refusal(operation, "keyOutside");
    if (body > keyBytesMax) throw tooLarge(body);
    return withStampAt(key, at);
  }

  /**
   * What a relative selector is read as: a range inside the tenant, of which the last of `limit` rows is the answer
   * (there is none when fewer come). The selector itself never reaches the engine, which would read the neighbour.
   */
  selector(relative: SelectorLike): BoundedSelector {
    const key = this.#copied(relative.key, "getKey");
    if (key.length > keyBytesMax + 1) throw tooLarge(key.length);
    const isStart = key.length === this.#range.prefixLength;
    if (!isStart && !this.#range.containsBound(key)) throw this.#refusal("getKey", "rangeOutside");
    const resolved = resolveSelector({ key, orEqual: relative.orEqual, offset: relative.offset }, this.#range);
    if (resolved === undefined) throw this.#refusal("getKey", "selectorInvalid");
    return resolved;
  }

  /** Checks a key that came back, `bytes` from `start` to `end`; allocates nothing, for scans. */
  checkResult(bytes: Uint8Array, operation: GuardedOperation, start = 0, end = bytes.length): void {
    if (!this.#range.contains(bytes, start, end)) throw this.#refusal(operation, "resultOutside");
  }

  /** A key that came back, checked and made relative: new bytes, behind which the physical key does not show. */
  relative(key: Uint8Array, operation: GuardedOperation): Uint8Array {
    this.checkResult(key, operation);
    return new Uint8Array(key.subarray(this.#range.prefixLength));
  }

  /** As {@link relative}, for a bound that came back: it may also be the tenant's end. */
  relativeBound(bound: Uint8Array, operation: GuardedOperation): Uint8Array {
    if (!this.#range.containsBound(bound)) throw this.#refusal(operation, "resultOutside");
    return new Uint8Array(bound.subarray(this.#range.prefixLength));
  }

  /** A bound of a range in physical bytes; an exclusive end may be one byte longer than a key. */
  #bound(relative: Uint8Array, operation: GuardedOperation): Uint8Array {
    const bound = this.#copied(relative, operation);
    if (bound.length > keyBytesMax + 1) throw tooLarge(bound.length);
    return bound.length === this.#range.prefixLength ? this.#range.begin : bound;
  }

  #copied(relative: Uint8Array, operation: GuardedOperation): Uint8Array {
    // A proxy or a look-alike is no Uint8Array here: its bytes could change between check and use.
    if (!isUint8Array(relative)) throw this.#refusal(operation, "notBytes");
    return this.#range.absolute(relative);
  }

  #refusal(operation: GuardedOperation, reason: ViolationReason): Error {
    return this.#violations.refuse(this.#range.tenantId, operation, reason);
  }
}

/** Atomic operations that write the key they are given: a list of its own, so that a new one is refused until it is here. */
const keyedOps: ReadonlySet<string> = new Set<AtomicOp>([
  "add",
  "bitAnd",
  "bitOr",
  "bitXor",
  "appendIfFits",
  "max",
  "min",
  "byteMin",
  "byteMax",
  "compareAndClear",
  "setVersionstampedValue",
]);

const tooLarge = (bytes: number): Error => tenantryError("KEY_TOO_LARGE", { bytes, keyBytesMax });
