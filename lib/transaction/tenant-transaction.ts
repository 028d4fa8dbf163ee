/** What reading and writing inside one tenant offers; keys are relative to the tenant, both ways. */
import type { AtomicOp, Watch } from "../engine/index.js";
import type { EntityState } from "../tenant/index.js";
import type { RecordChange } from "./policy/hook.js";
import type { ReadTransaction, RelativeRange } from "./read-transaction.js";

/** Atomic operations whose key is written as it is; stamped keys have a method of their own. */
export type KeyedAtomicOp = Exclude<AtomicOp, "setVersionstampedKey" | "setVersionstampedValue">;

export interface WriteOptions {
  /** Leaves the write out of this transaction's write conflicts; default false. */
  readonly noWriteConflict?: boolean | undefined;
}

/**
 * Reads and writes of one tenant that commit together or not at all. The function that gets it may run several
 * times; only the last run counts. Writes throw `ISOLATION_VIOLATION` for a key outside the tenant,
 * `TENANT_UNAVAILABLE` when the tenant is unknown or takes no writes, `TRANSACTION_ENDED` after the end; the
 * engine's own refusals show at the next read or at the commit.
 */
export interface TenantTransaction extends ReadTransaction {
  /**
   * To be asked before the first of several writes which are `bytes` together.
   *
   * @throws TRANSACTION_TOO_LARGE when they are more than the transaction can still hold.
   */
  assertRoom(bytes: number): void;
  set(key: Uint8Array, value: Uint8Array, options?: WriteOptions): void;
  clear(key: Uint8Array, options?: WriteOptions): void;
  clearRange(range: RelativeRange, options?: WriteOptions): void;
  atomic(op: KeyedAtomicOp, key: Uint8Array, operand: Uint8Array, options?: WriteOptions): void;
  /**
   * Sets a key that holds the commit's 10-byte versionstamp. `key` ends in 4 little-endian bytes: where in the
   * rest of `key` the stamp's place is.
   */
  setVersionstampedKey(key: Uint8Array, value: Uint8Array): void;
  /** Sets a value that holds the commit's versionstamp; `value` ends in 4 little-endian bytes, the stamp's place. */
  setVersionstampedValue(key: Uint8Array, value: Uint8Array): void;
  addReadConflictRange(range: RelativeRange): void;
  addReadConflictKey(key: Uint8Array): void;
  addWriteConflictRange(range: RelativeRange): void;
  addWriteConflictKey(key: Uint8Array): void;
  /**
   * Changes the state of an entity, which has to have been read. Every process sees it with its next transaction, and
   * whoever writes under the old one has a conflict.
   */
  setEntityState(entity: string, state: EntityState): void;
  /**
   * Watches a key from this transaction's commit on: `fired` resolves once another value is committed, rejects with
   * an `EngineError` 1101 when cancelled. An unobserved `fired` does no harm.
   */
  watch(key: Uint8Array): Watch;
  /** The commit's 10-byte versionstamp: ask inside, await after the transaction. Rejects when nothing was written. */
  getVersionstamp(): Promise<Uint8Array>;
  /** Roughly how many bytes the transaction has to commit so far. */
  getApproximateSize(): Promise<number>;
  /**
   * Runs `fn` once after the transaction committed, outside of it. What it throws is logged and does not fail the
   * transaction, whose promise waits for it. Functions registered by a run that was retried are forgotten.
   */
  afterCommit(fn: () => void | Promise<void>): void;
  /** Tells the hooks of this transaction that a record changes; they join the same commit. */
  announce(change: RecordChange): void;
}
