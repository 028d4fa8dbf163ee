/** A tenant's profile: what a service says of it beside its name, and what of that can be stored. */
import { tenantryError } from "../errors/index.js";
import {
  tenantExternalKeyBytesMax,
  tenantMetadataBytesMax,
  tenantMetadataEntriesMax,
  tenantNameBytesMax,
  tenantPlanBytesMax,
} from "../limits/index.js";
import { isBoundedText } from "./bounded-text.js";

/**
 * Texts that a service keeps with a tenant, by names of its own.
 *
 * @example
 * ```ts
 * import type { Database, TenantId, TenantMetadata } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const metadata: TenantMetadata = { salesRegion: "north", accountManager: "7" };
 * await db.tenants.update(id, { metadata });
 * ```
 */
export type TenantMetadata = Readonly<Record<string, string>>;

/**
 * What a service says of a tenant: for its own use, and for policies that go by the plan.
 *
 * @example
 * ```ts
 * import type { TenantProfile } from "tenantry";
 * const profile: TenantProfile = { plan: "team", region: "eu" };
 * ```
 */
export interface TenantProfile {
  /** The plan it is on: 1 to 64 bytes of UTF-8. */
  readonly plan?: string | undefined;
  /** Where its data is to be: 1 to 64 bytes of UTF-8. */
  readonly region?: string | undefined;
  /** Up to 64 texts of up to 8,192 bytes together. */
  readonly metadata?: TenantMetadata | undefined;
}

/** Whether `name` can be a tenant's: 1 to `tenantNameBytesMax` bytes of well-formed text. */
export const isTenantName = (name: unknown): name is string => isBoundedText(name, tenantNameBytesMax);

/** Whether `key` can be an external key: 1 to `tenantExternalKeyBytesMax` bytes of well-formed text. */
export const isExternalKey = (key: unknown): key is string => isBoundedText(key, tenantExternalKeyBytesMax);

/** Whether `value` can be a plan or a region. */
export const isPlan = (value: unknown): value is string => isBoundedText(value, tenantPlanBytesMax);

/** Whether `value` can be a tenant's metadata: texts by name, few and short enough for the registry. */
export function isTenantMetadata(value: unknown): value is TenantMetadata {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  if (entries.length > tenantMetadataEntriesMax) return false;
  let bytes = 0;
  for (const [name, text] of entries) {
    // An assignment to this name in somebody's copy would reach the prototype.
    if (name === "__proto__" || typeof text !== "string" || /\p{Surrogate}/u.test(name + text)) return false;
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  return bytes <= tenantMetadataBytesMax;
}

/** A profile of options that were taken: checked, its metadata copied. @throws TENANT_PROFILE_INVALID */
export function tenantProfile(
  plan: string | undefined,
  region: string | undefined,
  given: TenantMetadata | undefined,
): TenantProfile {
  const refuse = (part: string): Error => tenantryError("TENANT_PROFILE_INVALID", { part });
  if (plan !== undefined && !isPlan(plan)) throw refuse("plan");
  if (region !== undefined && !isPlan(region)) throw refuse("region");
  // What is stored is what was checked.
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  const metadata = isObject ? { ...given } : given;
  if (metadata !== undefined && !isTenantMetadata(metadata)) throw refuse("metadata");
  return { plan, region, metadata: metadata === undefined ? undefined : Object.freeze(metadata) };
}
