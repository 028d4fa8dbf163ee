/** Published as `tenantry/access`: who may do what in a tenant. Whoever does not import it does not load jose. */
export type { FieldCondition, RecordCondition, WithoutStrays } from "./roles/condition.js";
export {
  allow,
  forbid,
  type Permission,
  type PermissionActions,
  type PermissionOptions,
  type PermissionSubject,
} from "./roles/permission.js";
export { roles } from "./roles/role-policy.js";
export { jwtAuthenticator, jwtVerifier } from "./tokens/jwt-authenticator.js";
export type { JwtOptions } from "./tokens/jwt-options.js";
export { type MfaOptions, requireMfa } from "./tokens/multi-factor.js";
export type { Authenticate, Principal, RequestHead } from "./tokens/principal.js";
