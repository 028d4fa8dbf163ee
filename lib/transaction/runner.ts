/** The runner of tenants' transactions. */
import type { TenantId } from "../tenant/index.js";
import type { CloseOptions, ReadTransactionOptions, TransactionOptions } from "./options.js";
import type { ReadTransaction } from "./read-transaction.js";
import type { TenantTransaction } from "./tenant-transaction.js";

/**
 * Reads in several steps, for scans: all of them at one version while that is younger than
 * `scanReadVersionAgeMaxMs`, then at a fresh one. Not for concurrent steps. The caller ends it.
 */
export interface ReadSession extends Disposable {
  /** Runs `fn`, which only reads; again, at a fresh version, when the engine asks for it. Retries and age are handled here. */
  read<T>(fn: (transaction: ReadTransaction) => Promise<T>): Promise<T>;
  /** Gives the version back; a later `read` throws `TRANSACTION_ENDED`. */
  end(): void;
}

export interface TransactionRunner extends AsyncDisposable {
  /** Runs `fn` until its writes are committed, and returns its value. */
  transact<T>(
    tenantId: TenantId,
    fn: (transaction: TenantTransaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  /** Runs `fn`, which only reads, at one version; again when the engine asks for it. */
  read<T>(
    tenantId: TenantId,
    fn: (transaction: ReadTransaction) => Promise<T>,
    options?: ReadTransactionOptions,
  ): Promise<T>;
  /** Reads in several steps, for scans; `deadline` and `attempts` hold for each step. */
  openReadSession(tenantId: TenantId, options?: ReadTransactionOptions): ReadSession;
  /** Refuses new work (`DATABASE_CLOSED`), waits for what runs, then cancels it. May be called again. */
  close(options?: CloseOptions): Promise<void>;
}
