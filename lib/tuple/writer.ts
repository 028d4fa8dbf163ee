/** The encoder: a reusable, growing buffer that packs elements one by one behind a fixed prefix. */
import { isUint8Array } from "node:util/types";
import { arrayLength, copiedBytes, lengthOf } from "../intrinsics/index.js";
import { tupleBytesMax, tupleDepthMax, tupleIntegerBytesMax } from "../limits/index.js";
import {
  CODE_BYTES,
  CODE_DOUBLE,
  CODE_FALSE,
  CODE_FLOAT,
  CODE_NESTED,
  CODE_NULL,
  CODE_TRUE,
  CODE_UUID,
  CODE_VERSIONSTAMP,
  ESCAPE,
  NAN_DOUBLE_HIGH,
  NAN_FLOAT,
  STAMP_BYTES,
  USER_VERSION_BYTES,
  UUID_BYTES,
} from "./code.js";
import {
  elementError,
  TupleDouble,
  type TupleElement,
  type TupleElementFault,
  TupleFloat,
  TupleUuid,
  TupleVersionstamp,
} from "./element.js";
import { safeIntegerBytesMax, writeBigInteger, writeInteger } from "./integer.js";
import { textBytesMax, writeText } from "./text.js";

const integerMax = (1n << BigInt(8 * tupleIntegerBytesMax)) - 1n;
const none = new Uint8Array(0);

/**
 * Packs tuples one after another into one buffer. `finish()` hands out a copy and goes back to the prefix, so one
 * writer serves many keys; `start()` does the same after an encoding that was given up halfway.
 *
 * Every method throws TUPLE_ELEMENT_INVALID for what it cannot encode, and goes back to the prefix first.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const cities = new tuple.TupleWriter(tuple.pack(["city"]));
 * const paris = cities.integer(2988507).finish(); // tuple.pack(["city", 2988507])
 * const lyon = cities.integer(2996944).finish();
 * ```
 */
