/** What the client throws, as the port's errors. */
import { isTenantryError } from "../../errors/index.js";
import { EngineError } from "../error.js";

/** Codes that more than one place decides by. */
export const fdbCodes = {
  transactionCancelled: 1025,
  clientInvalidOperation: 2000,
  invalidOptionValue: 2006,
  invalidOption: 2007,
  apiVersionAlreadySet: 2201,
} as const;

/** FoundationDB's code of an error, whether the client's own, an {@link EngineError}, or one of another copy of it. */
export function fdbCodeOf(error: unknown): number | undefined {
  if (error instanceof EngineError) return error.fdbCode;
  if (isTenantryError(error, "ENGINE")) return error.details.fdbCode;
  // By its shape: the binding's errors may be of another realm, as they are under a test runner.
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "number" && Number.isInteger(error.code) ? error.code : undefined;
}

/**
 * The client's error as an {@link EngineError} of the same code. What has no code is a call the binding refused
 * (a handle that was closed, an argument it cannot take): 2000, with the binding's error as the cause.
 */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError(fdbCodeOf(error) ?? fdbCodes.clientInvalidOperation, { cause: error });
}
