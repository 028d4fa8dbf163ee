/** Steps of quotas: what a tenant claims, takes, holds and asks of what its plan bounds. */
import type { Arbitrary } from "fast-check";
import type { QuotaOptions } from "../../quota/index.js";
import type { FastCheck } from "./fast-check.js";

/** One operation on the claims of a resource: alone, or inside a transaction. */
export type ClaimStep = { readonly resource: string } & (
  | { readonly do: "claim" | "release" | "hasClaim"; readonly name: string }
  | { readonly do: "listClaims"; readonly after: string | undefined; readonly limit: number }
);

/** One operation of a tenant's quotas. */
export type QuotaStep =
  | ClaimStep
  | { readonly do: "usage" | "connect" }
  | { readonly do: "take"; readonly rate: string; readonly count: number }
  /** Gives back a connection; which, counts those it has. */
  | { readonly do: "disconnect"; readonly lease: number };

/** Names that plans have for what is claimed and what is taken. */
export interface QuotaNames {
  readonly resources: readonly string[];
  readonly rates: readonly string[];
}

/** The names in all plans. */
export function quotaNames({ plans }: QuotaOptions): QuotaNames {
  const all = Object.values(plans);
  return {
    resources: [...new Set(all.flatMap(({ resources }) => Object.keys(resources ?? {})))],
    rates: [...new Set(all.flatMap(({ rates }) => Object.keys(rates ?? {})))],
  };
}

/** In whose names every tenant claims. */
export const claimants = ["ada", "ada\0"] as const;

/** What plans have, and now and then what none can have. */
function mostly(fc: FastCheck, known: readonly string[], unknown: readonly [string, ...string[]]): Arbitrary<string> {
  const other = fc.constantFrom(...unknown);
  if (known.length === 0) return other;
  return fc.oneof({ weight: 7, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: other });
}

/** What is done with claims. */
export function claimArbitrary(fc: FastCheck, { resources }: QuotaNames): Arbitrary<ClaimStep> {
  const resource = mostly(fc, resources, ["unknown", "__proto__"]);
  const name = mostly(fc, [...claimants, "bob"], ["", "\ud800", "x".repeat(2_000)]);
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom("claim" as const, "claim" as const, "release" as const, "hasClaim" as const),
        resource,
        name,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("listClaims" as const),
        resource,
        after: fc.option(name, { nil: undefined }),
        limit: fc.nat(3),
      }),
    },
  );
}

/** What is done with quotas. */
export function quotaArbitrary(fc: FastCheck, names: QuotaNames): Arbitrary<QuotaStep> {
  return fc.oneof(
    { weight: 3, arbitrary: claimArbitrary(fc, names) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("usage" as const, "connect" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("take" as const),
        rate: mostly(fc, names.rates, ["unknown"]),
        count: fc.constantFrom(1, 1, 1, 2, 0, 1_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("disconnect" as const), lease: fc.nat(3) }) },
  );
}
