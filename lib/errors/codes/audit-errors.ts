/** Codes of audit trails. */
import { define } from "../definition.js";

export const auditErrors = {
  AUDIT_TRAIL_CORRUPT: define()("corrupt", "A row of an audit trail is not one."),
  AUDIT_TRAIL_BROKEN: define()("corrupt", "The audit trail does not fit its seals; verify it."),
  AUDIT_OPTION_INVALID: define<{ option: string; reason: string }>()(
    "usage",
    "An option of a call on audit trails is not valid.",
    "option",
    "reason",
  ),
} as const;
