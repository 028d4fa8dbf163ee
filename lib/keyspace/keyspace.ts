/** The keyspace of one database: its root, the tenants' ranges and the control plane's keys. */
import { type TenantId, tenantIdBytes } from "../tenant/index.js";
import { pack, type TupleElement, uuid } from "../tuple/index.js";
import { CONTROL, ControlKeys, controlSubspaces } from "./control-keys.js";
import { type KeyRange, TenantRange } from "./tenant-range.js";

/** The root of a database that names none. */
export const defaultRoot: readonly TupleElement[] = ["tenantry"];

/** The byte that says of which type an element of a key is. */
const codeOf = (element: TupleElement): number => Number(pack([element])[0]);

/** An element as a tenant's id is. */
const anyTenant = uuid(new Uint8Array(16));

/** Whether an element would take keys, as one of a root, that a database around it has for a tenant or for its control plane. */
export const isReserved = (element: TupleElement): boolean =>
  codeOf(element) === codeOf(CONTROL) || codeOf(element) === codeOf(anyTenant);

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

  /** Those that databases around this one would have: behind the first elements of its root. */
  get around(): Keyspace[] {
    return this.#elements.map((_, length) => new Keyspace(this.#elements.slice(0, length)));
  }

  /** All keys behind the root that are neither a tenant's nor the control plane's. */
  get unclaimed(): KeyRange[] {
    const at = (code: number): Uint8Array => Uint8Array.of(...this.#root, code);
    return [
      { begin: at(0), end: at(codeOf(CONTROL)) },
      { begin: at(codeOf(CONTROL) + 1), end: at(codeOf(anyTenant)) },
      { begin: at(codeOf(anyTenant) + 1), end: at(0xff) },
    ];
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
