/** Bounds of metrics, service levels and health checks. */

/** Tenants with a label of their own in metrics at once, unless `open` is told otherwise. */
export const tenantLabelsMax = 20;
export const tenantLabelsLargest = 1_000;

/** Labels a process ever hands out, and tenants it counts the calls of, for each label it shows at once. */
export const tenantLabelsEverPerLabel = 10;
export const tenantLabelsCountedPerLabel = 8;

/** The time after which the busiest tenants are found anew. */
export const tenantLabelWindowMs = 60_000;

/** Tenants whose service level is kept, and the parts that its window moves by. */
export const serviceLevelTenantsMax = 2_000;
export const serviceLevelSlots = 12;

/** The time a health check has, unless it is told otherwise. */
export const healthTimeoutMs = 1_000;
