/** What is counted, and the keys under which it is: the usage subspace of a tenant. */
import { subspacePrefix, subspaces } from "../../keyspace/index.js";
import { concatBytes, pack, type TupleElement, tupleRange } from "../../tuple/index.js";
import { resourceName } from "../plan/plan.js";

/** Things that are counted together, in one row. */
export interface Account {
  /** Its own, in the state of usage. */
  readonly name: string;
  /** Of each thing that it counts, the name in errors, reports and plans. */
  readonly resources: readonly string[];
  /** What it is in keys. */
  readonly key: readonly TupleElement[];
}

/** Kinds of what is counted. The numbers are stored: none is ever changed or used again. */
const kinds = { entity: 1, storage: 2, claimed: 3, connections: 4 } as const;

/** Records of an entity, and their bytes. */
export const entityAccount = (entity: string): Account => ({
  name: `entity:${entity}`,
  resources: [resourceName.records(entity), resourceName.bytes(entity)],
  key: [kinds.entity, entity],
});

/** Bytes of all entities: the sum of theirs, so it has no counter of its own. */
export const storage: Account = {
  name: resourceName.storage,
  resources: [resourceName.storage],
  key: [kinds.storage],
};

export const claimed = (resource: string): Account => ({
  name: resource,
  resources: [resource],
  key: [kinds.claimed, resource],
});

export const connections: Account = {
  name: resourceName.connections,
  resources: [resourceName.connections],
  key: [kinds.connections],
};

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

  /** How much is used: `(3, 1, …account)`. */
  used({ key }: Account): Uint8Array {
    return this.#key(parts.used, ...key);
  }

  /** How much is used of all entities: `(3, 1, 1, …)`. */
  get usedByEntities(): KeyRange {
    return this.#range(parts.used, kinds.entity);
  }

  /** A part of what is left: `(3, 2, …account, n)`. */
  slot({ key }: Account, n: number): Uint8Array {
    return this.#key(parts.slots, ...key, n);
  }

  slots({ key }: Account): KeyRange {
    return this.#range(parts.slots, ...key);
  }

  /** What a recount has come to: `(3, 3, …account)`. */
  recounted({ key }: Account): Uint8Array {
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
