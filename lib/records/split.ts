/** Splitting: a value too long for one key, as a head and chunks, and back. */
import { crc32 } from "node:zlib";
import { tenantryError } from "../errors/index.js";
import { splitHeadBytes, valueBytesMax } from "../limits/index.js";
import { flagSplit, readEnvelope } from "../value/index.js";

/** A value in parts: the head stands in its place, the chunks follow each other. */
export interface SplitValue {
  readonly head: Uint8Array;
  readonly chunks: readonly Uint8Array[];
}

/** What a head says of the value it begins. */
interface SplitHead {
  /** Bytes of the envelope. */
  readonly envelope: number;
  /** Where the payload's first part begins. */
  readonly payload: number;
  /** Bytes of the whole payload, and their checksum. */
  readonly length: number;
  readonly checksum: number;
}

/** The format of chunks; an older number is never given a new meaning. */
const chunkFormat = 1;
/** The length of the payload and its CRC-32, four bytes each, between envelope and payload. */
const extentBytes = 8;
const chunkPayloadBytes = valueBytesMax - 1;

/** Whether the value from `begin` to `end` is the head of one that is split. */
export const isSplit = (bytes: Uint8Array, begin = 0, end = bytes.length): boolean =>
  begin < end && (Number(bytes[begin]) & flagSplit) !== 0;

/** The parts of a value; undefined when one key can hold it. */
export function splitValue(value: Uint8Array): SplitValue | undefined {
  if (value.length <= valueBytesMax) return undefined;
  const envelope = readEnvelope(value).payload;
  const payload = value.subarray(envelope);
  const first = splitHeadBytes - envelope - extentBytes;
  const head = Buffer.alloc(splitHeadBytes);
  head.set(value.subarray(0, envelope));
  head[0] = Number(value[0]) | flagSplit;
  head.writeUInt32BE(payload.length, envelope);
  head.writeUInt32BE(crc32(payload), envelope + 4);
  head.set(payload.subarray(0, first), envelope + extentBytes);
  const chunks: Uint8Array[] = [];
  for (let at = first; at < payload.length; at += chunkPayloadBytes) {
    const part = payload.subarray(at, at + chunkPayloadBytes);
    const chunk = new Uint8Array(1 + part.length);
    chunk[0] = chunkFormat;
    chunk.set(part, 1);
    chunks.push(chunk);
  }
  return { head, chunks };
}

function readHead(head: Uint8Array): SplitHead {
  const envelope = readEnvelope(head).payload;
  const payload = envelope + extentBytes;
  if (head.length < payload) throw tenantryError("VALUE_CORRUPT", { offset: envelope, reason: "truncated" });
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return { envelope, payload, length: view.getUint32(envelope), checksum: view.getUint32(envelope + 4) };
}

/**
 * How many chunks the value of a head has.
 *
 * @throws VALUE_FORMAT_UNKNOWN or VALUE_CORRUPT when it is no head.
 */
export function chunkCount(head: Uint8Array): number {
  const { length, payload } = readHead(head);
  return Math.ceil(Math.max(0, length - (head.length - payload)) / chunkPayloadBytes);
}

/**
 * The value of a head and its chunks, as `splitValue` was given it.
 *
 * @throws VALUE_CORRUPT when a chunk is missing, is no chunk, or belongs to another value; VALUE_FORMAT_UNKNOWN when one
 *   has a format of later.
 */
export function joinValue(head: Uint8Array, chunks: readonly Uint8Array[]): Uint8Array {
  const { envelope, payload, length, checksum } = readHead(head);
  const value = new Uint8Array(envelope + length);
  value.set(head.subarray(0, envelope));
  value[0] = Number(head[0]) & ~flagSplit;
  let at = envelope;
  const append = (part: Uint8Array): void => {
    if (at + part.length > value.length) throw tenantryError("VALUE_CORRUPT", { offset: at, reason: "chunks" });
    value.set(part, at);
    at += part.length;
  };
  append(head.subarray(payload));
  for (const chunk of chunks) {
    if (chunk[0] !== chunkFormat) throw tenantryError("VALUE_FORMAT_UNKNOWN", { format: chunk[0] ?? 0 });
    append(chunk.subarray(1));
  }
  if (at !== value.length) throw tenantryError("VALUE_CORRUPT", { offset: at, reason: "chunkMissing" });
  if (crc32(value.subarray(envelope)) !== checksum) {
    throw tenantryError("VALUE_CORRUPT", { offset: envelope, reason: "chunks" });
  }
  return value;
}
