/** Refusals of the engine that have a name of their own here. */
import { tenantryError } from "../../errors/index.js";
import { transactionBytesMax } from "../../limits/index.js";
import { fdbCodeOf } from "./retry.js";

/** The code of a transaction over the engine's bound. */
const transactionTooLarge = 2101;

/** What leaves in place of an error that a run ended with: itself, unless there is a better one. */
export function named(error: unknown): unknown {
  if (fdbCodeOf(error) !== transactionTooLarge) return error;
  return tenantryError("TRANSACTION_TOO_LARGE", { bytes: undefined, transactionBytesMax }, { cause: error });
}
