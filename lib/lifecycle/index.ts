/** Lifecycle: tenants from provisioning to retirement, and what the database keeps for itself. */
export type { ControlPlane } from "./control-plane.js";
export { GivenKeyring, StoredKeyring } from "./cursor-keys.js";
export { checkHealth, type HealthOptions, type HealthParts, type HealthReport } from "./health.js";
export { type ListTenantsOptions, type ProvisionOptions, Tenants } from "./tenants.js";
