/** The runner of tenants' transactions. */
import type { TenantId } from "../tenant/index.js";
import type { CloseOptions, ReadTransactionOptions, TransactionOptions } from "./options.js";
import type { ReadTransaction } from "./read-transaction.js";
import type { TenantTransaction } from "./tenant-transaction.js";

/** A read that stays open over several calls: all of its reads are made at one version, for some seconds at most. */
export interface OpenRead extends Disposable {
  readonly transaction: ReadTransaction;
  /** Gives the version back; later use throws `TRANSACTION_ENDED`. */
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
  /** For scans: a read transaction without a function around it. The caller ends it, and handles 1007 on its own. */
  openRead(tenantId: TenantId, options?: Pick<ReadTransactionOptions, "signal" | "label">): OpenRead;
  close(options?: CloseOptions): Promise<void>;
}
