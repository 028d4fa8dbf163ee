/** When to try again and after how long: by the engine's error code, as FoundationDB's `onError` does. */
import { isTenantryError } from "../../errors/index.js";
import { retriesAtOnceMax, retryDelayFirstMs, retryDelayMaxMs, retryDelayMemoryMaxMs } from "../../limits/index.js";

/** The code of an engine's error, undefined for any other. */
export const fdbCodeOf = (error: unknown): number | undefined =>
  isTenantryError(error, "ENGINE") ? error.details.fdbCode : undefined;

/** Longest wait by code, for codes after which the function may run again. */
const delayMaxMs: ReadonlyMap<number, number> = new Map([
  [1004, retryDelayMaxMs], // timed_out
  [1007, retryDelayFirstMs], // transaction_too_old
  [1009, retryDelayFirstMs], // future_version
  [1020, retryDelayMaxMs], // not_committed
  [1021, retryDelayMaxMs], // commit_unknown_result
  [1031, retryDelayMaxMs], // transaction_timed_out: a timeout set on the database; ours is the deadline
  [1037, retryDelayMaxMs], // process_behind
  [1038, retryDelayMaxMs], // database_locked
  [1039, retryDelayMaxMs], // cluster_version_changed
  [1042, retryDelayMemoryMaxMs], // commit_proxy_memory_limit_exceeded
  [1051, retryDelayMaxMs], // batch_transaction_throttled
  [1078, retryDelayMemoryMaxMs], // grv_proxy_memory_limit_exceeded
  [1079, retryDelayMaxMs], // blob_granule_request_failed
  [1213, retryDelayMaxMs], // tag_throttled
  [1223, retryDelayMaxMs], // proxy_tag_throttled
  [1235, retryDelayMaxMs], // transaction_throttled_hot_shard
  [1242, retryDelayMaxMs], // transaction_rejected_range_locked
]);

/** The code of a commit that may or may not have been applied. */
export const commitUnknownResult = 1021;

/** Codes of a commit that may have been applied, or may yet be. */
const unknownOutcomes: ReadonlySet<number> = new Set([
  commitUnknownResult,
  1025, // transaction_cancelled, during the commit
  1031, // transaction_timed_out, during the commit
  1039, // cluster_version_changed
]);

/** Whether a commit that failed with `fdbCode` may have been applied; undefined stands for an error of no engine. */
export const isOutcomeUnknown = (fdbCode: number | undefined): boolean =>
  fdbCode === undefined || unknownOutcomes.has(fdbCode);

/** Whether an attempt that failed with `fdbCode` may be followed by another. */
export const isRetryable = (fdbCode: number | undefined, committing: boolean): fdbCode is number =>
  fdbCode !== undefined && (delayMaxMs.has(fdbCode) || (committing && unknownOutcomes.has(fdbCode)));

/** The code of a commit that lost to another's. */
export const notCommitted = 1020;

/**
 * Milliseconds to wait after failed attempt `attempt` (from 1): doubling, bounded, with full jitter. After a conflict
 * not at all for the first `retriesAtOnceMax` attempts, where the engine says so (`atOnce`).
 */
export function retryDelayMs(attempt: number, fdbCode: number, fraction: number, atOnce = false): number {
  if (atOnce && fdbCode === notCommitted) {
    return attempt <= retriesAtOnceMax ? 0 : retryDelayMs(attempt - retriesAtOnceMax, fdbCode, fraction);
  }
  const longest = delayMaxMs.get(fdbCode) ?? retryDelayMaxMs;
  return Math.min(longest, retryDelayFirstMs * 2 ** Math.min(attempt - 1, 30)) * fraction;
}
