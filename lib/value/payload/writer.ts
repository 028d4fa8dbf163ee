/** The payload's writer: MessagePack of the values that come back equal, and a refusal of all others. */
import { arrayLength, inheritsNothing, isHole, isPlain } from "../../intrinsics/index.js";
import { transactionBytesMax, valueDepthMax } from "../../limits/index.js";
import { writeBigint, writeUndefined, writeWrapped } from "./extension.js";
import { Refusal, type RefusalReason, refusedAt } from "./refusal.js";
import * as tag from "./tag.js";

/** Writes one value with a writer: a value that describes itself, or one of a known shape. */
export type WriteValue = (writer: ValueWriter, value: unknown) => void;

const loneSurrogate = /\p{Surrogate}/u;
const bufferBytesMin = 4_096;
const bufferBytesKept = 1_048_576;
/** Room that no value needs which a transaction takes: three bytes for each character of a text, and what is before it. */
const roomBytesMax = 4 * transactionBytesMax;
/** Above this many characters the native encoder is faster than a loop. */
const loopCharsMax = 48;

/** Appends values to a growing buffer. Only bytes written since `start` ever leave it. */
export class ValueWriter {
  #bytes = Buffer.alloc(bufferBytesMin);
  #at = 0;
  #depth = 0;
  #ascii = true;
  #ownOnly = true;

