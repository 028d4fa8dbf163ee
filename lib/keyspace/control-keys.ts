/** The control plane's keys, outside every tenant: the registry, erasures' markers, audit trails, what holds for all. */
import { type TenantId, tenantIdBytes, tenantIdFromBytes } from "../tenant/index.js";
import { pack, type TupleElement, tupleRange, uuid } from "../tuple/index.js";
import { type KeyRange, PrefixRange } from "./tenant-range.js";

/** What stands in place of a tenant's id, in front of all of the control plane. */
const CONTROL = 0;

/** The parts of the control plane. The numbers are stored: none is ever changed or used again. */
export const controlSubspaces = {
  registry: 1,
  markers: 2,
  audit: 3,
  meta: 4,
  /** Tenants by the keys other systems know them by. */
  externalKeys: 5,
  /** How far work across tenants has come. */
  jobs: 6,
  /** The definitions the database was opened with last. */
  schemas: 7,
  tenantsByName: 8,
} as const;

/** Things stored once for the whole database. */
export type MetaName = "format" | "cursorKeys" | "health";

/** The key whose change tells every process that some cached state is old; written by versionstamp only. */
export const metadataVersionKey = (): Uint8Array => Uint8Array.from(METADATA_VERSION);

const METADATA_VERSION = Buffer.from("\xff/metadataVersion", "latin1");

/** The keys of the control plane; all are absolute. */
export class ControlKeys {
  /** The whole of the control plane. */
  readonly range: PrefixRange;
  readonly #root: Uint8Array;

  constructor(root: Uint8Array) {
    this.#root = Uint8Array.from(root);
    this.range = new PrefixRange(this.#key());
  }

  /** A tenant's record: `(root…, 0, 1, tenant)`. */
  registryKey(id: TenantId): Uint8Array {
    return this.#key(controlSubspaces.registry, uuid(tenantIdBytes(id)));
  }

  /** The records of all tenants, in the order of their ids. */
  get registryRange(): KeyRange {
    return tupleRange(this.#key(controlSubspaces.registry));
  }

  /** The tenant of a key of the registry; undefined when it is no such key. */
  registryTenant(key: Uint8Array): TenantId | undefined {
    const prefix = new PrefixRange(this.#key(controlSubspaces.registry));
    // A type code and 16 bytes follow the prefix.
    if (!prefix.contains(key) || key.length !== prefix.prefixLength + 17) return undefined;
    return tenantIdFromBytes(key, prefix.prefixLength + 1);
  }

  /** The marker of a transaction that leaves none in a tenant, as an erasure: `(root…, 0, 2, bucket, token)`. */
  markerKey(bucket: number, token: Uint8Array): Uint8Array {
    return this.#key(controlSubspaces.markers, bucket, token);
  }

  /** All markers in buckets before `bucket`. */
  markersBefore(bucket: number): KeyRange {
    return {
      begin: tupleRange(this.#key(controlSubspaces.markers)).begin,
      end: this.#key(controlSubspaces.markers, bucket),
    };
  }

  /** What the audit entries of one incarnation of a tenant begin with: `(root…, 0, 3, tenant, incarnation)`. */
  auditPrefix(id: TenantId, incarnation: number): Uint8Array {
    return this.#key(controlSubspaces.audit, uuid(tenantIdBytes(id)), incarnation);
  }

  /** The whole audit trail of a tenant. */
  auditRange(id: TenantId): KeyRange {
    return tupleRange(this.#key(controlSubspaces.audit, uuid(tenantIdBytes(id))));
  }

  /** Something stored once: `(root…, 0, 4, name)`. */
  metaKey(name: MetaName): Uint8Array {
    return this.#key(controlSubspaces.meta, name);
  }

  #key(...elements: readonly TupleElement[]): Uint8Array {
    return pack([CONTROL, ...elements], this.#root);
  }
}
