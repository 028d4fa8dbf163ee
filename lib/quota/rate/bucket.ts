/** The bucket of a rate: how many tokens are there, and since when that is so. Pure. */
import { tenantryError } from "../../errors/index.js";
import type { Rate } from "../plan/limit.js";

export interface Bucket {
  /** From 0 to the rate's burst. */
  readonly tokens: number;
  /** The database's time at which there were so many. */
  readonly at: number;
}

const FORMAT = 1;

export function encodeBucket({ tokens, at }: Bucket): Uint8Array {
  const bytes = new Uint8Array(17);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, FORMAT);
  view.setFloat64(1, tokens);
  view.setFloat64(9, at);
  return bytes;
}

/** @throws QUOTA_CORRUPT */
export function decodeBucket(bytes: Uint8Array): Bucket {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== 17 || bytes[0] !== FORMAT) throw tenantryError("QUOTA_CORRUPT", { part: "bucket" });
  const bucket = { tokens: view.getFloat64(1), at: view.getFloat64(9) };
  if (!(bucket.tokens >= 0 && Number.isFinite(bucket.at))) throw tenantryError("QUOTA_CORRUPT", { part: "bucket" });
  return bucket;
}

/**
 * The bucket at `now`: never more than the burst, whatever the clock does. A clock set back adds nothing, and counts on
 * from there: the bucket is as full again after the time that any full bucket needs.
 */
export function refilled(bucket: Bucket | undefined, { burst, perMs }: Rate, now: number): Bucket {
  if (bucket === undefined) return { tokens: burst, at: now };
  const passed = Math.max(0, now - bucket.at);
  return { tokens: Math.min(burst, bucket.tokens + passed * perMs), at: now };
}

/** What a bucket gives of `wanted` tokens, and what is left: nothing when there are less than `needed`. */
export function drawn(
  bucket: Bucket,
  { perMs }: Rate,
  needed: number,
  wanted: number,
): { readonly bucket: Bucket; readonly tokens: number; readonly waitMs: number } {
  const tokens = Math.min(wanted, Math.floor(bucket.tokens));
  if (tokens < needed) return { bucket, tokens: 0, waitMs: Math.max(1, Math.ceil((needed - bucket.tokens) / perMs)) };
  return { bucket: { tokens: bucket.tokens - tokens, at: bucket.at }, tokens, waitMs: 0 };
}

/** The bucket with tokens put back. */
export const restored = (bucket: Bucket, { burst }: Rate, tokens: number): Bucket => ({
  tokens: Math.min(burst, bucket.tokens + tokens),
  at: bucket.at,
});
