/** Guard: the query validator under every tenant's transaction. Pure. */
export type { BoundedSelector, SelectorLike } from "./selector.js";
export { TenantGuard } from "./tenant-guard.js";
export type { QueryFault, QueryFaultReason, QueryOptions, TenantQuery } from "./validate-query.js";
export { assertQuery, validateQuery } from "./validate-query.js";
export type { GuardedOperation, OnViolation, Violation, ViolationLogOptions, ViolationReason } from "./violation.js";
export { ViolationLog } from "./violation.js";
