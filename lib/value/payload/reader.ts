/** The payload's reader: strict MessagePack of what the writer writes, from any part of a bigger buffer. */
import { tenantryError } from "../../errors/index.js";
import { sharedTextBytesMax, valueDepthMax } from "../../limits/index.js";
import { readExtension } from "./extension.js";
import { setField } from "./field.js";
import * as tag from "./tag.js";

/** Reads one value with a reader: a value that describes itself, or one of a known shape. */
export type ReadValue = (reader: ValueReader) => unknown;

const float = new DataView(new ArrayBuffer(8));
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const none = Buffer.alloc(0);
type Slice = (this: Buffer, begin: number, end: number) => string;
const sliceAs = (encoding: BufferEncoding): Slice =>
  function (begin, end) {
    return this.toString(encoding, begin, end);
  };
/** Node's own slices, which `toString` comes to by way of its arguments: that takes a third of its time. */
const slices: Partial<Record<"latin1Slice" | "utf8Slice", Slice>> = Buffer.prototype;
const { latin1Slice = sliceAs("latin1"), utf8Slice = sliceAs("utf8") } = slices;
/** Above this many bytes, text that may not be ASCII goes to the native decoder without a look. */
const lookBytesMax = 64;

/**
 * Reads values from `begin` to `end` of a buffer, and no byte outside of them, whatever they say. What it returns shares
 * no memory with the buffer. Every count is checked before its loop.
 */
export class ValueReader {
  #bytes: Buffer = none;
  #at = 0;
  #begin = 0;
  #end = 0;
  #depth = 0;
  #ascii = false;
  #shared: string | undefined;

  /** Begins to read; `ascii` tells that all text was written as ASCII. */
  start(bytes: Buffer, begin: number, end: number, ascii: boolean): void {
    this.#bytes = bytes;
    this.#at = begin;
    this.#begin = begin;
    this.#end = end;
    this.#depth = 0;
    this.#ascii = ascii;
    this.#shared = undefined;
  }

