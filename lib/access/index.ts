/** Published as `tenantry/access`: who may do what in a tenant. Whoever does not import it loads neither jose nor CASL. */
export {
  allow,
  type FieldCondition,
  forbid,
  type Permission,
  type PermissionOptions,
  type PermissionSubject,
  type RecordCondition,
} from "./roles/permission.js";
export { roles } from "./roles/role-policy.js";
export { jwtAuthenticator, jwtVerifier } from "./tokens/jwt-authenticator.js";
export type { JwtOptions } from "./tokens/jwt-options.js";
export { type MfaOptions, requireMfa } from "./tokens/multi-factor.js";
export type { Authenticate, Principal, RequestHead } from "./tokens/principal.js";