export class TupleWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #used: number;
  #elements = 0;
  #depth = 0;
  #stampAt = -1;
  readonly #prefixLength: number;

  constructor(prefix: Uint8Array = none) {
    const length = lengthOf(prefix);
    this.#bytes = new Uint8Array(length + 192);
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes.set(prefix);
    this.#prefixLength = length;
    this.#used = length;
  }

  /** Bytes written so far, prefix included: a mark for {@link descending}. */
  get length(): number {
    return this.#used;
  }

  /** Forgets what was written after the prefix. */
  start(): this {
    this.#used = this.#prefixLength;
    this.#elements = 0;
    this.#depth = 0;
    this.#stampAt = -1;
    return this;
  }

  /** Bytes that are packed elements already, as they are. */
  packed(bytes: Uint8Array): this {
    const length = lengthOf(bytes);
    this.#room(length);
    this.#bytes.set(bytes, this.#used);
    this.#used += length;
    return this;
  }

  null(): this {
    this.#room(2);
    this.#bytes[this.#used++] = CODE_NULL;
    if (this.#depth > 0) this.#bytes[this.#used++] = ESCAPE;
    this.#elements++;
    return this;
  }

  boolean(value: boolean): this {
    this.#room(1);
    this.#bytes[this.#used++] = value ? CODE_TRUE : CODE_FALSE;
    this.#elements++;
    return this;
  }

  /** A safe integer or a bigint of at most 255 bytes; −0 is 0. */
  integer(value: number | bigint): this {
    if (typeof value === "bigint") return this.#bigint(value);
    if (!Number.isSafeInteger(value)) throw this.#fault("unsafeNumber");
    this.#room(safeIntegerBytesMax);
    this.#used = writeInteger(this.#bytes, this.#used, value);
    this.#elements++;
    return this;
  }

  /** A number of 32 bits: rounded to them, refused when it is beyond. */
  float(value: number): this {
    if (typeof value !== "number") throw this.#fault("unsupportedType");
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) throw this.#fault("floatOverflow");
    this.#room(5);
    const at = this.#used;
    this.#bytes[at] = CODE_FLOAT;
    if (Number.isNaN(value)) this.#view.setUint32(at + 1, NAN_FLOAT);
    else this.#view.setFloat32(at + 1, value);
    this.#orderFloat(at + 1, 4);
    this.#used = at + 5;
    this.#elements++;
    return this;
  }

  double(value: number): this {
    if (typeof value !== "number") throw this.#fault("unsupportedType");
    this.#room(9);
    const at = this.#used;
    this.#bytes[at] = CODE_DOUBLE;
    if (Number.isNaN(value)) {
      this.#view.setUint32(at + 1, NAN_DOUBLE_HIGH);
      this.#view.setUint32(at + 5, 0);
    } else this.#view.setFloat64(at + 1, value);
    this.#orderFloat(at + 1, 8);
    this.#used = at + 9;
    this.#elements++;
    return this;
  }

  /** Text in UTF-8; a lone surrogate has no UTF-8 and is refused. */
  string(value: string): this {
    if (typeof value !== "string") throw this.#fault("unsupportedType");
    this.#room(textBytesMax(value));
    const end = writeText(this.#bytes, this.#used, value);
    if (end < 0) throw this.#fault("loneSurrogate");
    this.#used = end;
    this.#elements++;
    return this;
  }

  bytes(value: Uint8Array): this {
    if (!isUint8Array(value)) throw this.#fault("unsupportedType");
    const length = lengthOf(value);
    this.#room(2 * length + 2);
    const bytes = this.#bytes;
    let at = this.#used;
    bytes[at++] = CODE_BYTES;
    for (let i = 0; i < length; i++) {
      const byte = Number(value[i]);
      bytes[at++] = byte;
      if (byte === 0) bytes[at++] = ESCAPE;
    }
    bytes[at++] = 0;
    this.#used = at;
    this.#elements++;
    return this;
  }

  /** A UUID of 16 bytes. */
  uuid(value: Uint8Array): this {
    const bytes = copiedBytes(value);
    if (bytes?.length !== UUID_BYTES) throw this.#fault("wrongLength");
    this.#room(1 + UUID_BYTES);
    this.#bytes[this.#used++] = CODE_UUID;
    this.#bytes.set(bytes, this.#used);
    this.#used += UUID_BYTES;
    this.#elements++;
    return this;
  }

  /** A versionstamp; at most one incomplete one, which asks for {@link finishVersionstamped}. */
  versionstamp(value: TupleVersionstamp): this {
    const { bytes: given, userVersion } = value;
    const bytes = copiedBytes(given);
    if (given === undefined && this.#stampAt >= 0) throw this.#fault("twoIncompleteVersionstamps");
    if (given !== undefined && bytes?.length !== STAMP_BYTES) throw this.#fault("wrongLength");
    this.#room(1 + STAMP_BYTES + USER_VERSION_BYTES);
    const at = this.#used + 1;
    this.#bytes[this.#used] = CODE_VERSIONSTAMP;
    if (bytes === undefined) {
      this.#bytes.fill(0xff, at, at + STAMP_BYTES);
      this.#stampAt = at;
    } else this.#bytes.set(bytes, at);
    this.#view.setUint16(at + STAMP_BYTES, userVersion);
    this.#used = at + STAMP_BYTES + USER_VERSION_BYTES;
    this.#elements++;
    return this;
  }

  nested(elements: readonly TupleElement[]): this {
    if (this.#depth >= tupleDepthMax) throw this.#fault("tooDeep");
    const length = arrayLength(elements);
    if (length === undefined) throw this.#fault("unsupportedType");
    this.#room(1);
    this.#bytes[this.#used++] = CODE_NESTED;
    const index = this.#elements;
    this.#depth++;
    // By index: holes of a sparse array are refused, not skipped.
    for (let i = 0; i < length; i++) {
      this.element(elements[i]);
      this.#elements = index;
    }
    this.#depth--;
    this.#room(1);
    this.#bytes[this.#used++] = 0;
    this.#elements++;
    return this;
  }

  /** Any element. */
  element(value: TupleElement | undefined): this {
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "number":
      case "bigint":
        return this.integer(value);
      case "boolean":
        return this.boolean(value);
      case "object":
        if (value === null) return this.null();
        if (isUint8Array(value)) return this.bytes(value);
        if (Array.isArray(value)) return this.nested(value);
        if (value instanceof TupleDouble) return this.double(value.value);
        if (value instanceof TupleFloat) return this.float(value.value);
        if (value instanceof TupleUuid) return this.uuid(value.bytes);
        if (value instanceof TupleVersionstamp) return this.versionstamp(value);
    }
    throw this.#fault("unsupportedType");
  }

  /**
   * Turns what was written since `mark` (an earlier {@link length}) into one element that sorts the other way
   * round: a byte string of the complement of those bytes and a zero byte. The zero makes a shorter encoding come
   * after the longer ones it begins.
   */
  descending(mark: number): this {
    if (this.#stampAt >= mark) throw this.#fault("incompleteVersionstamp");
    const encoded = this.#bytes.slice(mark, this.#used);
    this.#room(encoded.length + 3);
    const bytes = this.#bytes;
    let at = mark;
    bytes[at++] = CODE_BYTES;
    for (const byte of encoded) {
      bytes[at++] = byte ^ 0xff;
      if (byte === 0xff) bytes[at++] = ESCAPE;
    }
    bytes[at++] = 0xff;
    bytes[at++] = 0;
    this.#used = at;
    return this;
  }

  /** The packed bytes (prefix included), as a copy; then back to the prefix. */
  finish(): Uint8Array {
    if (this.#stampAt >= 0) throw this.#fault("incompleteVersionstamp");
    return this.#take(0);
  }

  /**
   * As {@link finish}, with the place of the one incomplete versionstamp in 4 little-endian bytes at the end, as
   * the atomic operation `setVersionstampedKey` wants it.
   */
  finishVersionstamped(): Uint8Array {
    if (this.#stampAt < 0) throw this.#fault("noIncompleteVersionstamp");
    this.#room(4);
    this.#view.setUint32(this.#used, this.#stampAt, true);
    return this.#take(4);
  }

  #take(trailing: number): Uint8Array {
    if (this.#used > tupleBytesMax) throw this.#fault("tooLarge");
    const packed = this.#bytes.slice(0, this.#used + trailing);
    this.start();
    return packed;
  }

  #bigint(value: bigint): this {
    if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return this.integer(Number(value));
    if (value > integerMax || value < -integerMax) throw this.#fault("integerTooLarge");
    this.#room(2 + tupleIntegerBytesMax);
    this.#used = writeBigInteger(this.#bytes, this.#used, value);
    this.#elements++;
    return this;
  }

  /** Makes IEEE 754 bytes sort as their numbers: all bits flipped when negative, else the sign bit alone. */
  #orderFloat(at: number, size: number): void {
    const bytes = this.#bytes;
    if (Number(bytes[at]) < 0x80) bytes[at] = Number(bytes[at]) | 0x80;
    else for (let i = at; i < at + size; i++) bytes[i] = Number(bytes[i]) ^ 0xff;
  }

  #room(size: number): void {
    const needed = this.#used + size;
    if (needed > this.#bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    // Room is asked for the worst case, three bytes for one: beyond that an element cannot fit any more.
    if (needed > this.#prefixLength + 4 * tupleBytesMax) throw this.#fault("tooLarge");
    const grown = new Uint8Array(2 * needed);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #fault(reason: TupleElementFault): Error {
    const index = this.#elements;
    this.start();
    return elementError(reason, index);
  }
}
