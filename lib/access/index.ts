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
