/** The registry's record of a tenant, and its stored form: a format byte and JSON. */
import { tenantryError } from "../errors/index.js";
import { tenantNameBytesMax } from "../limits.js";
import { isTenantId, type TenantId } from "./tenant-id.js";
import { isTenantState, type TenantState } from "./tenant-state.js";

/**
 * What the control plane knows of a tenant.
 *
 * @example
 * ```ts
 * import type { TenantRecord } from "tenantry";
 * const line = ({ name, state, createdAt }: TenantRecord) => `${name} ${state} ${new Date(createdAt).toISOString()}`;
 * ```
 */
export interface TenantRecord {
  readonly id: TenantId;
  /** For people: 1 to 256 bytes of UTF-8, not unique. */
  readonly name: string;
  readonly state: TenantState;
  /** From 1; one more after each move or restore, since versionstamps of two clusters don't compare. */
  readonly incarnation: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** From 1; one more with each change of this record. */
  readonly revision: number;
}

/** Why a tenant record, or the bytes of one, are refused. */
export type TenantRecordFault =
  | "format"
  | "notJson"
  | "fields"
  | "id"
  | "name"
  | "state"
  | "incarnation"
  | "createdAt"
  | "revision";

const FORMAT = 1;

const fields = ["id", "name", "state", "incarnation", "createdAt", "revision"] as const;

/** Whether `name` can be a tenant's: 1 to `tenantNameBytesMax` bytes of well-formed text. */
export const isTenantName = (name: unknown): name is string =>
  typeof name === "string" &&
  name.length > 0 &&
  !/\p{Surrogate}/u.test(name) &&
  Buffer.byteLength(name) <= tenantNameBytesMax;

const isCount = (value: unknown, from: number): value is number => Number.isSafeInteger(value) && Number(value) >= from;

/** The record a decoded or given value is; the fault when it is none. */
function check(value: unknown): TenantRecord | TenantRecordFault {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== fields.length) return "fields";
  if (!fields.every((field) => Object.hasOwn(value, field))) return "fields";
  const { id, name, state, incarnation, createdAt, revision } = value as Record<string, unknown>;
  if (!isTenantId(id)) return "id";
  if (!isTenantName(name)) return "name";
  if (!isTenantState(state)) return "state";
  if (!isCount(incarnation, 1)) return "incarnation";
  if (!isCount(createdAt, 0)) return "createdAt";
  if (!isCount(revision, 1)) return "revision";
  return { id, name, state, incarnation, createdAt, revision };
}

/** The stored form of a record. @throws TENANT_RECORD_INVALID when the record is none. */
export function encodeTenantRecord(record: TenantRecord): Uint8Array {
  const checked = check(record);
  if (typeof checked === "string") throw tenantryError("TENANT_RECORD_INVALID", { reason: checked });
  const json = new TextEncoder().encode(JSON.stringify(checked));
  const bytes = new Uint8Array(1 + json.length);
  bytes[0] = FORMAT;
  bytes.set(json, 1);
  return bytes;
}

/** The record of stored bytes. @throws TENANT_RECORD_INVALID when they are not what {@link encodeTenantRecord} makes. */
export function decodeTenantRecord(bytes: Uint8Array): TenantRecord {
  if (bytes[0] !== FORMAT) throw tenantryError("TENANT_RECORD_INVALID", { reason: "format" });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(1)));
  } catch (cause) {
    throw tenantryError("TENANT_RECORD_INVALID", { reason: "notJson" }, { cause });
  }
  const checked = check(value);
  if (typeof checked === "string") throw tenantryError("TENANT_RECORD_INVALID", { reason: checked });
  return checked;
}
