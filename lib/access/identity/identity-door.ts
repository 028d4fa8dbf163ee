/** What members and sessions of one tenant are reached with. */
import { tenantryError } from "../../errors/index.js";
import type { RecordAccess, RecordAction } from "../../repository/index.js";
import { type TenantContext, type TenantId, tenantContext } from "../../tenant/index.js";
import type { RecordChange, TransactionRunner } from "../../transaction/index.js";
import { pack, type TupleElement, unpack } from "../../tuple/index.js";

/** One tenant, whoever acts in it, and what they may do with its members or sessions. */
export interface IdentityDoor {
  readonly tenantId: TenantId;
  readonly context: TenantContext | undefined;
  readonly runner: TransactionRunner;
  /** Undefined when anything is permitted, as is the other. */
  readonly access: RecordAccess | undefined;
  /** Whether somebody may be signed in: another right than to see and end sessions. */
  readonly signIns: RecordAccess | undefined;
}

/**
 * Lets roles be granted: by whoever has them, so that nobody comes to more by way of others.
 *
 * @param access What is denied otherwise; undefined when anything is permitted.
 * @throws ACCESS_DENIED
 */
export function assertGrantable(
  context: TenantContext | undefined,
  access: RecordAccess | undefined,
  roles: readonly string[],
  action: RecordAction,
): void {
  if (access === undefined || roles.every((role) => context?.roles.includes(role))) return;
  throw access.denied(action);
}

/** A subject and its roles as they may stand in a context. @throws TENANT_CONTEXT_INVALID */
export function checkedSubject(tenant: TenantId, subject: string, roles: readonly string[] = []): TenantContext {
  return tenantContext({ tenant, subject, roles });
}

/** The change of a member or a session, for the audit trail; plans count neither. */
export const identityChange = (
  name: "#members" | "#sessions",
  id: readonly string[],
  before: object | undefined,
  after: object | undefined,
): RecordChange => ({
  entity: name,
  id: pack(id),
  kind: after === undefined ? "delete" : before === undefined ? "create" : "update",
  before,
  after,
  bytesBefore: 0,
  bytesAfter: 0,
});

/** The elements of a stored record, the first of which is its format. @throws IDENTITY_CORRUPT */
export function recordElements(bytes: Uint8Array, kind: string, format: number): readonly TupleElement[] {
  try {
    const [found, ...elements] = unpack(bytes);
    if (found === format) return elements;
  } catch (cause) {
    throw tenantryError("IDENTITY_CORRUPT", { kind }, { cause });
  }
  throw tenantryError("IDENTITY_CORRUPT", { kind });
}

/** The texts of a nested tuple. @throws IDENTITY_CORRUPT */
export function textsOf(element: TupleElement | undefined, kind: string): readonly string[] {
  if (Array.isArray(element) && element.every((item) => typeof item === "string")) return element;
  throw tenantryError("IDENTITY_CORRUPT", { kind });
}
