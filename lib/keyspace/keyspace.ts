/** The keyspace of one database: its root, the tenants' ranges and the control plane's keys. */
import { type TenantId, tenantIdBytes } from "../tenant/index.js";
import { pack, type TupleElement, uuid } from "../tuple/index.js";
import { CONTROL, ControlKeys, controlSubspaces } from "./control-keys.js";
import { TenantRange } from "./tenant-range.js";

/** The root of a database that names none. */
export const defaultRoot: readonly TupleElement[] = ["tenantry"];

/**
 * The one map from tenants to keys. A physical key is the packed tuple `(root…, tenant, …)`, the tenant being a
 * UUID element of fixed width, so that no tenant's prefix begins another's.
 */
export class Keyspace {
  readonly control: ControlKeys;
  readonly #root: Uint8Array;
  readonly #elements: readonly TupleElement[];

  /** @param root The elements in front of every key: lets several databases share a cluster. */
  constructor(root: readonly TupleElement[] = defaultRoot) {
    this.#elements = [...root];
    this.#root = pack(root);
    this.control = new ControlKeys(this.#root);
  }

  /** The range of a tenant; every key of its own lies in there, and none of another's. */
  tenant(id: TenantId): TenantRange {
    return new TenantRange(id, pack([uuid(tenantIdBytes(id))], this.#root));
  }

  /** The keyspace of what is no tenant's, inside the control plane: `(root…, 0, 9, …)`. */
  global(): Keyspace {
    return new Keyspace([...this.#elements, CONTROL, controlSubspaces.global]);
  }

  /** The range of the audit trail of one incarnation of a tenant: in the control plane, and of this tenant alone. */
  trail(id: TenantId, incarnation: number): TenantRange {
    return new TenantRange(id, this.control.auditPrefix(id, incarnation));
  }
}
