/** Steps of a tenant's handle itself: all of its records out and in, what has expired, whether it can be read. */
import type { Arbitrary } from "fast-check";
import type { FastCheck } from "./fast-check.js";

/** One operation of the handle. An import is of the tenant's last export, of another tenant's, or of any lines. */
export type HandleStep =
  | { readonly do: "export" | "sweep" | "available" }
  | { readonly do: "import"; readonly of: "own" | "other" }
  | { readonly do: "import"; readonly of: "forged"; readonly lines: readonly string[] };

/** What is done with the handle. */
export function handleArbitrary(fc: FastCheck): Arbitrary<HandleStep> {
  const lines = fc.array(fc.oneof(fc.json(), fc.string()), { maxLength: 2 });
  return fc.oneof(
    fc.record({ do: fc.constantFrom("export" as const, "sweep" as const, "available" as const) }),
    fc.record({ do: fc.constant("import" as const), of: fc.constantFrom("own" as const, "other" as const) }),
    fc.record({ do: fc.constant("import" as const), of: fc.constant("forged" as const), lines }),
  );
}
