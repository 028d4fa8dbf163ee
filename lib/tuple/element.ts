/** What a tuple may hold: the element type, and wrappers for the kinds JavaScript has no value of its own for. */
import { tenantryError } from "../errors/index.js";
import { copiedBytes } from "../intrinsics/index.js";
import { STAMP_BYTES, UUID_BYTES } from "./code.js";

/**
 * Why an element cannot be encoded.
 *
 * @example
 * ```ts
 * import { isTenantryError, type tuple } from "tenantry";
 * declare const error: unknown;
 * const wrong: tuple.TupleElementFault = "loneSurrogate";
 * if (isTenantryError(error, "TUPLE_ELEMENT_INVALID")) console.log(error.details.reason === wrong);
 * ```
 */
export type TupleElementFault =
  | "unsupportedType"
  | "unsafeNumber"
  | "integerTooLarge"
  | "floatOverflow"
  | "loneSurrogate"
  | "wrongLength"
  | "userVersionOutOfRange"
  | "incompleteVersionstamp"
  | "twoIncompleteVersionstamps"
  | "noIncompleteVersionstamp"
  | "tooDeep"
  | "tooLarge";

/** A refused element; `index` is its place in the tuple (of the outermost one, for nested tuples). */
export const elementError = (reason: TupleElementFault, index = 0): Error =>
  tenantryError("TUPLE_ELEMENT_INVALID", { index, reason });

/**
 * A 32-bit floating point element.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const [half] = tuple.unpack(tuple.pack([tuple.float(0.5)]));
 * if (half instanceof tuple.TupleFloat) console.log(half.value); // 0.5
 * ```
 */
export class TupleFloat {
  /** The number, rounded to 32 bits. */
  readonly value: number;

  constructor(value: number) {
    const rounded = Math.fround(value);
    if (Number.isFinite(value) && !Number.isFinite(rounded)) throw elementError("floatOverflow");
    this.value = rounded;
  }
}

/**
 * A 64-bit floating point element; −0 and +0 are two elements, all NaNs are one, which sorts last.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const [half] = tuple.unpack(tuple.pack([tuple.double(0.5)]));
 * if (half instanceof tuple.TupleDouble) console.log(half.value); // 0.5
 * ```
 */
export class TupleDouble {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/**
 * A UUID element: 16 bytes of fixed width, so that no packed UUID begins another.
 *
 * @example
 * ```ts
 * import { newTenantId, tenantIdBytes, tuple } from "tenantry";
 * const [id] = tuple.unpack(tuple.pack([tuple.uuid(tenantIdBytes(newTenantId()))]));
 * if (id instanceof tuple.TupleUuid) console.log(id.bytes.length); // 16
 * ```
 */
export class TupleUuid {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    const copy = copiedBytes(bytes);
    if (copy?.length !== UUID_BYTES) throw elementError("wrongLength");
    this.bytes = copy;
  }
}

/**
 * The order of a commit: 10 bytes from the engine, then a number of the user's for order within the commit.
 * An incomplete one (no bytes yet) is filled by the engine when the transaction commits.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const [stamp] = tuple.unpack(tuple.pack([tuple.versionstamp(new Uint8Array(10), 7)]));
 * if (stamp instanceof tuple.TupleVersionstamp) console.log(stamp.bytes, stamp.userVersion);
 * ```
 */
export class TupleVersionstamp {
  /** The engine's 10 bytes; undefined while incomplete. */
  readonly bytes: Uint8Array | undefined;
  /** 0 to 65,535: order within one commit. */
  readonly userVersion: number;

  constructor(bytes: Uint8Array | undefined, userVersion = 0) {
    const copy = copiedBytes(bytes);
    if (bytes !== undefined && copy?.length !== STAMP_BYTES) throw elementError("wrongLength");
    if (!Number.isInteger(userVersion) || userVersion < 0 || userVersion > 0xffff) {
      throw elementError("userVersionOutOfRange");
    }
    // Ten bytes 0xff are FoundationDB's mark of an incomplete stamp: no commit has them.
    this.bytes = copy?.every((byte) => byte === 0xff) === true ? undefined : copy;
    this.userVersion = userVersion;
  }
}

/**
 * One element of a tuple. A `number` must be a safe integer and is encoded as an integer, as is a `bigint`: 5 and
 * 5n are the same element. Fractions need {@link double} or {@link float}.
 *
 * @example
 * ```ts
 * import type { TupleElement } from "tenantry";
 * const root: readonly TupleElement[] = ["shop", 2];
 * ```
 */
export type TupleElement =
  | null
  | Uint8Array
  | string
  | number
  | bigint
  | boolean
  | TupleFloat
  | TupleDouble
  | TupleUuid
  | TupleVersionstamp
  | readonly TupleElement[];

/**
 * A 32-bit floating point element of `value`, rounded; TUPLE_ELEMENT_INVALID when it is beyond 32 bits.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const key = tuple.pack(["temperature", tuple.float(21.5)]);
 * ```
 */
export const float = (value: number): TupleFloat => new TupleFloat(value);

/**
 * A 64-bit floating point element of `value`.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const key = tuple.pack(["temperature", tuple.double(21.5)]);
 * ```
 */
export const double = (value: number): TupleDouble => new TupleDouble(value);

/**
 * A UUID element of 16 bytes; TUPLE_ELEMENT_INVALID for another length.
 *
 * @example
 * ```ts
 * import { newTenantId, tenantIdBytes, tuple } from "tenantry";
 * const prefix = tuple.pack(["tenantry", tuple.uuid(tenantIdBytes(newTenantId()))]); // of all keys of that tenant
 * ```
 */
export const uuid = (bytes: Uint8Array): TupleUuid => new TupleUuid(bytes);

/**
 * A versionstamp element; without bytes it is incomplete: pack it with {@link packWithVersionstamp}.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const key = tuple.packWithVersionstamp(["log", tuple.versionstamp()]); // for setVersionstampedKey
 * ```
 */
export const versionstamp = (bytes?: Uint8Array | undefined, userVersion = 0): TupleVersionstamp =>
  new TupleVersionstamp(bytes, userVersion);
