/** Errors: codes, base classes, families. */
export type { ErrorCode, ErrorDetails } from "./catalogue.js";
export { catalogue } from "./catalogue.js";
export type { RecordIssue } from "./codes/schema-errors.js";
export { copiesApart, isOfAnotherCopy, markOwn } from "./copies.js";
export type { ErrorFamily } from "./definition.js";
export { knownCode } from "./known-code.js";
export type { Misuse } from "./misuse.js";
export type { JsonValue, SafeError } from "./sanitize.js";
export { errorResponse, safeResponse, sanitize } from "./sanitize.js";
export { leaving } from "./stack.js";
export type { CodedError, ErrorJson } from "./tenantry-error.js";
export { isTenantryError, TenantryError, TenantryTypeError, tenantryError } from "./tenantry-error.js";
export { givenName } from "./told/given-name.js";
