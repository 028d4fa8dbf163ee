/** The registry's record of a tenant, and its stored form: a format byte and JSON. */
import { tenantryError } from "../errors/index.js";
import { externalKeysMax } from "../limits/index.js";
import { isQuotaOverrides, type QuotaOverrides } from "./quota-override.js";
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
  /** Further keys of that kind, in the order in which they were added. */
  readonly externalKeys?: readonly string[] | undefined;
  /** Of a retired tenant: milliseconds since 1970 from which its data may be erased. */
  readonly eraseAfter?: number | undefined;
  /** What operators have set for it instead of what its plan says; see {@link Quotas.setOverride}. */
  readonly quotaOverrides?: QuotaOverrides | undefined;
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
  | "externalKeys"
  | "plan"
  | "region"
  | "metadata"
  | "eraseAfter"
  | "quotaOverrides";

/** Every format there is. The first has none of the fields that may be absent, and is only read. */
const formats = { bare: 1, plain: 2, overriding: 3, keyed: 4 } as const;

/** The format that a record is written in: the first that has room for it. */
function formatOf({ quotaOverrides, externalKeys }: TenantRecord): number {
  if (externalKeys !== undefined) return formats.keyed;
  return quotaOverrides === undefined ? formats.plain : formats.overriding;
}

const fields: readonly string[] = ["id", "name", "state", "incarnation", "createdAt", "revision"];

type Extras = ReadonlyMap<string, (value: unknown) => boolean>;

/** Fields that may be absent, and what they can hold. */
const plainExtras: Extras = new Map<string, (value: unknown) => boolean>([
  ["externalKey", isExternalKey],
  ["plan", isPlan],
  ["region", isPlan],
  ["metadata", isTenantMetadata],
  ["eraseAfter", (value) => isCount(value, 0)],
]);

const overridingExtras: Extras = new Map([...plainExtras, ["quotaOverrides", isQuotaOverrides]]);

const isKeys = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= externalKeysMax &&
  value.every(isExternalKey) &&
  new Set(value).size === value.length;

/** By formats. */
const extrasOf: ReadonlyMap<number | undefined, Extras> = new Map<number, Extras>([
  [formats.bare, new Map()],
  [formats.plain, plainExtras],
  [formats.overriding, overridingExtras],
  [formats.keyed, new Map([...overridingExtras, ["externalKeys", isKeys]])],
]);

const isCount = (value: unknown, from: number): value is number => Number.isSafeInteger(value) && Number(value) >= from;

/** The record a decoded or given value is; the fault when it is none. */
function check(value: unknown, extras: Extras): TenantRecord | TenantRecordFault {
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
    const isValid = extras.get(field);
    if (isValid === undefined) return "fields";
    // The names of the extras are faults, too.
    if (!isValid(item)) return field as TenantRecordFault;
    more[field] = item;
  }
  return { id, name, state, incarnation, createdAt, revision, ...more };
}

/** The stored form of a record. @throws TENANT_RECORD_INVALID when the record is none. */
export function encodeTenantRecord(record: TenantRecord): Uint8Array {
  const format = formatOf(record);
  const checked = check(record, extrasOf.get(format) ?? plainExtras);
  if (typeof checked === "string") throw tenantryError("TENANT_RECORD_INVALID", { reason: checked });
  const json = new TextEncoder().encode(JSON.stringify(checked));
  const bytes = new Uint8Array(1 + json.length);
  bytes[0] = format;
  bytes.set(json, 1);
  return bytes;
}

/** The record of stored bytes, of any format. @throws TENANT_RECORD_INVALID when they are of none. */
export function decodeTenantRecord(bytes: Uint8Array): TenantRecord {
  const extras = extrasOf.get(bytes[0]);
  if (extras === undefined) throw tenantryError("TENANT_RECORD_INVALID", { reason: "format" });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(1)));
  } catch (cause) {
    throw tenantryError("TENANT_RECORD_INVALID", { reason: "notJson" }, { cause });
  }
  const checked = check(value, extras);
  if (typeof checked === "string") throw tenantryError("TENANT_RECORD_INVALID", { reason: checked });
  return frozen(checked);
}

/** Frozen throughout: it is kept for all transactions of the tenant, and handed to callers. */
function frozen(record: TenantRecord): TenantRecord {
  const { metadata, quotaOverrides, externalKeys } = record;
  if (externalKeys !== undefined) Object.freeze(externalKeys);
  if (metadata !== undefined) Object.freeze(metadata);
  if (quotaOverrides !== undefined) for (const one of Object.values(Object.freeze(quotaOverrides))) Object.freeze(one);
  return Object.freeze(record);
}
