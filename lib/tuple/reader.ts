/** The strict decoder: reads the elements of packed bytes one by one and takes no other form than the writer's. */
import { isUint8Array } from "node:util/types";
import { tenantryError } from "../errors/index.js";
import { lengthOf } from "../intrinsics/index.js";
import { tupleDepthMax } from "../limits/index.js";
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
import { TupleDouble, type TupleElement, TupleFloat, TupleUuid, TupleVersionstamp } from "./element.js";
import { readInteger } from "./integer.js";
import { asciiText, utf8Text } from "./text.js";

/**
 * Why bytes are no packed tuple.
 *
 * @example
 * ```ts
 * import { isTenantryError, type tuple } from "tenantry";
 * declare const error: unknown;
 * const cut: tuple.TupleBytesFault = "truncated";
 * if (isTenantryError(error, "TUPLE_BYTES_INVALID")) console.log(error.details.reason === cut, error.details.offset);
 * ```
 */
export type TupleBytesFault =
  | "notBytes"
  | "truncated"
  | "trailingBytes"
  | "unknownCode"
  | "unexpectedType"
  | "nonMinimalInteger"
  | "nonCanonicalNaN"
  | "invalidUtf8"
  | "invalidComplement"
  | "tooDeep";

const scratch = new DataView(new ArrayBuffer(8));

/**
 * Reads packed elements from `offset` on, without copying what it does not return. Each method takes one element
 * of its kind; TUPLE_BYTES_INVALID (with the place of the fault in bytes) when there is another, or none.
 *
 * @example
 * ```ts
 * import { tuple } from "tenantry";
 * const prefix = tuple.pack(["city"]);
 * const key = tuple.pack(["city", 2988507]);
 * const reader = new tuple.TupleReader(key, prefix.length);
 * const id = reader.integer(); // 2988507
 * reader.end(); // throws when bytes are left
 * ```
 */
