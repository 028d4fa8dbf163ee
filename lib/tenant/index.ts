/** Tenant: ids, states and the registry's record, as pure data. */
export { isBoundedText } from "./bounded-text.js";
export type { AggregateState, EntityState, IndexState, IndexStatus } from "./entity-state.js";
export { decodeEntityState, encodeEntityState, isDamagedState } from "./entity-state.js";
export type { QuotaOverride, QuotaOverrides } from "./quota-override.js";
export { isQuotaOverride, ratePrefix } from "./quota-override.js";
export { assertPrincipal, isSubject, subjectDigest, subjectRule } from "./subject.js";
export { type OperatorOptions, operatorAct, type QuotaChange, type TenantAct } from "./tenant-act.js";
export { type TenantContext, tenantContext } from "./tenant-context.js";
export type { Made, TenantId, TenantIdFault } from "./tenant-id.js";
export { isTenantId, newTenantId, parseTenantId, tenantIdBytes, tenantIdFromBytes } from "./tenant-id.js";
export type { TenantMetadata, TenantProfile } from "./tenant-profile.js";
export { isExternalKey, isTenantName, tenantProfile } from "./tenant-profile.js";
export type { TenantRecord, TenantRecordFault } from "./tenant-record.js";
export { decodeTenantRecord, encodeTenantRecord } from "./tenant-record.js";
export type { TenantState, TenantStateRules } from "./tenant-state.js";
export { isTenantState, tenantStates } from "./tenant-state.js";
