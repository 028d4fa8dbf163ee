/** The envelope: the few bytes in front of a record's payload that tell how to read it. */
import { tenantryError } from "../errors/index.js";

/**
 * The formats of stored records there have been. A byte holds the format in its high half and the flags in its low
 * half; an older number is never given a new meaning.
 *
 * 1: format and flags, layout fingerprint (4 bytes), schema version (varint), revision (varint), expiry when flagged
 * (varint, ms since 1970), payload.
 */
export const formatCurrent = 1;

/** The payload went through a {@link ByteTransform}. */
export const flagSealed = 1;
/** The value is the first part of a record that is split over further keys. */
export const flagSplit = 2;
/** The envelope holds a time of expiry. */
export const flagExpires = 4;
/** All text in the payload is ASCII. */
export const flagAscii = 8;

const knownFlags = flagSealed | flagSplit | flagExpires | flagAscii;
const headBytesMin = 7;

/** What the envelope says. */
export interface Envelope {
  readonly flags: number;
  /** Names the record layout of the payload. */
  readonly fingerprint: number;
  /** The entity's version at the time of writing. */
  readonly schemaVersion: number;
  /** 1 for a new record, one more with each write. */
  readonly revision: number;
  /** Milliseconds since 1970 after which the record is gone; undefined when it stays. */
  readonly expiresAt: number | undefined;
}

/** An envelope and the place its payload begins at. */
export interface OpenedEnvelope extends Envelope {
  readonly payload: number;
}

/** Bytes of the longest envelope: head, and three integers of up to eight bytes. */
export const envelopeBytesMax = 5 + 3 * 8;

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest >= 0x80) {
    bytes[next++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[next++] = rest;
  return next;
}

/** Reads an integer in its shortest form; any other is refused, so that its length follows from its value. */
function readVarint(bytes: Uint8Array, begin: number, end: number): number {
  let value = 0;
  let scale = 1;
  for (let at = begin; at < end; at++) {
    const byte = Number(bytes[at]);
    value += (byte & 0x7f) * scale;
    if (!Number.isSafeInteger(value)) break;
    if (byte < 0x80) {
      if (byte === 0 && at > begin) break;
      return value;
    }
    scale *= 0x80;
  }
  throw tenantryError("VALUE_CORRUPT", { offset: 5, reason: "integer" });
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Writes the envelope to the beginning of `bytes` and returns its length. */
export function writeEnvelope(bytes: Uint8Array, envelope: Envelope): number {
  const { flags, fingerprint, schemaVersion, revision, expiresAt } = envelope;
  bytes[0] = (formatCurrent << 4) | (expiresAt === undefined ? flags : flags | flagExpires);
  bytes[1] = fingerprint >>> 24;
  bytes[2] = fingerprint >>> 16;
  bytes[3] = fingerprint >>> 8;
  bytes[4] = fingerprint;
  let at = writeVarint(bytes, 5, schemaVersion);
  at = writeVarint(bytes, at, revision);
  return expiresAt === undefined ? at : writeVarint(bytes, at, expiresAt);
}

/**
 * Reads the envelope of the value from `begin` to `end`.
 *
 * @throws VALUE_FORMAT_UNKNOWN for another format, VALUE_CORRUPT when the bytes end too early.
 */
export function readEnvelope(bytes: Uint8Array, begin = 0, end = bytes.length): OpenedEnvelope {
  if (end - begin < headBytesMin || end > bytes.length) {
    throw tenantryError("VALUE_CORRUPT", { offset: 0, reason: "truncated" });
  }
  const first = Number(bytes[begin]);
  const flags = first & 0x0f;
  if (first >>> 4 !== formatCurrent || (flags & ~knownFlags) !== 0) {
    throw tenantryError("VALUE_FORMAT_UNKNOWN", { format: first >>> 4 });
  }
  const fingerprint =
    ((Number(bytes[begin + 1]) << 24) |
      (Number(bytes[begin + 2]) << 16) |
      (Number(bytes[begin + 3]) << 8) |
      Number(bytes[begin + 4])) >>>
    0;
  let at = begin + 5;
  const schemaVersion = readVarint(bytes, at, end);
  at += varintLength(schemaVersion);
  const revision = readVarint(bytes, at, end);
  at += varintLength(revision);
  if ((flags & flagExpires) === 0) {
    return { flags, fingerprint, schemaVersion, revision, expiresAt: undefined, payload: at };
  }
  const expiresAt = readVarint(bytes, at, end);
  return { flags, fingerprint, schemaVersion, revision, expiresAt, payload: at + varintLength(expiresAt) };
}
