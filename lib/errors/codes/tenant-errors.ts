/** Codes about tenants: their ids, their states, the wall between them, and the laws that try it. */
import { define } from "../definition.js";

export const tenantErrors = {
  TENANT_ID_INVALID: define<{ reason: string }>()(
    "input",
    "This is not a tenant id: a v4 UUID in canonical form, as `parseTenantId` takes it.",
  ),
  TENANT_RECORD_INVALID: define<{ reason: string }>()("corrupt", "This is not a tenant's record."),
  TENANT_NAME_INVALID: define<{ tenantNameBytesMax: number }>()(
    "input",
    "The name of a tenant is well-formed text of one to the most bytes allowed.",
  ),
  TENANT_CONTEXT_INVALID: define<{ part: string }>()(
    "input",
    "The subject, a role or the request id of a tenant context, or the principal of a page, is not text as permitted, or there are too many roles.",
  ),
  TENANT_CONTEXT_FOREIGN: define()("isolation", "The tenant context is of another tenant than the handle asked for."),
  TENANT_PROFILE_INVALID: define<{ part: string }>()(
    "input",
    "The external key, plan, region or metadata of a tenant cannot be stored.",
  ),
  TENANT_EXISTS: define()("conflict", "There is a tenant with this id already."),
  TENANT_UNKNOWN: define()("missing", "There is no tenant with this id."),
  TENANT_MOVE_INVALID: define<{ from: string; to: string }>()(
    "conflict",
    "The tenant's state does not lead to the one asked for.",
  ),
  TENANT_GRACE_UNENDED: define<{ eraseAfter: number }>()(
    "conflict",
    "The grace period of the retired tenant has not ended.",
  ),
  TENANT_OPTION_INVALID: define<{ option: string; reason: string }>()(
    "usage",
    "An option of a call on tenants is not valid.",
    "option",
    "reason",
  ),
  TENANT_UNAVAILABLE: define()("missing", "There is no such tenant, or it takes no writes now."),
  ISOLATION_VIOLATION: define<{ operation: string; reason: string }>()(
    "isolation",
    "The operation would have left its tenant and was refused.",
  ),
  DATABASE_OPTION_INVALID: define<{ option: string; reason: string }>()(
    "usage",
    "An option of `open` is not valid.",
    "option",
    "reason",
  ),
  TENANT_BUSY: define<{ waitingPerTenant: number }>()(
    "unavailable",
    "Too many calls of the tenant wait for their turn already; nothing was read or written.",
  ),
  SERVICE_LEVELS_OFF: define()("usage", "The database was opened without objectives for its service levels."),
  TEST_PEER_MISSING: define<{ package: string }>()(
    "usage",
    "A package that the laws need is not installed.",
    "package",
  ),
  TEST_RUNNER_MISSING: define<{ option: string }>()(
    "usage",
    "There is no such function of a test runner here: give it as an option.",
    "option",
  ),
  TEST_SCHEMA_RANDOM: define<{ entity: string; field: string }>()(
    "usage",
    "The schema gives another record each time the same input is parsed, so that the laws cannot tell chance from a leak.",
    "entity",
    "field",
  ),
  TEST_RECORDS_MISSING: define<{ entity: string; reason: string }>()(
    "usage",
    "No records of the entity could be made from its schema: give a way to make some.",
    "entity",
    "reason",
  ),
  TENANT_KEY_TAKEN: define()("conflict", "Another tenant has this external key."),
  GLOBAL_OFF: define()("usage", "The database was opened without global entities."),
} as const;
