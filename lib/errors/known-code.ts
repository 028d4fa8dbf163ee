/** What may be said of an error where logs, metrics and traces are written: a code of the library's, or nothing. */
import { catalogue, type ErrorCode } from "./catalogue.js";
import { isTenantryError } from "./tenantry-error.js";

/** An error's code; `other` for whatever the library does not define, since a program's own may hold data. Throws nothing. */
export function knownCode(error: unknown): ErrorCode | "other" {
  try {
    if (!isTenantryError(error)) return "other";
    const { code } = error;
    return Object.hasOwn(catalogue, code) ? code : "other";
  } catch {
    return "other";
  }
}
