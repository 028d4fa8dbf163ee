/** Options of transactions, as callers give them, and of the runners. */
import type { Engine } from "../engine/index.js";
import type { Keyspace } from "../keyspace/index.js";
import type { Clock, Logger, Meter, Random, Tracer } from "../observe/index.js";
import type { TransactionHook } from "./hook.js";

/** What the transaction is for, in logs, metrics and traces: names from the program, never data. */
export interface TransactionLabel {
  readonly entity?: string | undefined;
  readonly operation?: string | undefined;
}

export interface ReadTransactionOptions {
  /** Aborting rejects with `TRANSACTION_ABORTED`, whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How often the function runs at most; default `transactionAttemptsMax`. */
  readonly attempts?: number | undefined;
  /** Milliseconds from the call within which it has to be done; default `transactionDeadlineMs`. */
  readonly deadline?: number | undefined;
  readonly label?: TransactionLabel | undefined;
}

export interface TransactionOptions extends ReadTransactionOptions {
  /**
   * A name for this piece of work, unique within the tenant: whoever calls again with it, in this process or
   * another, within `idempotencyRetentionMs`, gets the first call's value, and nothing is written again. The value
   * is stored, so it has to be plain data of at most `idempotentResultBytesMax` bytes.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface RunnerOptions {
  readonly engine: Engine;
  readonly keyspace: Keyspace;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly logger?: Logger | undefined;
  readonly meter?: Meter | undefined;
  readonly tracer?: Tracer | undefined;
  /** Policies that join every writing transaction, in this order. */
  readonly hooks?: readonly TransactionHook[] | undefined;
}

export interface CloseOptions {
  /** Milliseconds that running transactions are given to end before they are cancelled; default `drainMs` of limits. */
  readonly drainMs?: number | undefined;
}
