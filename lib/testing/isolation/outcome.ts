/** Outcomes: what an operation answered, in a form that can be compared and searched. */
import { isTenantryError } from "../../errors/index.js";

/**
 * What came of one operation.
 *
 * @example
 * ```ts
 * import { assertSilentAbout, type Outcome } from "tenantry/testing";
 * import type { TenantId } from "tenantry";
 * declare const others: readonly TenantId[];
 * const outcome: Outcome = { step: "get", error: new Error("not there") };
 * assertSilentAbout(others, [outcome]);
 * ```
 */
export type Outcome =
  | { readonly step: string; readonly value: unknown }
  | { readonly step: string; readonly error: unknown };

/** Runs `work` and keeps what came of it. */
export async function outcomeOf(step: string, work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { step, value: await work() };
  } catch (error) {
    return { step, error };
  }
}

/** What of an outcome has to be the same whatever other tenants hold: an error's code and details, or its text. */
export function comparable(outcome: Outcome): unknown {
  if (!("error" in outcome)) return outcome;
  const { step, error } = outcome;
  if (isTenantryError(error)) return { step, code: error.code, message: error.message, details: error.details };
  return { step, error: error instanceof Error ? `${error.name}: ${error.message}` : error };
}
