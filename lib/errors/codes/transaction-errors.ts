/** Codes of running transactions: attempts, deadlines, misuse of a transaction. */
import { define } from "../definition.js";

export const transactionErrors = {
  TRANSACTION_ATTEMPTS_EXHAUSTED: define<{ attempts: number; fdbCode: number | undefined }>()(
    "conflict",
    "The transaction was tried as often as allowed and did not commit.",
  ),
  TRANSACTION_DEADLINE_PASSED: define<{ deadlineMs: number; attempts: number }>()(
    "unavailable",
    "The transaction did not end before its deadline; nothing was written.",
  ),
  TRANSACTION_ABORTED: define<{ attempts: number }>()(
    "unavailable",
    "The transaction was aborted by its signal; nothing was written.",
  ),
  TRANSACTION_TOO_LARGE: define<{ bytes: number | undefined; transactionBytesMax: number }>()(
    "limit",
    "This is more than one transaction can write; nothing was written: write it in several.",
  ),
  TRANSACTION_OUTCOME_UNKNOWN: define<{ attempts: number; fdbCode: number | undefined }>()(
    "unavailable",
    "It could not be found out whether the transaction was applied.",
  ),
  TRANSACTION_ENDED: define<{ operation: string }>()("usage", "The transaction was used after its end.", "operation"),
  TRANSACTION_NESTED: define()("usage", "A transaction was started inside another one."),
  TRANSACTION_OPERATION_PENDING: define<{ pending: number }>()(
    "usage",
    "The transaction's function returned before its operations were done; nothing was written.",
  ),
  TRANSACTION_OPTION_INVALID: define<{ option: string; reason: string }>()(
    "usage",
    "An option of the transaction is not valid.",
    "option",
    "reason",
  ),
  IDEMPOTENCY_KEY_REUSED: define()(
    "conflict",
    "The idempotency key belongs to another request: take a new key for each, and the same one only to repeat it.",
  ),
  IDEMPOTENT_RESULT_INVALID: define<{ reason: string; bytes: number | undefined; idempotentResultBytesMax: number }>()(
    "usage",
    "The value of a transaction with an idempotency key cannot be kept for replays; nothing was written.",
    "reason",
  ),
  MARKER_CORRUPT: define()("corrupt", "A stored marker of a transaction is not one."),
  AFTER_COMMIT_FAILED: define()("unavailable", "A function to run after a commit failed; the transaction was applied."),
  DATABASE_CLOSED: define()("unavailable", "The database is closing or closed."),
} as const;
