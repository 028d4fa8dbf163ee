/** What every writer of a tenant has to know of its usage: under which limits slots are filled, and how far a recount is. */
import { tenantryError } from "../../errors/index.js";

/** A recount under way. */
export interface RecountState {
  /** Who counts, so that a second one shows. */
  readonly token: string;
  readonly entity: string;
  /** Ids before this one, packed and in hex, are counted; null when all are. */
  readonly position: string | null;
}

export interface UsageState {
  /** By the name of an account: the hard limits whose remainders its slots hold, null where there is none. */
  readonly limits: Readonly<Record<string, readonly (number | null)[]>>;
  readonly recount: RecountState | null;
}

const FORMAT = 1;

export const emptyState: UsageState = { limits: {}, recount: null };

export function encodeState(state: UsageState): Uint8Array {
  const json = Buffer.from(JSON.stringify(state));
  const bytes = new Uint8Array(1 + json.length);
  bytes[0] = FORMAT;
  bytes.set(json, 1);
  return bytes;
}

/** A stored state; the empty one when there is none. @throws QUOTA_CORRUPT */
export function decodeState(bytes: Uint8Array | undefined): UsageState {
  if (bytes === undefined) return emptyState;
  try {
    const value: unknown = bytes[0] === FORMAT ? JSON.parse(Buffer.from(bytes.subarray(1)).toString()) : undefined;
    if (isState(value)) return value;
  } catch (cause) {
    throw tenantryError("QUOTA_CORRUPT", { part: "state" }, { cause });
  }
  throw tenantryError("QUOTA_CORRUPT", { part: "state" });
}

function isState(value: unknown): value is UsageState {
  if (typeof value !== "object" || value === null || !("limits" in value) || !("recount" in value)) return false;
  const { limits, recount } = value;
  if (typeof limits !== "object" || limits === null) return false;
  if (!Object.values(limits).every(areLimits)) return false;
  if (recount === null) return true;
  if (typeof recount !== "object" || !("token" in recount && "entity" in recount && "position" in recount))
    return false;
  const { token, entity, position } = recount;
  return typeof token === "string" && typeof entity === "string" && (position === null || typeof position === "string");
}

const areLimits = (value: unknown): boolean =>
  Array.isArray(value) && value.every((limit: unknown) => limit === null || Number.isSafeInteger(limit));