  /** Begins anew. */
  start(): void {
    if (this.#bytes.length > bufferBytesKept) this.#bytes = Buffer.alloc(bufferBytesMin);
    this.#at = 0;
    this.#depth = 0;
    this.#ascii = true;
    this.#ownOnly = inheritsNothing();
  }

  /** Whether a field that a plain object has is its own: where all objects inherit one, each has to be asked. */
  get ownOnly(): boolean {
    return this.#ownOnly;
  }

  /** Whether all text since `start` was ASCII. */
  get ascii(): boolean {
    return this.#ascii;
  }

  /** Bytes written since `start`. */
  get length(): number {
    return this.#at;
  }

  /**
   * A copy of what was written, behind `head`. It lies in Node's buffer pool (a typed array of its own costs more
   * than the whole encoding), every byte of it written.
   */
  finish(head: Uint8Array, headLength: number): Uint8Array {
    const finished = Buffer.allocUnsafe(headLength + this.#at);
    for (let i = 0; i < headLength; i++) finished[i] = Number(head[i]);
    this.#bytes.copy(finished, headLength, 0, this.#at);
    return finished;
  }

  /** Goes one level down; every `enter` has its `leave`. */
  enter(): void {
    if (++this.#depth > valueDepthMax) throw new Refusal("tooDeep");
  }

  leave(): void {
    this.#depth--;
  }

  refuse(reason: RefusalReason): never {
    throw new Refusal(reason);
  }

  /** Any value, describing itself. */
  value(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.#text(value);
        break;
      case "number":
        this.#number(value);
        break;
      case "boolean":
        this.byte(value ? tag.TAG_TRUE : tag.TAG_FALSE);
        break;
      case "object":
        if (value === null) this.byte(tag.TAG_NULL);
        else this.#object(value);
        break;
      case "undefined":
        writeUndefined(this);
        break;
      case "bigint":
        writeBigint(this, value);
        break;
      default:
        throw new Refusal(typeof value === "symbol" ? "symbol" : "function");
    }
  }

  /** Null or undefined, or a mark and then the value that `write` writes. */
  maybe(value: unknown, write: WriteValue): void {
    if (value === null || value === undefined) {
      this.value(value);
    } else {
      this.byte(tag.TAG_TRUE);
      write(this, value);
    }
  }

  /** An array whose items `write` writes; null and undefined describe themselves. */
  list(value: unknown, write: WriteValue): void {
    if (value === null || value === undefined) {
      this.value(value);
      return;
    }
    const length = arrayLength(value);
    if (length === undefined) throw new Refusal("notAnArray");
    this.enter();
    this.count(tag.TAG_ARRAY, tag.TAG_ARRAY_16, length);
    let at = 0;
    try {
      for (; at < length; at++) {
        const item = (value as readonly unknown[])[at];
        if (item === undefined && isHole(value, at)) throw new Refusal("sparseArray");
        write(this, item);
      }
    } catch (error) {
      throw refusedAt(error, String(at));
    }
    this.leave();
  }

  /** The members of a container that were read already, a place in a path for each. */
  items(items: readonly unknown[], placeOf: (at: number) => string): void {
    let at = 0;
    try {
      for (; at < items.length; at++) this.value(items[at]);
    } catch (error) {
      throw refusedAt(error, placeOf(at));
    }
  }

  /** An object with its field names, whose values `write` writes; null and undefined describe themselves. */
  record(value: unknown, write: WriteValue, except?: ReadonlySet<string>): void {
    if (value === null || value === undefined) {
      this.value(value);
      return;
    }
    if (typeof value !== "object" || !isPlain(value)) throw new Refusal("class");
    if (Object.getOwnPropertySymbols(value).length > 0) throw new Refusal("symbolKey");
    let names = Object.keys(value);
    if (except !== undefined) names = names.filter((name) => !except.has(name));
    this.enter();
    this.count(tag.TAG_MAP, tag.TAG_MAP_16, names.length);
    let at: string | undefined;
    try {
      for (const name of names) {
        at = undefined;
        if (name === "__proto__") throw new Refusal("nameOfThePrototype");
        this.#text(name);
        at = name;
        write(this, (value as Readonly<Record<string, unknown>>)[name]);
      }
    } catch (error) {
      throw refusedAt(error, at);
    }
    this.leave();
  }

  /** A safe integer in its shortest form. */
  integer(value: number): void {
    this.#room(9);
    const bytes = this.#bytes;
    const at = this.#at;
    if (value >= -32 && value < 0x80) {
      bytes[at] = value;
      this.#at = at + 1;
    } else if (value >= 0 && value <= 0xff) {
      bytes[at] = tag.TAG_UINT_8;
      this.#at = bytes.writeUInt8(value, at + 1);
    } else if (value >= 0 && value <= 0xffff) {
      bytes[at] = tag.TAG_UINT_16;
      this.#at = bytes.writeUInt16BE(value, at + 1);
    } else if (value >= 0 && value <= 0xffffffff) {
      bytes[at] = tag.TAG_UINT_32;
      this.#at = bytes.writeUInt32BE(value, at + 1);
    } else if (value < 0 && value >= -0x80) {
      bytes[at] = tag.TAG_INT_8;
      this.#at = bytes.writeInt8(value, at + 1);
    } else if (value < 0 && value >= -0x8000) {
      bytes[at] = tag.TAG_INT_16;
      this.#at = bytes.writeInt16BE(value, at + 1);
    } else if (value < 0 && value >= -0x80000000) {
      bytes[at] = tag.TAG_INT_32;
      this.#at = bytes.writeInt32BE(value, at + 1);
    } else {
      bytes[at] = value < 0 ? tag.TAG_INT_64 : tag.TAG_UINT_64;
      bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at + 1);
      this.#at = bytes.writeUInt32BE(value >>> 0, at + 5);
    }
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  uint32(value: number): void {
    this.#room(4);
    this.#at = this.#bytes.writeUInt32BE(value, this.#at);
  }

  /** Bytes as they are, without a head. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Bytes with their head. */
  octets(bytes: Uint8Array): void {
    this.sized(tag.TAG_BYTES_8, bytes.length);
    this.raw(bytes);
  }

  /** The head of something with a length of 8, 16 or 32 bits: the three tags follow each other. */
  sized(tag8: number, length: number): void {
    this.#room(5);
    const bytes = this.#bytes;
    const at = this.#at;
    if (length <= 0xff) {
      bytes[at] = tag8;
      bytes[at + 1] = length;
      this.#at = at + 2;
    } else if (length <= 0xffff) {
      bytes[at] = tag8 + 1;
      this.#at = bytes.writeUInt16BE(length, at + 1);
    } else {
      bytes[at] = tag8 + 2;
      this.#at = bytes.writeUInt32BE(length, at + 1);
    }
  }

  /** The head of an array or map: short up to 15, else of 16 or 32 bits. */
  count(short: number, tag16: number, count: number): void {
    this.#room(5);
    const bytes = this.#bytes;
    const at = this.#at;
    if (count < 16) {
      bytes[at] = short | count;
      this.#at = at + 1;
    } else if (count <= 0xffff) {
      bytes[at] = tag16;
      this.#at = bytes.writeUInt16BE(count, at + 1);
    } else {
      bytes[at] = tag16 + 1;
      this.#at = bytes.writeUInt32BE(count, at + 1);
    }
  }

  /** What `write` writes, taken back out of the buffer: for a head that needs its length. */
  detached(write: () => void): Uint8Array {
    const begin = this.#at;
    write();
    const written = new Uint8Array(this.#bytes.subarray(begin, this.#at));
    this.#at = begin;
    return written;
  }

  #object(value: object): void {
    if (Array.isArray(value)) this.list(value, writeAny);
    else if (isPlain(value)) this.record(value, writeAny);
    else {
      const refusal = writeWrapped(this, value);
      if (refusal !== undefined) throw new Refusal(refusal);
    }
  }

  #number(value: number): void {
    this.#room(9);
    if (Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)) {
      this.integer(value);
    } else if (Math.fround(value) === value || Number.isNaN(value)) {
      this.#bytes[this.#at] = tag.TAG_FLOAT_32;
      this.#at = this.#bytes.writeFloatBE(value, this.#at + 1);
    } else {
      this.#bytes[this.#at] = tag.TAG_FLOAT_64;
      this.#at = this.#bytes.writeDoubleBE(value, this.#at + 1);
    }
  }

  #text(value: string): void {
    const length = value.length;
    this.#room(3 * length + 5);
    const before = this.#at;
    this.#textHead(length);
    if (length <= loopCharsMax) {
      const bytes = this.#bytes;
      let at = this.#at;
      let seen = 0;
      for (let i = 0; i < length; i++) {
        const code = value.charCodeAt(i);
        seen |= code;
        bytes[at++] = code;
      }
      if (seen < 0x80) {
        this.#at = at;
        return;
      }
    } else if (this.#bytes.write(value, this.#at, "utf8") === length) {
      // As many bytes as characters: all ASCII.
      this.#at += length;
      return;
    }
    if (loneSurrogate.test(value)) throw new Refusal("loneSurrogate");
    this.#ascii = false;
    this.#at = before;
    this.#textHead(Buffer.byteLength(value));
    this.#at += this.#bytes.write(value, this.#at, "utf8");
  }

  #textHead(length: number): void {
    if (length < 32) this.#bytes[this.#at++] = tag.TAG_STRING | length;
    else this.sized(tag.TAG_STRING_8, length);
  }

  #room(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    if (needed > roomBytesMax) throw new Refusal("tooLarge");
    const grown = Buffer.alloc(2 * needed);
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

const writeAny: WriteValue = (writer, value) => writer.value(value);
