/** What is counted, and the keys under which it is: the usage subspace of a tenant. */
import { subspacePrefix, subspaces } from "../../keyspace/index.js";
import { concatBytes, pack, type TupleElement, tupleRange } from "../../tuple/index.js";
import { resourceName } from "../plan/plan.js";

/** Something that is counted. */
export interface Resource {
  /** Its name in errors, reports and plans. */
  readonly name: string;
  /** What it is in keys: its kind, and of which entity or resource. */
  readonly key: readonly TupleElement[];
}

/** Kinds of what is counted. The numbers are stored: none is ever changed or used again. */
const kinds = { records: 1, bytes: 2, storage: 3, claimed: 4, connections: 5 } as const;

export const recordsOf = (entity: string): Resource => ({
  name: resourceName.records(entity),
  key: [kinds.records, entity],
});

export const bytesOf = (entity: string): Resource => ({ name: resourceName.bytes(entity), key: [kinds.bytes, entity] });

export const storage: Resource = { name: resourceName.storage, key: [kinds.storage] };

export const claimed = (resource: string): Resource => ({ name: resource, key: [kinds.claimed, resource] });

export const connections: Resource = { name: resourceName.connections, key: [kinds.connections] };

type KeyRange = ReturnType<typeof tupleRange>;

/** Parts of the usage subspace. The numbers are stored: none is ever changed or used again. */
const parts = { state: 0, used: 1, slots: 2, recount: 3, claims: 4, rates: 5, holders: 6 } as const;

/** Keys of the usage subspace, relative to it or to its tenant. */
export class UsageKeys {
  /** As a hook sees them. */
  static readonly ofHook = new UsageKeys(new Uint8Array());
  /** As a tenant's transaction sees them. */
  static readonly ofTenant = new UsageKeys(subspacePrefix(subspaces.usage));

  readonly #prefix: Uint8Array;

  private constructor(prefix: Uint8Array) {
    this.#prefix = prefix;
  }

  /** What writers have to know: `(3, 0)`. */
  get state(): Uint8Array {
    return this.#key(parts.state);
  }

  /** How much is used: `(3, 1, …resource)`. */
  used({ key }: Resource): Uint8Array {
    return this.#key(parts.used, ...key);
  }

  /** The bytes of all entities: `(3, 1, 2, …)`. */
  get usedBytes(): KeyRange {
    return this.#range(parts.used, kinds.bytes);
  }

  /** A part of what is left: `(3, 2, …resource, n)`. */
  slot({ key }: Resource, n: number): Uint8Array {
    return this.#key(parts.slots, ...key, n);
  }

  slots({ key }: Resource): KeyRange {
    return this.#range(parts.slots, ...key);
  }

  /** What a recount has come to: `(3, 3, …resource)`. */
  recounted({ key }: Resource): Uint8Array {
    return this.#key(parts.recount, ...key);
  }

  /** A claim: `(3, 4, resource, name)`. */
  claim(resource: string, name: string): Uint8Array {
    return this.#key(parts.claims, resource, name);
  }

  claims(resource: string): KeyRange {
    return this.#range(parts.claims, resource);
  }

  /** Bytes of a claim's key before its packed name. */
  claimPrefixLength(resource: string): number {
    return this.#key(parts.claims, resource).length;
  }

  /** The bucket of a rate: `(3, 5, rate)`. */
  rate(name: string): Uint8Array {
    return this.#key(parts.rates, name);
  }

  /** The lease of a process that holds connections: `(3, 6, holder)`. */
  holder(id: Uint8Array): Uint8Array {
    return this.#key(parts.holders, id);
  }

  get holders(): KeyRange {
    return this.#range(parts.holders);
  }

  #key(...elements: readonly TupleElement[]): Uint8Array {
    return concatBytes(this.#prefix, pack(elements));
  }

  #range(...elements: readonly TupleElement[]): KeyRange {
    return tupleRange(this.#key(...elements));
  }
}
