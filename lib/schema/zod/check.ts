/** The checks of a schema that would make a record come back changed: asynchronous ones, and changes not idempotent. */
import type * as core from "zod/v4/core";
import type { DefinitionPlace } from "./place.js";

/** Whether a function is declared async; one that merely returns a promise shows itself when it runs. */
export const isAsync = (fn: unknown): boolean => typeof fn === "function" && fn.constructor.name === "AsyncFunction";

/** Values a change is tried on twice, by the type of the schema. */
const samples: Readonly<Record<string, readonly unknown[]>> = {
  string: ["", "a", " Ab c ", "É ß", "x-Y_z.1", "a".repeat(300), "-1.5"],
  number: [0, 1, -1, 2, 1.5, 100, 1e9, -0.1],
  bigint: [0n, 1n, -1n, 10n ** 20n],
  boolean: [true, false],
  date: [new Date(0), new Date(1_700_000_000_123)],
};

/** Whether applying a change again changes nothing, as far as a few values tell. */
function isIdempotent(change: (value: unknown) => unknown, type: string): boolean {
  return (samples[type] ?? []).every((sample) => {
    try {
      const once = change(sample);
      const twice = change(once);
      return Object.is(once, twice) || (once instanceof Date && twice instanceof Date && +once === +twice);
    } catch {
      return true; // A sample the change was not made for.
    }
  });
}

/** Refuses a schema's asynchronous checks, and changes (`overwrite`) that a second write would apply again. */
export function refuseChecks(schema: core.$ZodType, place: DefinitionPlace): void {
  const { def } = schema._zod;
  const own: readonly unknown[] = "fn" in def ? [def.fn] : [];
  if (own.some(isAsync)) place.refuse("asyncRefinement");
  for (const check of def.checks ?? []) {
    const checkDef: { readonly check: string; readonly fn?: unknown; readonly tx?: unknown } = check._zod.def;
    if (isAsync(checkDef.fn) || isAsync(check._zod.check)) place.refuse("asyncRefinement");
    const { tx } = checkDef;
    if (checkDef.check !== "overwrite" || typeof tx !== "function") continue;
    if (isAsync(tx) || !isIdempotent((value) => tx(value), def.type)) place.refuse("oneWayTransform");
  }
}
