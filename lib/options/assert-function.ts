/** Functions that callers hand in: told to be none before anything is done with them. */
import { tenantryError } from "../errors/index.js";

/**
 * @param of The method or option whose function it is, for the error.
 * @throws FUNCTION_INVALID for what is no function.
 */
export function assertFunction(given: unknown, of: string): void {
  if (typeof given !== "function") throw tenantryError("FUNCTION_INVALID", { of });
}

/** As `assertFunction`, for one that may be left out. */
export function assertFunctionIfGiven(given: unknown, of: string): void {
  if (given !== undefined) assertFunction(given, of);
}
