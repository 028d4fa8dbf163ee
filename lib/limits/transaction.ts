/** Bounds of transactions: their attempts, deadlines, outcomes and idempotency keys. */

/** How often a transaction's function runs when nothing else is said; the deadline is the bound that counts. */
export const transactionAttemptsMax = 50;

/** Time a transaction has, all attempts together, when nothing else is said: six read windows. */
export const transactionDeadlineMs = 30_000;

/** Longest deadline a caller may set: markers of its attempts have to be kept for longer. */
export const transactionDeadlineLongestMs = 3_600_000;

/** Attempts after whose conflict the next one begins at once, on an engine that says when that helps. */
export const retriesAtOnceMax = 16;

/** First and longest wait between attempts after a conflict, before jitter: those of FoundationDB's `onError`. */
export const retryDelayFirstMs = 10;
export const retryDelayMaxMs = 1_000;

/** Longest wait between attempts when the cluster is short of memory: FoundationDB's own. */
export const retryDelayMemoryMaxMs = 30_000;

/** Time past a deadline or an abort that finding out a commit's outcome may take: one read window. */
export const outcomeGraceMs = 5_000;

/** Width of the time buckets of markers that settle unknown outcomes: the longest deadline. */
export const attemptMarkerBucketMs = transactionDeadlineLongestMs;

/** Buckets such markers are kept for after their own: one for the deadline, one for clocks that differ. */
export const attemptMarkerBucketsKept = 2;

/** Width of the time buckets of callers' idempotency keys. A key is remembered for one to two widths. */
export const idempotencyBucketMs = 86_400_000;

/** Time for which a caller's idempotency key is remembered at least: a day, as payment services keep theirs. */
export const idempotencyRetentionMs = idempotencyBucketMs;

/** Buckets of idempotency keys that are kept after their own: one for the retention, one for clocks that differ. */
export const idempotencyBucketsKept = 2;

/** Markers for reuse that a process holds per tenant: as many as its transactions there run at once, within reason. */
export const attemptMarkersHeldMax = 64;

/** Longest idempotency key, in UTF-8 bytes: as payment services bound theirs. */
export const idempotencyKeyBytesMax = 255;

/** Largest payload that an idempotency key is compared by, in its stored form: a record as large as is the default. */
export const idempotencyPayloadBytesMax = 1_000_000;

/** Characters of each name in a transaction's label: as long as an entity's name. */
export const transactionLabelCharsMax = 64;

/** Largest value kept for replays of an idempotency key: one engine value, less its envelope. */
export const idempotentResultBytesMax = 65_536;

/** Time that closing gives running transactions when nothing else is said. */
export const drainMs = 5_000;