  /** Ends a value: it must have taken all its bytes. */
  finish(): void {
    if (this.#at !== this.#end) this.corrupt("trailingBytes");
  }

  /** Lets go of the buffer. */
  release(): void {
    this.#bytes = none;
    this.#shared = undefined;
  }

  get position(): number {
    return this.#at;
  }

  corrupt(reason: string): never {
    throw tenantryError("VALUE_CORRUPT", { offset: this.#at - this.#begin, reason });
  }

  enter(): void {
    if (++this.#depth > valueDepthMax) this.corrupt("tooDeep");
  }

  leave(): void {
    this.#depth--;
  }

  /** Any value, describing itself. */
  value(): unknown {
    const code = this.byte();
    if (code < 0x80) return code;
    if (code >= tag.TAG_STRING && code < tag.TAG_NULL) return this.#text(code & 0x1f);
    if (code >= tag.TAG_NEGATIVE) return code - 0x100;
    if (code < tag.TAG_ARRAY) return this.#fields(code & 0x0f, readAny);
    if (code < tag.TAG_STRING) return this.#items(code & 0x0f, readAny);
    switch (code) {
      case tag.TAG_NULL:
        return null;
      case tag.TAG_FALSE:
        return false;
      case tag.TAG_TRUE:
        return true;
      case tag.TAG_STRING_8:
        return this.#text(this.byte());
      default:
        return tag.isPlainNumber(code) ? this.#number(code) : this.#rarer(code);
    }
  }

  /** Any value, as `value` reads it; with a shorter way for a text. */
  text(): unknown {
    const code = this.#tag();
    if (code < tag.TAG_STRING || code >= tag.TAG_NULL) return this.value();
    this.#at++;
    return this.#text(code & 0x1f);
  }

  /** Any value, as `value` reads it; with a shorter way for a number. */
  number(): unknown {
    const code = this.#tag();
    if (code >= 0x80 && !tag.isPlainNumber(code)) return this.value();
    this.#at++;
    return code < 0x80 ? code : this.#number(code);
  }

  /** What `ValueWriter.maybe` wrote. */
  maybe(read: ReadValue): unknown {
    if (this.#tag() !== tag.TAG_TRUE) return this.#nullish();
    this.#at++;
    return read(this);
  }

  /** What `ValueWriter.list` wrote. */
  list(read: ReadValue): unknown {
    const code = this.#tag();
    if (code >= tag.TAG_ARRAY && code < tag.TAG_STRING) {
      this.#at++;
      return this.#items(code & 0x0f, read);
    }
    if (code !== tag.TAG_ARRAY_16 && code !== tag.TAG_ARRAY_32) return this.#nullish();
    this.#at++;
    return this.#items(code === tag.TAG_ARRAY_16 ? this.#uint16() : this.uint32(), read);
  }

  /** What `ValueWriter.record` wrote, into `target` when it is given. */
  record(read: ReadValue, target?: Record<string, unknown>): unknown {
    const code = this.#tag();
    if (code >= tag.TAG_MAP && code < tag.TAG_ARRAY) {
      this.#at++;
      return this.#fields(code & 0x0f, read, target);
    }
    if (code !== tag.TAG_MAP_16 && code !== tag.TAG_MAP_32) return this.#nullish();
    this.#at++;
    return this.#fields(code === tag.TAG_MAP_16 ? this.#uint16() : this.uint32(), read, target);
  }

  /** The members of a Set. */
  items(): Iterable<unknown> {
    const items = this.list(readAny);
    return Array.isArray(items) ? items : this.corrupt("set");
  }

  /** The entries of a Map. */
  pairs(): Iterable<readonly [unknown, unknown]> {
    const code = this.byte();
    let count = code & 0x0f;
    if (code === tag.TAG_MAP_16) count = this.#uint16();
    else if (code === tag.TAG_MAP_32) count = this.uint32();
    else if (code < tag.TAG_MAP || code >= tag.TAG_ARRAY) this.corrupt("map");
    this.#open(2 * count);
    const pairs: [unknown, unknown][] = [];
    for (let i = 0; i < count; i++) pairs.push([this.value(), this.value()]);
    this.leave();
    return pairs;
  }

  /** An unsigned integer: which optional fields follow. */
  mask(): number {
    const bits = this.value();
    return typeof bits === "number" ? bits : this.corrupt("mask");
  }

  byte(): number {
    return Number(this.#bytes[this.#take(1)]);
  }

  uint32(): number {
    const bytes = this.#bytes;
    const at = this.#take(4);
    return (
      ((Number(bytes[at]) << 24) |
        (Number(bytes[at + 1]) << 16) |
        (Number(bytes[at + 2]) << 8) |
        Number(bytes[at + 3])) >>>
      0
    );
  }

  /** A copy of the next bytes. */
  copy(size: number): Uint8Array<ArrayBuffer> {
    const begin = this.#take(size);
    return Uint8Array.from(this.#bytes.subarray(begin, begin + size));
  }

  /** The next byte, which stays the next. */
  #tag(): number {
    if (this.#at >= this.#end) this.corrupt("truncated");
    return Number(this.#bytes[this.#at]);
  }

  /** Goes past so many bytes; where they begin. */
  #take(size: number): number {
    const begin = this.#at;
    if (size > this.#end - begin) this.corrupt("truncated");
    this.#at = begin + size;
    return begin;
  }

  /** A number by one of the tags of `isPlainNumber`. */
  #number(code: number): number {
    switch (code) {
      case tag.TAG_FLOAT_64:
        return this.#float64();
      case tag.TAG_UINT_8:
        return this.byte();
      case tag.TAG_UINT_16:
        return this.#uint16();
      case tag.TAG_UINT_32:
        return this.uint32();
      default:
        return this.#safe(this.uint32() * 0x1_0000_0000 + this.uint32());
    }
  }

  #rarer(code: number): unknown {
    switch (code) {
      case tag.TAG_STRING_16:
        return this.#text(this.#uint16());
      case tag.TAG_STRING_32:
        return this.#text(this.uint32());
      case tag.TAG_BYTES_8:
        return this.copy(this.byte());
      case tag.TAG_BYTES_16:
        return this.copy(this.#uint16());
      case tag.TAG_BYTES_32:
        return this.copy(this.uint32());
      case tag.TAG_FLOAT_32:
        float.setUint32(0, this.uint32());
        return float.getFloat32(0);
      case tag.TAG_INT_8:
        return (this.byte() << 24) >> 24;
      case tag.TAG_INT_16:
        return (this.#uint16() << 16) >> 16;
      case tag.TAG_INT_32:
        return this.uint32() | 0;
      case tag.TAG_INT_64:
        return this.#safe((this.uint32() | 0) * 0x1_0000_0000 + this.uint32());
      case tag.TAG_ARRAY_16:
        return this.#items(this.#uint16(), readAny);
      case tag.TAG_ARRAY_32:
        return this.#items(this.uint32(), readAny);
      case tag.TAG_MAP_16:
        return this.#fields(this.#uint16(), readAny);
      case tag.TAG_MAP_32:
        return this.#fields(this.uint32(), readAny);
      case tag.TAG_EXTENSION_8:
        return this.#extension(this.byte());
      case tag.TAG_EXTENSION_16:
        return this.#extension(this.#uint16());
      case tag.TAG_EXTENSION_32:
        return this.#extension(this.uint32());
      case tag.TAG_FIXED_1:
      case tag.TAG_FIXED_2:
      case tag.TAG_FIXED_4:
      case tag.TAG_FIXED_8:
      case tag.TAG_FIXED_16:
        return this.#extension(1 << (code - tag.TAG_FIXED_1));
      default:
        return this.corrupt("tag");
    }
  }

  #extension(size: number): unknown {
    const type = this.byte();
    if (size > this.#end - this.#at) this.corrupt("truncated");
    return readExtension(this, type, size);
  }

  #nullish(): null | undefined {
    const value = this.value();
    return value === null || value === undefined ? value : this.corrupt("kind");
  }

  /** Goes into a container of `count` values: as each takes a byte at least, no count makes a long loop of nothing. */
  #open(count: number): void {
    if (count > this.#end - this.#at) this.corrupt("truncated");
    this.enter();
  }

  #items(count: number, read: ReadValue): unknown[] {
    this.#open(count);
    // An array that grows from nothing takes room for seventeen; one of a few that is written out has no more than those.
    const items: unknown[] = count === 1 ? [read(this)] : count > 1 ? [read(this), read(this)] : [];
    for (let i = items.length; i < count; i++) items.push(read(this));
    this.leave();
    return items;
  }

  #fields(count: number, read: ReadValue, target: Record<string, unknown> = {}): Record<string, unknown> {
    this.#open(2 * count);
    for (let i = 0; i < count; i++) {
      const name = this.value();
      if (typeof name !== "string" || name === "__proto__") this.corrupt("fieldName");
      setField(target, name, read(this));
    }
    this.leave();
    return target;
  }

  #safe(value: number): number {
    return Number.isSafeInteger(value) ? value : this.corrupt("integer");
  }

  #uint16(): number {
    const at = this.#take(2);
    return (Number(this.#bytes[at]) << 8) | Number(this.#bytes[at + 1]);
  }

  #float64(): number {
    float.setUint32(0, this.uint32());
    float.setUint32(4, this.uint32());
    return float.getFloat64(0);
  }

  #text(size: number): string {
    const begin = this.#take(size);
    const end = begin + size;
    const bytes = this.#bytes;
    if (!this.#ascii) {
      let seen = 0;
      if (size <= lookBytesMax) for (let i = begin; i < end; i++) seen |= Number(bytes[i]);
      if (seen >= 0x80 || size > lookBytesMax) return this.#wideText(begin, end);
    }
    if (this.#end - this.#begin > sharedTextBytesMax) return latin1Slice.call(bytes, begin, end);
    // One native call for all texts of a record instead of one each.
    this.#shared ??= latin1Slice.call(bytes, this.#begin, this.#end);
    return this.#shared.substring(begin - this.#begin, end - this.#begin);
  }

  #wideText(begin: number, end: number): string {
    const text = utf8Slice.call(this.#bytes, begin, end);
    if (!text.includes("\ufffd")) return text;
    // Either that character itself, or what stands in for bytes that are no UTF-8.
    try {
      return utf8.decode(this.#bytes.subarray(begin, end));
    } catch {
      return this.corrupt("utf8");
    }
  }
}

const readAny: ReadValue = (reader) => reader.value();
