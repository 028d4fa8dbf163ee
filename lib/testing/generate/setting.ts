/** Settings: with which quotas the database of a run is opened, whether with its audit on, and what was there before. */
import type { Arbitrary } from "fast-check";
import type { QuotaLimit, QuotaOptions, QuotaPlan, RateLimit } from "../../quota/index.js";
import type { AnyEntity } from "../../schema/index.js";
import type { FastCheck } from "./fast-check.js";

/** How the database of a run is opened. */
export interface Setting {
  readonly quotas: QuotaOptions | undefined;
  /** The plan of the tenant that acts. */
  readonly plan: string | undefined;
  readonly audited: boolean;
  /** Whether the tenant that acts has had records before the entities had indexes, and has none any more. */
  readonly grown: boolean;
}

/** The plan of all tenants that do not act: everything is counted, and nothing is refused. */
export const unboundedPlan = "unbounded";

/** The plan of the tenant that acts, where the laws make one. */
const boundedPlan = "bounded";

/** Names of what the laws' own plans bound. */
export const lawNames = { resources: ["seats", "rooms"], rates: ["tokens", "none"] } as const;

/** Limits that are met soon, of every kind; and large ones, of which what is left is spread over several rows. */
function limits(fc: FastCheck, amounts: readonly number[]): Arbitrary<QuotaLimit | undefined> {
  const amount = fc.constantFrom(...amounts, 1_000_000, Number.POSITIVE_INFINITY);
  const hard = fc.record({ hard: amount });
  return fc.option(fc.oneof(amount, hard, fc.record({ soft: amount })), { nil: undefined, freq: 3 });
}

/** A plan over entities. Its rates give tokens back slowly, so that they run out. */
function plans(fc: FastCheck, entities: readonly AnyEntity[]): Arbitrary<QuotaPlan> {
  const [few, bytes] = [limits(fc, [0, 1, 3, 8]), limits(fc, [200, 1_000])];
  const entity = fc.record({ records: few, bytes });
  const rate = (burst: number): Arbitrary<RateLimit> => fc.constant({ perMinute: 60, burst });
  const seldom = fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.record({ calls: rate(9), writes: rate(5) }) },
  );
  return fc.record({
    storageBytes: bytes,
    entities: fc
      .tuple(...entities.map(() => entity))
      .map((quotas) => Object.fromEntries(entities.map(({ name }, at) => [name, quotas[at] ?? {}]))),
    resources: fc.record({ seats: few.map((limit) => limit ?? 2), rooms: few.map((limit) => limit ?? { soft: 1 }) }),
    connections: few,
    rates: fc.tuple(rate(3), seldom).map(([tokens, ofAll]) => ({ tokens, none: { perSecond: 0 }, ...ofAll })),
  });
}

/** Quotas in half of the runs, `given` ones or the laws' own; the audit in half of them; earlier entities in a quarter. */
export function settingArbitrary(
  fc: FastCheck,
  entities: readonly AnyEntity[],
  given: QuotaOptions | undefined,
): Arbitrary<Setting> {
  const others = { audited: fc.boolean(), grown: fc.nat(3).map((drawn) => drawn === 3) };
  const none = fc.record({ quotas: fc.constant(undefined), plan: fc.constant(undefined), ...others });
  const bounded =
    given === undefined
      ? fc.record({
          quotas: plans(fc, entities).map((plan): QuotaOptions => ({ plans: { [boundedPlan]: plan } })),
          plan: fc.constant(boundedPlan),
          ...others,
        })
      : fc.record({
          quotas: fc.constant(given),
          plan: fc.constantFrom(undefined, ...Object.keys(given.plans)),
          ...others,
        });
  return fc.oneof(none, bounded).map(({ quotas, ...rest }) => ({ quotas: quotas && withUnbounded(quotas), ...rest }));
}

/** The same setting, under a plan whose rate of calls operators can set. */
export const withCalls = (setting: Setting): Setting => ({
  ...setting,
  quotas: withUnbounded({ plans: { [boundedPlan]: { rates: { calls: { perSecond: 1_000 } } } } }),
  plan: boundedPlan,
});

/** The same quotas, and a plan without bounds, which nothing overrides. */
function withUnbounded({ plans: named, overrides, ...rest }: QuotaOptions): QuotaOptions {
  return {
    ...rest,
    plans: { ...named, [unboundedPlan]: {} },
    ...(overrides === undefined
      ? {}
      : { overrides: (tenant) => (tenant.plan === unboundedPlan ? undefined : overrides(tenant)) }),
  };
}
