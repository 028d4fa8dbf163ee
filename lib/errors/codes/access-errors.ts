/** Codes about who may do what: roles, tokens, sessions and members. */
import { define } from "../definition.js";

export const accessErrors = {
  ACCESS_DENIED: define<{ entity: string; action: string }>()("denied", "The roles here do not permit this."),
  ACCESS_FILTER_TOO_WIDE: define<{ entity: string; seenRowsMax: number }>()(
    "limit",
    "Too few of the rows read may be seen: use a narrower query, pages or a scan.",
  ),
  ROLES_INVALID: define<{ role: string; reason: string }>()("usage", "A role is not valid."),
} as const;