export class TupleReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #escaped = false;

  constructor(bytes: Uint8Array, offset = 0) {
    if (!isUint8Array(bytes)) throw bytesError("notBytes", 0);
    this.#bytes = bytes;
    this.#end = lengthOf(bytes);
    this.#at = offset;
  }

  /** Where the next element starts, in bytes from the start of the whole. */
  get offset(): number {
    return this.#at;
  }

  /** Whether all bytes are read. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** Whether the next element is null; it is read if so. */
  null(): boolean {
    if (this.#bytes[this.#at] !== CODE_NULL) return false;
    this.#at++;
    return true;
  }

  boolean(): boolean {
    const code = this.#bytes[this.#at];
    if (code !== CODE_TRUE && code !== CODE_FALSE) throw this.#unexpected();
    this.#at++;
    return code === CODE_TRUE;
  }

  /** A number when it is a safe integer, a bigint otherwise. */
  integer(): number | bigint {
    const bytes = this.#bytes;
    const start = this.#at;
    const code = Number(bytes[start]);
    // Also false for the NaN of bytes that have ended.
    if (!(code >= CODE_INTEGER_MIN && code <= CODE_INTEGER_MAX)) throw this.#unexpected();
    if (code === CODE_INTEGER_ZERO) {
      this.#at++;
      return 0;
    }
    const flip = code < CODE_INTEGER_ZERO ? 0xff : 0;
    let at = start + 1;
    let size = flip === 0 ? code - CODE_INTEGER_ZERO : CODE_INTEGER_ZERO - code;
    if (size > 8) {
      if (at >= this.#end) throw bytesError("truncated", at);
      size = Number(bytes[at]) ^ flip;
      if (size <= 8) throw bytesError("nonMinimalInteger", at);
      at++;
    }
    const end = at + size;
    if (end > this.#end) throw bytesError("truncated", this.#end);
    if (bytes[at] === flip) throw bytesError("nonMinimalInteger", at);
    this.#at = end;
    return readInteger(bytes, at, end, flip !== 0);
  }

  float(): number {
    this.#fixed(CODE_FLOAT, 4);
    const at = this.#at - 4;
    const bits = orderedBits(this.#bytes, at);
    scratch.setUint32(0, Number(this.#bytes[at]) < 0x80 ? ~bits : bits ^ 0x8000_0000);
    const value = scratch.getFloat32(0);
    if (Number.isNaN(value) && scratch.getUint32(0) !== NAN_FLOAT) throw bytesError("nonCanonicalNaN", at);
    return value;
  }

  double(): number {
    this.#fixed(CODE_DOUBLE, 8);
    const at = this.#at - 8;
    const negative = Number(this.#bytes[at]) < 0x80;
    const high = orderedBits(this.#bytes, at);
    const low = orderedBits(this.#bytes, at + 4);
    scratch.setUint32(0, negative ? ~high : high ^ 0x8000_0000);
    scratch.setUint32(4, negative ? ~low : low);
    const value = scratch.getFloat64(0);
    if (Number.isNaN(value) && (scratch.getUint32(0) !== NAN_DOUBLE_HIGH || scratch.getUint32(4) !== 0)) {
      throw bytesError("nonCanonicalNaN", at);
    }
    return value;
  }

  string(): string {
    const start = this.#at + 1;
    const { end, ascii } = this.#terminated(CODE_STRING);
    if (ascii && !this.#escaped) return asciiText(this.#bytes, start, end);
    const content = this.#escaped ? unescaped(this.#bytes, start, end) : this.#bytes.subarray(start, end);
    const text = utf8Text(content, 0, content.length);
    if (typeof text === "string") return text;
    let bad = start + text;
    if (this.#escaped)
      for (let i = start; i < bad; i++) if (this.#bytes[i] === 0 && this.#bytes[i + 1] === ESCAPE) bad++;
    throw bytesError("invalidUtf8", bad);
  }

  /** A copy of the bytes. */
  bytes(): Uint8Array {
    const start = this.#at + 1;
    const { end } = this.#terminated(CODE_BYTES);
    return unescaped(this.#bytes, start, end);
  }

  /** A copy of the UUID's 16 bytes. */
  uuid(): Uint8Array {
    this.#fixed(CODE_UUID, UUID_BYTES);
    return new Uint8Array(this.#bytes.subarray(this.#at - UUID_BYTES, this.#at));
  }

  versionstamp(): TupleVersionstamp {
    this.#fixed(CODE_VERSIONSTAMP, STAMP_BYTES + USER_VERSION_BYTES);
    const user = this.#at - USER_VERSION_BYTES;
    const userVersion = Number(this.#bytes[user]) * 0x100 + Number(this.#bytes[user + 1]);
    return new TupleVersionstamp(this.#bytes.subarray(user - STAMP_BYTES, user), userVersion);
  }

  /** A reader of what a descending element holds the complement of. */
  descending(): TupleReader {
    const at = this.#at;
    const content = this.bytes();
    for (let i = 0; i < content.length; i++) content[i] = Number(content[i]) ^ 0xff;
    if (content.length === 0 || content[content.length - 1] !== 0) throw bytesError("invalidComplement", at);
    return new TupleReader(content.subarray(0, -1));
  }

  /** Any element; integers, floating point numbers and the like as {@link unpack} gives them. */
  element(): TupleElement {
    return this.#element(0);
  }

  /** Ends the reading; TUPLE_BYTES_INVALID when bytes are left. */
  end(): void {
    if (!this.done) throw bytesError("trailingBytes", this.#at);
  }

  #element(depth: number): TupleElement {
    const code = this.#bytes[this.#at];
    switch (code) {
      case CODE_NULL:
        this.#at++;
        return null;
      case CODE_BYTES:
        return this.bytes();
      case CODE_STRING:
        return this.string();
      case CODE_NESTED:
        return this.#nested(depth + 1);
      case CODE_FLOAT:
        return new TupleFloat(this.float());
      case CODE_DOUBLE:
        return new TupleDouble(this.double());
      case CODE_FALSE:
      case CODE_TRUE:
        return this.boolean();
      case CODE_UUID:
        return new TupleUuid(this.uuid());
      case CODE_VERSIONSTAMP:
        return this.versionstamp();
      case undefined:
        throw bytesError("truncated", this.#end);
      default:
        if (code >= CODE_INTEGER_MIN && code <= CODE_INTEGER_MAX) return this.integer();
        throw bytesError("unknownCode", this.#at);
    }
  }

  #nested(depth: number): TupleElement {
    if (depth > tupleDepthMax) throw bytesError("tooDeep", this.#at);
    const elements: TupleElement[] = [];
    this.#at++;
    for (;;) {
      if (this.#bytes[this.#at] !== CODE_NULL) elements.push(this.#element(depth));
      else if (this.#bytes[this.#at + 1] === ESCAPE) {
        this.#at += 2;
        elements.push(null);
      } else {
        this.#at++;
        return elements;
      }
    }
  }

  /** Steps over a terminated element; says where its content ends, whether all of it is ASCII, and escaped. */
  #terminated(code: number): { end: number; ascii: boolean } {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== code) throw this.#unexpected();
    let at = this.#at + 1;
    let union = 0;
    this.#escaped = false;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) throw bytesError("truncated", this.#end);
      if (byte === 0) {
        if (bytes[at + 1] !== ESCAPE) break;
        this.#escaped = true;
        at++;
      }
      union |= byte;
      at++;
    }
    this.#at = at + 1;
    return { end: at, ascii: union < 0x80 };
  }

  /** Steps over an element of one code and `size` bytes. */
  #fixed(code: number, size: number): void {
    if (this.#bytes[this.#at] !== code) throw this.#unexpected();
    if (this.#at + 1 + size > this.#end) throw bytesError("truncated", this.#end);
    this.#at += 1 + size;
  }

  #unexpected(): Error {
    return this.done ? bytesError("truncated", this.#end) : bytesError("unexpectedType", this.#at);
  }
}

const bytesError = (reason: TupleBytesFault, offset: number): Error =>
  tenantryError("TUPLE_BYTES_INVALID", { offset, reason });

const orderedBits = (bytes: Uint8Array, at: number): number =>
  (Number(bytes[at]) << 24) | (Number(bytes[at + 1]) << 16) | (Number(bytes[at + 2]) << 8) | Number(bytes[at + 3]);

/** A copy without the escapes; every zero inside the content is followed by one. */
function unescaped(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const content = new Uint8Array(end - start);
  let size = 0;
  for (let i = start; i < end; i++) {
    const byte = Number(bytes[i]);
    content[size++] = byte;
    if (byte === 0) i++;
  }
  return content.slice(0, size);
}
