/** The control plane's keys, outside every tenant: the registry, erasures' markers, audit trails, what holds for all. */
import { type TenantId, tenantIdBytes, tenantIdFromBytes } from "../tenant/index.js";
import { pack, strinc, type TupleElement, TupleUuid, tupleRange, unpack, uuid } from "../tuple/index.js";
import { type KeyRange, PrefixRange } from "./tenant-range.js";

/** What stands in place of a tenant's id, in front of all of the control plane. */
export const CONTROL = 0;

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
  /** What is no tenant's: a keyspace of its own. */
  global: 9,
} as const;

/** Things stored once for the whole database. */
export type MetaName = "database" | "format" | "cursorKeys" | "health" | "clock" | "auditKeys";

/** Work on whole tenants that is remembered until it is done. */
export type TenantJob = "provisioning" | "erasure";

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

  /** The definition an entity was opened with last: `(root…, 0, 7, entity)`. */
  definitionKey(entity: string): Uint8Array {
    return this.#key(controlSubspaces.schemas, entity);
  }

  /** A layout that records of an entity have: `(root…, 0, 7, entity, version, fingerprint)`. */
  layoutKey(entity: string, version: number, fingerprint: number): Uint8Array {
    return this.#key(controlSubspaces.schemas, entity, version, fingerprint);
  }

  /** The layouts that records of an entity had in versions before `version`. */
  layoutsBefore(entity: string, version: number): KeyRange {
    return {
      begin: tupleRange(this.definitionKey(entity)).begin,
      end: this.#key(controlSubspaces.schemas, entity, version),
    };
  }

  /** What a key of theirs is about; undefined when it is no such key. */
  schemaOf(
    key: Uint8Array,
  ): { readonly entity: string; readonly version?: number; readonly fingerprint?: number } | undefined {
    const prefix = new PrefixRange(this.#key(controlSubspaces.schemas));
    if (!prefix.contains(key)) return undefined;
    const [entity, version, fingerprint] = unpack(key.subarray(prefix.prefixLength));
    if (typeof entity !== "string") return undefined;
    return typeof version === "number" && typeof fingerprint === "number"
      ? { entity, version, fingerprint }
      : { entity };
  }

  /** All definitions and layouts. */
  get schemasRange(): KeyRange {
    return tupleRange(this.#key(controlSubspaces.schemas));
  }

  /** Something stored once: `(root…, 0, 4, name)`. */
  metaKey(name: MetaName): Uint8Array {
    return this.#key(controlSubspaces.meta, name);
  }

  /** Which tenant an external key stands for: `(root…, 0, 5, key)`; the value is the packed id. */
  externalKey(key: string): Uint8Array {
    return this.#key(controlSubspaces.externalKeys, key);
  }

  /** What an external key's row holds. */
  externalKeyValue(id: TenantId): Uint8Array {
    return pack([uuid(tenantIdBytes(id))]);
  }

  /** The tenant whose packed id stands at the end of a key, or is a value; undefined when there is none. */
  lastTenant(bytes: Uint8Array): TenantId | undefined {
    const last = unpack(bytes).at(-1);
    return last instanceof TupleUuid ? tenantIdFromBytes(last.bytes) : undefined;
  }

  /** A tenant by its name: `(root…, 0, 8, name, tenant)`. */
  nameKey(name: string, id: TenantId): Uint8Array {
    return this.#key(controlSubspaces.tenantsByName, name, uuid(tenantIdBytes(id)));
  }

  /** The keys of all names that begin with `prefix`. */
  namesWith(prefix: string): KeyRange {
    // A string element ends in a zero byte; without it, the bytes are those all longer ones begin with.
    const open = this.#key(controlSubspaces.tenantsByName, prefix).subarray(0, -1);
    return { begin: Uint8Array.from(open), end: strinc(open) };
  }

  /** Work on a tenant that waits, since or until `at` where the time matters: `(root…, 0, 6, job, at, tenant)`. */
  jobKey(job: TenantJob, id: TenantId, at = 0): Uint8Array {
    return this.#key(controlSubspaces.jobs, job, at, uuid(tenantIdBytes(id)));
  }

  /** All work of a kind; with `until`, that whose time is no later. */
  jobs(job: TenantJob, until?: number): KeyRange {
    const { begin, end } = tupleRange(this.#key(controlSubspaces.jobs, job));
    return { begin, end: until === undefined ? end : this.#key(controlSubspaces.jobs, job, until + 1) };
  }

  #key(...elements: readonly TupleElement[]): Uint8Array {
    return pack([CONTROL, ...elements], this.#root);
  }
}
