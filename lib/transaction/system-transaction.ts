/** What the control plane's transactions offer: the registry, the metadata version, and named ways across tenants. */

import type { TenantId, TenantRecord } from "../tenant/index.js";
import type { KeyReadOptions, RangeBatch, RangeReadOptions, RelativeRange } from "./read-transaction.js";
import type { KeyedAtomicOp, TenantTransaction } from "./tenant-transaction.js";

/**
 * Reads and writes of the control plane that commit together. Keys of `get` to `clearRange` are absolute and have
 * to lie in the control range; whole tenants are reached by the methods that say so.
 */
export interface SystemTransaction {
  get(key: Uint8Array, options?: KeyReadOptions): Promise<Uint8Array | undefined>;
  getRange(range: RelativeRange, options?: RangeReadOptions): Promise<RangeBatch>;
  set(key: Uint8Array, value: Uint8Array): void;
  clear(key: Uint8Array): void;
  clearRange(range: RelativeRange): void;
  atomic(op: KeyedAtomicOp, key: Uint8Array, operand: Uint8Array): void;
  setVersionstampedKey(key: Uint8Array, value: Uint8Array): void;
  setVersionstampedValue(key: Uint8Array, value: Uint8Array): void;
  addReadConflictKey(key: Uint8Array): void;
  getReadVersion(): Promise<bigint>;
  /** The tenant's record, undefined for an unknown tenant. */
  getTenant(id: TenantId): Promise<TenantRecord | undefined>;
  /** Tenants in the order of their ids, `limit` at most, those after `after`. */
  listTenants(options: { readonly after?: TenantId | undefined; readonly limit: number }): Promise<TenantRecord[]>;
  /** Stores the tenant's record and makes every process see its state anew (bumps the metadata version). */
  putTenant(record: TenantRecord): void;
  /** Removes the tenant's record, and makes every process see it; its data stays until `clearTenantData`. */
  removeTenant(id: TenantId): void;
  /** Makes every process look at its cached states and schemas anew. */
  bumpMetadataVersion(): void;
  /** Clears everything in the tenant's range: one clear range. */
  clearTenantData(id: TenantId): void;
  /** The way into one tenant for moves, restores and exports: not gated by its state. Ends with this transaction. */
  actAsTenant(id: TenantId): TenantTransaction;
  /** The audit trail of one incarnation of a tenant; keys are relative to it. Ends with this transaction. */
  trailOf(incarnation: Pick<TenantRecord, "id" | "incarnation">): TenantTransaction;
  /** Marks the root as a database's, unless another database in the store lies around it or inside it: says which. */
  claimRoot(): Promise<"around" | "inside" | undefined>;
  /** Runs once after the commit; see {@link TenantTransaction.afterCommit}. */
  afterCommit(fn: () => void | Promise<void>): void;
}
