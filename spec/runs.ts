/** How often a property runs: a small number in `npm test`, `TENANTRY_RUNS` in a soak. */
export const runs = (small: number): number => Number(process.env["TENANTRY_RUNS"] ?? small);

/** Whether this is a soak. */
export const soaks = process.env["TENANTRY_RUNS"] !== undefined;
