/** Lifecycle: tenants from provisioning to erasure, and what the database keeps for itself. */
export type { ControlPlane } from "./control-plane.js";
export { GivenKeyring, givenKeyring, StoredKeyring } from "./database/cursor-keys.js";
export { checkHealth, type HealthOptions, type HealthParts, type HealthReport } from "./database/health.js";
export { claimRoot } from "./database/root-claim.js";
export { enterAsOperator, type OperatorEntrance } from "./operator.js";
export type {
  EraseOptions,
  ListTenantsOptions,
  ProvisionOptions,
  RetireOptions,
  SuspendOptions,
  TenantChanges,
  TenantFilter,
  TenantPage,
  TenantPageOptions,
} from "./options.js";
export type { FailedProvisioning, ResumedProvisioning } from "./provisioning.js";
export { Registry } from "./registry.js";
export { type ProvisioningOptions, type Seed, type SeedPosition, seedsOf } from "./seed.js";
export { Tenants } from "./tenants.js";
export {
  type DatabaseSweepOptions,
  type DatabaseSwept,
  sweepTenants,
  takeSweepOptions,
} from "./upkeep/expiry-sweep.js";
