/** The registry's record of a tenant, and its stored form: a format byte and JSON. */
import { tenantryError } from "../errors/index.js";
import { isTenantId, type TenantId } from "./tenant-id.js";
import { isExternalKey, isPlan, isTenantMetadata, isTenantName, type TenantProfile } from "./tenant-profile.js";
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
export interface TenantRecord extends TenantProfile {
  readonly id: TenantId;
  /** For people: 1 to 256 bytes of UTF-8, not unique. Empty once the tenant is erased. */
  readonly name: string;
  readonly state: TenantState;
  /** From 1; one more after each move or restore, since versionstamps of two clusters don't compare. */
  readonly incarnation: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** From 1; one more with each change of this record. */
  readonly revision: number;
  /** What another system knows the tenant by: 1 to 512 bytes of UTF-8, of one tenant at most. */
  readonly externalKey?: string | undefined;
  /** Of a retired tenant: milliseconds since 1970 from which its data may be erased. */
  readonly eraseAfter?: number | undefined;
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
  | "revision"
  | "externalKey"
  | "plan"
  | "region"
  | "metadata"
  | "eraseAfter";

/** The format that is written. */
const FORMAT = 2;

/** The one before, which is read: it has none of the fields that may be absent. */
const BARE_FORMAT = 1;

const fields: readonly string[] = ["id", "name", "state", "incarnation", "createdAt", "revision"];

/** Fields that may be absent, and what they can hold. */
const extras: ReadonlyMap<string, (value: unknown) => boolean> = new Map<string, (value: unknown) => boolean>([
  ["externalKey", isExternalKey],
  ["plan", isPlan],
  ["region", isPlan],
  ["metadata", isTenantMetadata],
  ["eraseAfter", (value) => isCount(value, 0)],
]);

const isCount = (value: unknown, from: number): value is number => Number.isSafeInteger(value) && Number(value) >= from;

/** The record a decoded or given value is; the fault when it is none. */
function check(value: unknown, format: number): TenantRecord | TenantRecordFault {
  if (typeof value !== "object" || value === null || !fields.every((field) => Object.hasOwn(value, field))) {
    return "fields";
  }
  const { id, name, state, incarnation, createdAt, revision } = value as Record<string, unknown>;
  if (!isTenantId(id)) return "id";
  if (!isTenantState(state)) return "state";
  if (!isTenantName(name) && !(name === "" && state === "erased")) return "name";
  if (!isCount(incarnation, 1)) return "incarnation";
  if (!isCount(createdAt, 0)) return "createdAt";
  if (!isCount(revision, 1)) return "revision";
  const more: Record<string, unknown> = {};
  for (const [field, item] of Object.entries(value)) {
    if (item === undefined || fields.includes(field)) continue;
    const isValid = format === BARE_FORMAT ? undefined : extras.get(field);
    if (isValid === undefined) return "fields";
    // The names of the extras are faults, too.
    if (!isValid(item)) return field as TenantRecordFault;
    more[field] = item;
  }
  return { id, name, state, incarnation, createdAt, revision, ...more };
}

/** The stored form of a record. @throws TENANT_RECORD_INVALID when the record is none. */
export function encodeTenantRecord(record: TenantRecord): Uint8Array {
  const checked = check(record, FORMAT);
  if (typeof checked === "string") throw tenantryError("TENANT_RECORD_INVALID", { reason: checked });
  const json = new TextEncoder().encode(JSON.stringify(checked));
  const bytes = new Uint8Array(1 + json.length);
  bytes[0] = FORMAT;
  bytes.set(json, 1);
  return bytes;
}

/** The record of stored bytes, of this format or the one before. @throws TENANT_RECORD_INVALID when they are neither. */
export function decodeTenantRecord(bytes: Uint8Array): TenantRecord {
  const format = bytes[0];
  if (format !== FORMAT && format !== BARE_FORMAT) throw tenantryError("TENANT_RECORD_INVALID", { reason: "format" });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(1)));
  } catch (cause) {
    throw tenantryError("TENANT_RECORD_INVALID", { reason: "notJson" }, { cause });
  }
  const checked = check(value, format);
  if (typeof checked === "string") throw tenantryError("TENANT_RECORD_INVALID", { reason: checked });
  return checked;
}
