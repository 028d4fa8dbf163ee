/** Expiry: when a stored record is gone, and its place in the queue of those that expire. */
import { expiryKey, expiryUntil, subspacePrefix, subspaces } from "../keyspace/index.js";
import type { RelativeRange } from "../transaction/index.js";
import { TupleReader } from "../tuple/index.js";
import { flagExpires, readEnvelope } from "../value/index.js";

/**
 * When the record in the bytes from `begin` to `end` expires, in ms since 1970; undefined when it stays, and when it
 * cannot be read, which reading the record tells.
 */
export function expiryOfRecord(bytes: Uint8Array, begin = 0, end = bytes.length): number | undefined {
  if (begin >= end || (Number(bytes[begin]) & flagExpires) === 0) return undefined;
  try {
    return readEnvelope(bytes, begin, end).expiresAt;
  } catch {
    return undefined;
  }
}

/** A record in the queue. */
export interface QueuedRecord {
  readonly time: number;
  readonly entity: string;
  /** The packed id. */
  readonly id: Uint8Array;
}

/** The value under a queue's key: its format. */
export const queuedValue = (): Uint8Array => Uint8Array.of(1);

/** The keys of the queue up to a time. */
export const queueUntil = (time: number): RelativeRange => expiryUntil(time);

/** All keys of the queue. */
export const wholeQueue = (): RelativeRange => expiryUntil(Number.MAX_SAFE_INTEGER - 1);

export const queueKey = ({ time, entity, id }: QueuedRecord): Uint8Array => expiryKey(time, entity, id);

/** Reads a key of the queue; undefined when it is none. */
export function readQueueKey(key: Uint8Array): QueuedRecord | undefined {
  try {
    const reader = new TupleReader(key, subspacePrefix(subspaces.expiry).length);
    const time = Number(reader.integer());
    const entity = reader.string();
    return { time, entity, id: key.slice(reader.offset) };
  } catch {
    return undefined;
  }
}
