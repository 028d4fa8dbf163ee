/** Codes of running transactions: attempts, deadlines, misuse of a transaction. */
import { define } from "./definition.js";

export const transactionErrors = {
  TRANSACTION_ATTEMPTS_EXHAUSTED: define<{ attempts: number; fdbCode: number | undefined }>()(
    "conflict",
    "The transaction was tried as often as allowed and did not commit.",
  ),
} as const;
