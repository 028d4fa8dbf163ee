/** Tenant ids: canonical lowercase v4 UUIDs, as branded text and as 16 bytes. */
import { parse as uuidBytes, v4 } from "uuid";
import { tenantryError } from "../errors/index.js";

declare const made: unique symbol;

/**
 * What tells an id from any text; the compiler shows the sentence where text is given for one.
 *
 * @example
 * ```ts
 * import { type Made, newTenantId } from "tenantry";
 * const made: Made<"by parseTenantId() of text, or by newTenantId()"> = newTenantId();
 * ```
 */
export interface Made<How extends string> {
  readonly [made]: How;
}

/**
 * The id of a tenant: a v4 UUID in its one canonical form, made by {@link newTenantId} or {@link parseTenantId}.
 *
 * @example
 * ```ts
 * import { newTenantId, type TenantId } from "tenantry";
 * const id: TenantId = newTenantId();
 * ```
 */
export type TenantId = string & Made<"by parseTenantId() of text, or by newTenantId()">;

/** Why something is not a tenant id. */
export type TenantIdFault = "notText" | "notCanonical" | "notVersion4" | "notSixteenBytes";

// One spelling per id: two would be two cache entries, two log lines and one tenant.
const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const fault = (value: unknown): TenantIdFault | undefined => {
  if (typeof value !== "string") return "notText";
  if (!canonical.test(value)) return "notCanonical";
  // Version and variant; nil and max have neither.
  return value[14] === "4" && "89ab".includes(value.charAt(19)) ? undefined : "notVersion4";
};

/**
 * Whether `value` is a tenant id; see {@link parseTenantId}.
 *
 * @example
 * ```ts
 * import { isTenantId } from "tenantry";
 * isTenantId("00000000-0000-0000-0000-000000000000"); // false: nil is nobody's
 * ```
 */
export const isTenantId = (value: unknown): value is TenantId => fault(value) === undefined;

/**
 * Takes text as a tenant id: a v4 UUID in canonical form. Uppercase, braces, `urn:uuid:`, missing hyphens, the nil
 * and the max UUID and other versions are refused.
 *
 * @throws TENANT_ID_INVALID with the reason; the text itself is in neither message nor details.
 *
 * @example
 * ```ts
 * import { parseTenantId } from "tenantry";
 * declare const request: { params: { tenant: string } };
 * const id = parseTenantId(request.params.tenant);
 * ```
 */
export function parseTenantId(text: unknown): TenantId {
  if (isTenantId(text)) return text;
  throw tenantryError("TENANT_ID_INVALID", { reason: fault(text) ?? "notCanonical" });
}

/**
 * A new, random tenant id.
 *
 * @example
 * ```ts
 * import { newTenantId } from "tenantry";
 * const id = newTenantId();
 * ```
 */
export const newTenantId = (): TenantId => parseTenantId(v4());

/**
 * The 16 bytes of an id, as they stand in keys.
 *
 * @example
 * ```ts
 * import { newTenantId, tenantIdBytes, tuple } from "tenantry";
 * const id = newTenantId();
 * const prefix = tuple.pack(["tenantry", tuple.uuid(tenantIdBytes(id))]); // with the default root
 * ```
 */
export const tenantIdBytes = (id: TenantId): Uint8Array => uuidBytes(parseTenantId(id));

/**
 * The id of 16 bytes.
 *
 * @param offset Where in `bytes` they begin.
 * @throws TENANT_ID_INVALID when there are fewer, or they are no v4 UUID.
 */
export function tenantIdFromBytes(bytes: Uint8Array, offset = 0): TenantId {
  const sixteen = bytes.subarray(offset, offset + 16);
  if (sixteen.length !== 16) throw tenantryError("TENANT_ID_INVALID", { reason: "notSixteenBytes" });
  let text = "";
  for (const byte of sixteen) text += byte.toString(16).padStart(2, "0");
  return parseTenantId(
    `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`,
  );
}
