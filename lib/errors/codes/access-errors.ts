/** Codes about who may do what: roles, tokens, sessions and members. */
import { define } from "../definition.js";

export const accessErrors = {
  ACCESS_DENIED: define<{ entity: string; action: string }>()("denied", "The roles here do not permit this."),
  ACCESS_FILTER_TOO_WIDE: define<{ entity: string; seenRowsMax: number }>()(
    "limit",
    "Too few of the rows read may be seen: use a narrower query, pages or a scan.",
  ),
  TOKEN_INVALID: define()("unauthenticated", "There is no valid token with the request."),
  TOKEN_TENANTS_UNAVAILABLE: define()(
    "unavailable",
    "Which tenants a token's issuer speaks for could not be found out.",
  ),
  TOKEN_KEYS_UNAVAILABLE: define()("unavailable", "The keys of a token's issuer could not be fetched."),
  MFA_REQUIRED: define<{ assurances: readonly string[]; maxAgeS: number | undefined }>()(
    "unauthenticated",
    "This takes a sign-in with more than one factor, not too long ago.",
  ),
  SESSION_INVALID: define<{ part: string }>()("input", "A part of the new session is out of its bounds."),
  MEMBER_EXISTS: define<{ subject: string }>()("conflict", "The subject is a member already."),
  MEMBER_NOT_FOUND: define<{ subject: string }>()("missing", "The subject is not a member."),
  IDENTITY_CORRUPT: define<{ kind: string; subject?: string | undefined }>()(
    "corrupt",
    "The stored record of a member or a session is not one.",
  ),
  AUTHENTICATOR_OPTION_INVALID: define<{ option: string; reason: string }>()(
    "usage",
    "An option of an authenticator or of a middleware is not valid.",
    "option",
    "reason",
  ),
  REQUEST_INVALID: define()("input", "The request cannot be served as it is."),
  REQUEST_SCOPE_MISSING: define()("usage", "The request has not passed the middleware that finds its tenant."),
  ROLES_INVALID: define<{ role: string; reason: string }>()("usage", "A role is not valid.", "role", "reason"),
} as const;
