/** Errors: codes, base classes, families. */
export type { ErrorCode, ErrorDetails } from "./catalogue.js";
export { catalogue } from "./catalogue.js";
export type { ErrorFamily } from "./definition.js";
export type { RecordIssue } from "./schema-errors.js";
export type { CodedError } from "./tenantry-error.js";
export { isTenantryError, TenantryError, TenantryTypeError, tenantryError } from "./tenantry-error.js";
