/** Transaction options of the engine port, in FoundationDB's names. */

/** Options that change what a transaction does on every engine, then those that only a cluster heeds. */
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
