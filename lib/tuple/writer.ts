/** The encoder: a reusable, growing buffer that packs elements one by one behind a fixed prefix. */
import { isUint8Array } from "node:util/types";
import { tupleBytesMax, tupleDepthMax, tupleIntegerBytesMax } from "../limits.js";
import {
  CODE_BYTES,
  CODE_DOUBLE,
  CODE_FALSE,
  CODE_FLOAT,
  CODE_INTEGER_MAX,
  CODE_INTEGER_MIN,
  CODE_INTEGER_ZERO,
  CODE_NESTED,
  CODE_NULL,
  CODE_STRING,
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

const integerMagnitudeMax = (1n << BigInt(8 * tupleIntegerBytesMax)) - 1n;
const uint64Max = (1n << 64n) - 1n;
const none = new Uint8Array(0);

/**
 * Packs tuples one after another into one buffer. `finish()` hands out a copy and goes back to the prefix, so one
 * writer serves many keys; `start()` does the same after an encoding that was given up halfway.
 *
 * Every method throws TUPLE_ELEMENT_INVALID for what it cannot encode, and goes back to the prefix first.
 *
 * @example
 * ```ts
 * import { pack, TupleWriter } from "tenantry";
 * const cities = new TupleWriter(pack(["city"]));
 * const paris = cities.integer(2988507).finish(); // pack(["city", 2988507])
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
    this.#bytes = new Uint8Array(prefix.length + 192);
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes.set(prefix);
    this.#prefixLength = prefix.length;
    this.#used = prefix.length;
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
    this.#room(8);
    const bytes = this.#bytes;
    let at = this.#used;
    if (value >= 0 && value <= 0xff) {
      if (value === 0) bytes[at++] = CODE_INTEGER_ZERO;
      else {
        bytes[at++] = CODE_INTEGER_ZERO + 1;
        bytes[at++] = value;
      }
    } else {
      const magnitude = value < 0 ? -value : value;
      const high = Math.floor(magnitude / 0x1_0000_0000);
      const low = magnitude >>> 0;
      const size = high > 0 ? 4 + byteLength(high) : byteLength(low);
      const flip = value < 0 ? 0xff : 0;
      bytes[at++] = value < 0 ? CODE_INTEGER_ZERO - size : CODE_INTEGER_ZERO + size;
      for (let shift = (size - 5) * 8; shift >= 0; shift -= 8) bytes[at++] = (high >>> shift) ^ flip;
      for (let shift = (size > 4 ? 3 : size - 1) * 8; shift >= 0; shift -= 8) bytes[at++] = (low >>> shift) ^ flip;
    }
    this.#used = at;
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
    const length = value.length;
    this.#room(3 * length + 2);
    const bytes = this.#bytes;
    let at = this.#used;
    bytes[at++] = CODE_STRING;
    for (let i = 0; i < length; i++) {
      let point = value.charCodeAt(i);
      if (point < 0x80) {
        bytes[at++] = point;
        if (point === 0) bytes[at++] = ESCAPE;
      } else if (point < 0x800) {
        bytes[at++] = 0xc0 | (point >>> 6);
        bytes[at++] = 0x80 | (point & 0x3f);
      } else if (point < 0xd800 || point > 0xdfff) {
        bytes[at++] = 0xe0 | (point >>> 12);
        bytes[at++] = 0x80 | ((point >>> 6) & 0x3f);
        bytes[at++] = 0x80 | (point & 0x3f);
      } else {
        const low = value.charCodeAt(++i);
        if (point > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) throw this.#fault("loneSurrogate");
        point = 0x1_0000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        bytes[at++] = 0xf0 | (point >>> 18);
        bytes[at++] = 0x80 | ((point >>> 12) & 0x3f);
        bytes[at++] = 0x80 | ((point >>> 6) & 0x3f);
        bytes[at++] = 0x80 | (point & 0x3f);
      }
    }
    bytes[at++] = 0;
    this.#used = at;
    this.#elements++;
    return this;
  }

  bytes(value: Uint8Array): this {
    if (!isUint8Array(value)) throw this.#fault("unsupportedType");
    const length = value.length;
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
    if (!isUint8Array(value) || value.length !== UUID_BYTES) throw this.#fault("wrongLength");
    this.#room(1 + UUID_BYTES);
    this.#bytes[this.#used++] = CODE_UUID;
    this.#bytes.set(value, this.#used);
    this.#used += UUID_BYTES;
    this.#elements++;
    return this;
  }

  /** A versionstamp; at most one incomplete one, which asks for {@link finishVersionstamped}. */
  versionstamp(value: TupleVersionstamp): this {
    this.#room(1 + STAMP_BYTES + USER_VERSION_BYTES);
    if (value.bytes === undefined && this.#stampAt >= 0) throw this.#fault("twoIncompleteVersionstamps");
    const at = this.#used + 1;
    this.#bytes[this.#used] = CODE_VERSIONSTAMP;
    if (value.bytes === undefined) {
      this.#bytes.fill(0xff, at, at + STAMP_BYTES);
      this.#stampAt = at;
    } else this.#bytes.set(value.bytes, at);
    this.#view.setUint16(at + STAMP_BYTES, value.userVersion);
    this.#used = at + STAMP_BYTES + USER_VERSION_BYTES;
    this.#elements++;
    return this;
  }

  nested(elements: readonly TupleElement[]): this {
    if (this.#depth >= tupleDepthMax) throw this.#fault("tooDeep");
    this.#room(1);
    this.#bytes[this.#used++] = CODE_NESTED;
    const index = this.#elements;
    this.#depth++;
    // By index: holes of a sparse array are refused, not skipped.
    for (let i = 0; i < elements.length; i++) {
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
    const magnitude = value < 0n ? -value : value;
    if (magnitude > integerMagnitudeMax) throw this.#fault("integerTooLarge");
    this.#room(2 + tupleIntegerBytesMax);
    const digits = magnitude.toString(16);
    const hex = digits.length % 2 === 1 ? `0${digits}` : digits;
    const size = hex.length / 2;
    const flip = value < 0n ? 0xff : 0;
    if (magnitude <= uint64Max) this.#bytes[this.#used++] = CODE_INTEGER_ZERO + (flip === 0 ? size : -size);
    else {
      this.#bytes[this.#used++] = flip === 0 ? CODE_INTEGER_MAX : CODE_INTEGER_MIN;
      this.#bytes[this.#used++] = size ^ flip;
    }
    for (let i = 0; i < hex.length; i += 2) {
      this.#bytes[this.#used++] = Number.parseInt(hex.slice(i, i + 2), 16) ^ flip;
    }
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

/** Bytes of a number from 1 to 2³² − 1. */
const byteLength = (value: number): number => (39 - Math.clz32(value)) >>> 3;
