/** Quotas: what a tenant may use, counted and bounded in its own transactions. */
export type { ConnectionLease } from "./connection/lease.js";
export type { QuotaLimit, RateLimit } from "./plan/limit.js";
export type { OverrideOf } from "./plan/override.js";
export type { TenantRecords } from "./plan/override-book.js";
export type { EntityQuota, QuotaPlan } from "./plan/plan.js";
export type { QuotaOptions } from "./plan/plan-book.js";
export { Quotas, type RecountOptions } from "./quotas.js";
export type { Headroom } from "./rate/token-desk.js";
export { type ConnectOptions, claimsIn, TenantQuotas } from "./tenant-quotas.js";
export type { Claims, ListClaimsOptions } from "./usage/claims.js";
export type { RecountedResource } from "./usage/recount.js";
export type { ResourceUsage, UsageReport } from "./usage/usage-report.js";
