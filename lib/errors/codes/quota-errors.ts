/** Codes of quotas: what is used up, and what cannot be counted. */
import { define } from "../definition.js";

export const quotaErrors = {
  QUOTA_EXCEEDED: define<{ resource: string; limit: number; used: number; retryAfterMs: number | undefined }>()(
    "quota",
    "The tenant has used up what its plan grants; nothing was written.",
  ),
  QUOTA_UNKNOWN: define<{ kind: "resource" | "rate"; name: string }>()("usage", "No plan names this resource or rate."),
  QUOTA_LIMIT_INVALID: define<{ resource: string; reason: string }>()(
    "usage",
    "This cannot be the limit of a resource.",
    "reason",
  ),
  QUOTA_OVERRIDES_TOO_MANY: define<{ quotaOverridesMax: number }>()(
    "usage",
    "As many limits as can be are set for this tenant already.",
    "quotaOverridesMax",
  ),
  QUOTA_AMOUNT_INVALID: define<{ resource: string }>()("usage", "An amount is a whole number from 1."),
  QUOTA_CLAIM_INVALID: define<{ quotaClaimBytesMax: number }>()(
    "input",
    "The name of a claim is well-formed text of one to the most bytes allowed.",
  ),
  QUOTA_LEASE_LOST: define()("unavailable", "A connection's lease could not be kept; the connection does not count."),
  QUOTA_RECOUNT_SUPERSEDED: define()("conflict", "Another recount of the tenant has begun since."),
  QUOTA_CORRUPT: define<{ part: string }>()("corrupt", "What is stored of a tenant's usage cannot be read."),
  QUOTAS_OFF: define()("usage", "The database was opened without quotas."),
} as const;
