/** The usage report: what a tenant uses, beside what it may use. */
import type { QuotaOverrides } from "../../tenant/index.js";
import { type ReadTransaction, siblings } from "../../transaction/index.js";
import type { Limit } from "../plan/limit.js";
import type { Grant, PlanBook } from "../plan/plan-book.js";
import type { Headroom } from "../rate/token-desk.js";
import { readUsed } from "./ledger.js";
import { claimed, connections, entityAccount, storage, UsageKeys } from "./resource.js";

/**
 * What a tenant uses of one resource.
 *
 * @example
 * ```ts
 * import type { ResourceUsage } from "tenantry";
 * const isNearlyFull = ({ used, limit }: ResourceUsage): boolean => limit !== undefined && used > limit * 0.9;
 * ```
 */
export interface ResourceUsage {
  /** `storageBytes`, `records:…` and `bytes:…` of each entity, the plan's own names, `connections`. */
  readonly resource: string;
  readonly used: number;
  /** Undefined where there is none. */
  readonly limit: number | undefined;
  /** Whether the limit is never passed. */
  readonly kind: Limit["kind"] | undefined;
  /** What is left; 0 where more is used than the limit. */
  readonly remaining: number | undefined;
}

/**
 * What a tenant uses, all of one point in time but the rates.
 *
 * @example
 * ```ts
 * import type { UsageReport } from "tenantry";
 * const bytes = ({ resources }: UsageReport) => resources.find(({ resource }) => resource === "storageBytes")?.used;
 * ```
 */
export interface UsageReport {
  readonly plan: string | undefined;
  readonly resources: readonly ResourceUsage[];
  /** The rates of the plan, by name, as far as this process knows. */
  readonly rates: Readonly<Record<string, Headroom>>;
  /** Which of these limits and rates an operator has set for the tenant, by resource; `rate:…` for rates. */
  readonly overrides: QuotaOverrides;
}

function usageOf(resource: string, used: number, limit: Limit | undefined): ResourceUsage {
  const remaining = limit === undefined ? undefined : Math.max(0, limit.limit - used);
  return { resource, used, limit: limit?.limit, kind: limit?.kind, remaining };
}

/** Reads a report: one get for each account, and one range read, all at once. */
export async function readUsage(
  transaction: ReadTransaction,
  book: PlanBook,
  grant: Grant,
  headroom: (rate: string) => Headroom | undefined,
): Promise<UsageReport> {
  const accounts = [storage, ...[...book.entities].map(entityAccount), ...book.resources.map(claimed), connections];
  const resources = await siblings(
    accounts.map(async (account) => {
      const used = await readUsed(transaction, UsageKeys.ofTenant, account);
      return account.resources.map((name, n) => usageOf(name, Number(used[n]), grant.counted.get(name)));
    }),
  );
  const rates: Record<string, Headroom> = {};
  for (const name of grant.rates.keys()) {
    const room = headroom(name);
    if (room !== undefined) rates[name] = room;
  }
  return { plan: grant.plan, resources: resources.flat(), rates, overrides: grant.overrides };
}
