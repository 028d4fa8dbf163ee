/** Bounds of what tenants use: quotas, rates, connections, and their shares of a process. */

/** Calls that run at once in a process, of all tenants and of one, and how many of one wait; each an option of `fairness`. */
export const fairnessRunningMax = 32;
export const fairnessRunningPerTenantMax = 16;
export const fairnessWaitingPerTenantMax = 1_000;

/** Greatest weight of a tenant in `fairness`, and the reciprocal of the least: further apart, they cannot be added up. */
export const fairnessWeightMax = 1_000_000;

/** Rows that cost as much of a tenant's share as one more call. */
export const fairnessRowsPerTurn = 100;

/** By what the share of its tenant is divided for work of priority `batch`. */
export const fairnessBackgroundDivisor = 10;

/** Parts into which what is left under a hard limit is split: as many transactions take from it at once. */
export const quotaSlotsMax = 64;

/** Units a hard limit has for each of them, and increases that one of them holds when it is filled anew. */
export const quotaSlotUnitsMin = 8;

/** Longest name of a claim, in UTF-8 bytes: as idempotency keys are bounded. */
export const quotaClaimBytesMax = 255;

/** Resources of one tenant whose limits operators have set: each transaction's gate may decode them. */
export const quotaOverridesMax = 64;

/** Records counted in one transaction of a recount, and bytes after which it ends before. */
export const recountBatchRowsMax = 500;
export const recountBatchBytesMax = 4_000_000;

/** Time for which tokens of a rate that a process has leased are good, and a refusal is remembered at most. */
export const rateLeaseMs = 1_000;

/** The part of a rate's burst that one lease takes at most: its reciprocal. */
export const rateLeaseDivisor = 8;

/** Tenants' rates of which a process keeps leases. */
export const tokenDesksMax = 10_000;

/** Time after which the connections of a process that has died are given back, and the longest that can be asked for. */
export const connectionLeaseMs = 15_000;
export const connectionLeaseLongestMs = 3_600_000;
