/** Transaction options of the engine port, in FoundationDB's names. */

/**
 * Options that change what a transaction does on every engine, then those that only a cluster heeds.
 *
 * @example
 * ```ts
 * import type { EngineOption, EngineTransaction } from "tenantry/engine";
 * declare const transaction: EngineTransaction;
 * const option: EngineOption = "timeout";
 * transaction.setOption(option, 2_000); // milliseconds
 * ```
 */
export type EngineOption =
  | "readYourWritesDisable"
  | "snapshotRywEnable"
  | "snapshotRywDisable"
  | "nextWriteNoWriteConflictRange"
  | "timeout"
  | "retryLimit"
  | "maxRetryDelay"
  | "sizeLimit"
  | "causalReadRisky"
  | "causalWriteRisky"
  | "tag"
  | "autoThrottleTag"
  | "priorityBatch"
  | "prioritySystemImmediate"
  | "readPriorityLow"
  | "readPriorityHigh"
  | "transactionLoggingMaxFieldLength"
  | "debugTransactionIdentifier"
  | "logTransaction"
  | "serverRequestTracing"
  | "bypassUnreadable"
  | "useGrvCache";
