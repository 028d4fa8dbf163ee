/** Values MessagePack has no tag for, both ways: undefined, bigint, Date, Map, Set; and byte strings. */
import { isAnyArrayBuffer, isArrayBufferView, isUint8Array } from "node:util/types";
import { copiedBytes, entriesOf, membersOf, timeOf } from "../../intrinsics/index.js";
import type { ValueReader } from "./reader.js";
import type { RefusalReason } from "./refusal.js";
import {
  EXTENSION_BIGINT,
  EXTENSION_DATE,
  EXTENSION_MAP,
  EXTENSION_SET,
  EXTENSION_UNDEFINED,
  TAG_ARRAY,
  TAG_ARRAY_16,
  TAG_EXTENSION_8,
  TAG_FIXED_1,
  TAG_MAP,
  TAG_MAP_16,
} from "./tag.js";
import type { ValueWriter } from "./writer.js";

const uint32 = 0x1_0000_0000;

/** The head of an extension: its own tag for 1, 2, 4, 8 and 16 bytes. */
function writeHead(writer: ValueWriter, type: number, size: number): void {
  const fixed = [1, 2, 4, 8, 16].indexOf(size);
  if (fixed >= 0) writer.byte(TAG_FIXED_1 + fixed);
  else writer.sized(TAG_EXTENSION_8, size);
  writer.byte(type);
}

export function writeUndefined(writer: ValueWriter): void {
  writeHead(writer, EXTENSION_UNDEFINED, 1);
  writer.byte(0);
}

export function writeBigint(writer: ValueWriter, value: bigint): void {
  // The bits of the magnitude and one for the sign; ~value of a negative number has its magnitude less one.
  const bits = (value < 0n ? ~value : value).toString(2).length + 1;
  const size = Math.ceil(bits / 8);
  writeHead(writer, EXTENSION_BIGINT, size);
  const digits = BigInt.asUintN(size * 8, value).toString(16);
  writer.raw(Buffer.from(digits.padStart(size * 2, "0"), "hex"));
}

function writeDate(writer: ValueWriter, time: number): void {
  const seconds = Math.floor(time / 1_000);
  const nanoseconds = (time - seconds * 1_000) * 1_000_000;
  if (seconds >= 0 && seconds < uint32 && nanoseconds === 0) {
    writeHead(writer, EXTENSION_DATE, 4);
  } else if (seconds >= 0 && seconds < 4 * uint32) {
    writeHead(writer, EXTENSION_DATE, 8);
    writer.uint32(nanoseconds * 4 + Math.floor(seconds / uint32));
  } else {
    writeHead(writer, EXTENSION_DATE, 12);
    writer.uint32(nanoseconds);
    writer.uint32(Math.floor(seconds / uint32) >>> 0);
  }
  writer.uint32(seconds >>> 0);
}

function writeContainer(writer: ValueWriter, type: number, write: () => void): void {
  writer.enter();
  const content = writer.detached(write);
  writeHead(writer, type, content.length);
  writer.raw(content);
  writer.leave();
}

/** Where in a Map a key or value is: by the key where that is text of its own, else by its place. */
function placeInMap(entries: readonly (readonly [unknown, unknown])[], at: number): string {
  const entry = at >> 1;
  const key = entries[entry]?.[0];
  if (at % 2 === 0) return `key ${entry}`;
  return (typeof key === "object" && key !== null) || typeof key === "function" ? `value ${entry}` : String(key);
}

/** Writes an object that is neither plain nor an array, or tells why it cannot be stored. Each is read once. */
export function writeWrapped(writer: ValueWriter, value: object): RefusalReason | undefined {
  const time = timeOf(value);
  if (time !== undefined) {
    if (Number.isNaN(time)) return "invalidDate";
    writeDate(writer, time);
    return undefined;
  }
  if (isUint8Array(value)) {
    const bytes = copiedBytes(value);
    if (bytes === undefined) return "detachedBytes";
    writer.octets(bytes);
    return undefined;
  }
  const entries = entriesOf(value);
  if (entries !== undefined) {
    writeContainer(writer, EXTENSION_MAP, () => {
      writer.count(TAG_MAP, TAG_MAP_16, entries.length);
      writer.items(entries.flat(), (at) => placeInMap(entries, at));
    });
    return undefined;
  }
  const members = membersOf(value);
  if (members !== undefined) {
    writeContainer(writer, EXTENSION_SET, () => {
      writer.count(TAG_ARRAY, TAG_ARRAY_16, members.length);
      writer.items(members, String);
    });
    return undefined;
  }
  return isArrayBufferView(value) || isAnyArrayBuffer(value) ? "typedArray" : "class";
}

function readDate(reader: ValueReader, size: number): Date {
  let nanoseconds = 0;
  let seconds = 0;
  if (size === 4) seconds = reader.uint32();
  else if (size === 8) {
    const high = reader.uint32();
    nanoseconds = high >>> 2;
    seconds = (high & 3) * uint32 + reader.uint32();
  } else if (size === 12) {
    nanoseconds = reader.uint32();
    seconds = (reader.uint32() | 0) * uint32 + reader.uint32();
  } else return reader.corrupt("date");
  const date = new Date(seconds * 1_000 + nanoseconds / 1_000_000);
  return Number.isNaN(date.getTime()) ? reader.corrupt("date") : date;
}

function readBigint(reader: ValueReader, size: number): bigint {
  const bytes = reader.copy(size);
  const digits = Buffer.from(bytes.buffer).toString("hex");
  return digits === "" ? reader.corrupt("bigint") : BigInt.asIntN(size * 8, BigInt(`0x${digits}`));
}

/** The value of an extension whose head was read. A type this format does not have is refused, never interpreted. */
export function readExtension(reader: ValueReader, type: number, size: number): unknown {
  const end = reader.position + size;
  let value: unknown;
  if (type === EXTENSION_UNDEFINED && size === 1) reader.byte();
  else if (type === EXTENSION_DATE) value = readDate(reader, size);
  else if (type === EXTENSION_BIGINT) value = readBigint(reader, size);
  else if (type === EXTENSION_MAP) value = new Map(reader.pairs());
  else if (type === EXTENSION_SET) value = new Set(reader.items());
  else return reader.corrupt("extension");
  return reader.position === end ? value : reader.corrupt("length");
}
