/** Every bound of the library, unit last in the name, each with its source. */

/** Longest physical key, on every engine, so that data can always move between engines. */
export const keyBytesMax = 1_900;

/** Largest value of one key: FoundationDB's bound (error 2103). */
export const valueBytesMax = 100_000;

/** Bytes of a split record's head, so that a batch of a scan holds ten, and how many an operation completes at once. */
export const splitHeadBytes = 8_000;
export const splitReadsMax = 16;

/** Largest record, encoded: unless its entity says (ours: ten are ten megabytes), and the most it may (one transaction). */
export const recordBytesDefault = 1_000_000;
export const recordBytesLargest = 8_000_000;

/** Largest transaction, mutations and conflict ranges together: FoundationDB's bound (error 2101). */
export const transactionBytesMax = 10_000_000;

/** Age at which a read version is refused: FoundationDB's window (error 1007). */
export const readVersionAgeMaxMs = 5_000;

/** Watches one open engine holds at most: FoundationDB's default (error 1032). */
export const watchesMax = 10_000;

/** Largest embedded store whose every row is verified when it is opened: about a second's work. */
export const verifyOnOpenBytesMax = 268_435_456;

/** Time opening an embedded store waits for another process to close it: a restart by a watching tool. */
export const lockTimeoutMs = 5_000;

/** Entries one record may have in one index over an array: ours, so that a write stays far inside a transaction. */
export const indexElementsMax = 256;

/** Longest entity name, in UTF-8 bytes. */
export const entityNameBytesMax = 64;

/** Bytes of records in one batch of a migration, entries coming on top; tenants at once, unless told and at most. */
export const buildBatchBytesMax = 250_000;
export const migrationConcurrencyDefault = 4;
export const migrationConcurrencyMax = 64;
/** Records one `createMany`, `putMany`, `deleteMany` or `getMany` takes: well inside a transaction's bytes and time. */
export const batchRecordsMax = 1_000;

/** Records one `list` returns: more belongs in a scan or in pages. */
export const listRecordsMax = 10_000;

/** Rows a page looks at for ones that have not expired before it ends early, and fewest that are asked for at once. */
export const liveRowsLookedMax = 10_000;
export const liveRowsMin = 32;

/** Expired records, and bytes of them (one may pass it), that one transaction of a sweep takes. */
export const sweepRecordsMax = 500;
export const sweepBytesMax = 1_000_000;
/** Tenants swept at once unless told otherwise, and failures of theirs that are told. */
export const sweptTenantsMax = 4;
export const sweptTenantsFailedMax = 100;

/** Records of one page. */
export const pageSizeMax = 1_000;

/** Rows one list, first or page looks at for a context that may not see all: as many as a list returns. */
export const seenRowsMax = listRecordsMax;

/** Rows asked for at once by a scan, and records fetched together through an index. */
export const scanBatchRowsMax = 1_000;

/** Rows of the first batch of long work, of any batch, and its bytes: far below FoundationDB's 10 MB, as it advises. */
export const workBatchRowsFirst = 250;
export const workBatchRowsMax = scanBatchRowsMax;
export const workBatchBytesMax = 1_000_000;

/** Records, and characters of their lines, that an import stores in one transaction; and bytes of its longest line. */
export const importBatchRecordsMax = 500;
export const importBatchCharsMax = 1_000_000;
export const importLineBytesMax = 6 * transactionBytesMax;

/** Longest name of long work, in UTF-8 bytes: that of an idempotency key. */
export const workNameBytesMax = 255;

/** Age at which a scan moves to a fresh read version: inside `readVersionAgeMaxMs`, leaving time for one batch. */
export const scanReadVersionAgeMaxMs = 4_000;

/** Time after which a cursor is refused. */
export const cursorAgeMaxMs = 86_400_000;

/** Longest cursor looked at, in characters: the longest key and its seal, in base64url. */
export const cursorCharsMax = 2_640;

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

/** Largest value kept for replays of an idempotency key: one engine value, less its envelope. */
export const idempotentResultBytesMax = 65_536;

/** Tenants whose state a process keeps in memory. */
export const tenantStatesCachedMax = 50_000;

/** Tenants whose key for cursors a process keeps derived. */
export const cursorSecretsCachedMax = 1_000;

/** Time that closing gives running transactions when nothing else is said. */
export const drainMs = 5_000;

/** Longest packed tuple: the largest value of a key, since a tuple may be stored as one. */
export const tupleBytesMax = valueBytesMax;

/** How deep tuples nest: ours, far above use, so that no stack overflows on hostile bytes. */
export const tupleDepthMax = 32;

/** Longest integer of a tuple: FoundationDB's tuple layer has one byte for its length. */
export const tupleIntegerBytesMax = 255;

/** How deep a stored value may nest: ours, far above use, so that no stack overflows on cycles or hostile bytes. */
export const valueDepthMax = 64;

/** Payload up to which the strings of a record may share one text in memory: keeping one field keeps that text. */
export const sharedTextBytesMax = 1_024;

/** Longest key FoundationDB takes (error 2102), and how long opening waits for a cluster: a recovery takes about five seconds. */
export const foundationdbKeyBytesMax = 10_000;
export const foundationdbConnectTimeoutMs = 10_000;

/** Longest name of a tenant, in UTF-8 bytes. */
export const tenantNameBytesMax = 256;

/** Longest external key of a tenant, in UTF-8 bytes: room for a URL-like name of another system. */
export const tenantExternalKeyBytesMax = 512;

/** Longest plan or region of a tenant, in UTF-8 bytes. */
export const tenantPlanBytesMax = 64;

/** Metadata of a tenant: its texts, and their bytes with their names; each transaction's gate may decode them. */
export const tenantMetadataEntriesMax = 64;
export const tenantMetadataBytesMax = 8_192;

/** Time a retired tenant's data is kept when nothing else is said: thirty days. */
export const retirementGraceMs = 2_592_000_000;

/** Longest time a retired tenant's data can be kept: ten years. */
export const retirementGraceLongestMs = 315_360_000_000;

/** Seeds of a database's new tenants. */
export const seedsMax = 256;

/** Longest reason an operator gives, in UTF-8 bytes. */
export const operatorReasonBytesMax = 1_024;

/** Bytes of one audit entry, roughly: a transaction that changes more writes several. */
export const auditEntryBytesMax = 65_536;

/** Tenants whose audit key a process keeps derived. */
export const auditKeysCachedMax = 1_000;

/** Subjects of one tenant whose sealed names a process keeps. */
export const auditSubjectsCachedMax = 256;

/** Entries of a trail that one transaction seals. */
export const auditSealEntriesMax = 1_000;

/** Passes over a trail whose old entries are being dropped before its verifier answers with the last one. */
export const auditVerifyAttemptsMax = 5;

/** How far the clocks of processes that write one trail may differ: queries by time look that much further. */
export const auditClockSkewMs = 300_000;

/** Denied attempts of one tenant that are told apart in a window, and the window; what is more is counted together. */
export const denialEntriesMax = 10;
export const denialWindowMs = 1_000;

/** Tenants whose denied attempts a process keeps until they are written. */
export const denialTenantsMax = 1_000;

/** Longest subject, role or request id of a tenant context, in UTF-8 bytes: as OpenID Connect bounds a subject, doubled. */
export const tenantContextTextBytesMax = 512;

/** Roles in a tenant context. */
export const tenantContextRolesMax = 64;

/** Longest token looked at, in characters: what servers take for all headers of a request is twice that. */
export const tokenCharsMax = 8_192;

/** Time by which the clocks of a token's issuer and of a service may differ, and the most that can be permitted. */
export const tokenClockToleranceMs = 5_000;
export const tokenClockToleranceMaxMs = 60_000;

/** Shortest secret of HS256: as many bytes as its hash has (RFC 7518). */
export const tokenSecretBytesMin = 32;

/** Time for which an issuer's keys are kept, between fetches for unknown key ids, for a fetch, and after a failed one. */
export const tokenKeysMaxAgeMs = 600_000;
export const tokenKeysCooldownMs = 30_000;
export const tokenKeysTimeoutMs = 5_000;
export const tokenKeysFailureMs = 1_000;

/** Members one listing gives at most. */
export const membersListedAtOnceMax = 1_000;

/** Members whose roles a middleware keeps, when it is told to keep them, and the longest it can be told to. */
export const membersCachedMax = 10_000;
export const membersCachedLongestMs = 60_000;

/** Characters of a session's token: 65 bytes in base64url. */
export const sessionTokenChars = 87;

/** Sessions of one subject: far more than devices, few enough to list in one read. */
export const sessionsPerSubjectMax = 100;

/** Time without use after which a session ends, and the longest that can be asked for. */
export const sessionIdleMs = 1_800_000;
export const sessionIdleLongestMs = 7_776_000_000;

/** Time after which a session ends in any case, and the longest that can be asked for. */
export const sessionLifetimeMs = 86_400_000;
export const sessionLifetimeLongestMs = 31_536_000_000;

/** Longest note of a session, in UTF-8 bytes. */
export const sessionNoteBytesMax = 512;

/** Time after its last noted use that the next use of a session is written; an eighth of its idle time if that is less. */
export const sessionTouchMs = 60_000;

/** Time for which uses of a tenant's sessions are gathered, and how many are written together. */
export const sessionTouchDelayMs = 1_000;
export const sessionTouchesMax = 1_000;

/** Sessions looked at by one transaction of a sweep. */
export const sessionSweepRows = 500;

/** Furthest a key selector goes, either way: its rows are read, so a batch of a scan. */
export const selectorOffsetMax = scanBatchRowsMax;

/** Violations of one tenant reported per window, and the window: enough to see an attack, too few to be one. */
export const violationReportsMax = 10;
export const violationWindowMs = 1_000;

/** Tenants with a label of their own in metrics at once, unless `open` is told otherwise. */
export const tenantLabelsMax = 20;
export const tenantLabelsLargest = 1_000;

/** Labels a process ever hands out, and tenants it counts the calls of, for each label it shows at once. */
export const tenantLabelsEverPerLabel = 10;
export const tenantLabelsCountedPerLabel = 8;

/** The time after which the busiest tenants are found anew. */
export const tenantLabelWindowMs = 60_000;

/** Tenants whose service level is kept, and the parts that its window moves by. */
export const serviceLevelTenantsMax = 2_000;
export const serviceLevelSlots = 12;

/** Calls that run at once in a process, of all tenants and of one, and how many of one wait; each an option of `fairness`. */
export const fairnessRunningMax = 32;
export const fairnessRunningPerTenantMax = 16;
export const fairnessWaitingPerTenantMax = 1_000;

/** Rows that cost as much of a tenant's share as one more call. */
export const fairnessRowsPerTurn = 100;

/** By what the share of its tenant is divided for work of priority `batch`. */
export const fairnessBackgroundDivisor = 10;

/** The time a health check has, unless it is told otherwise. */
export const healthTimeoutMs = 1_000;

/** Tenants read at once by a listing. */
export const tenantsListedAtOnceMax = 1_000;

/** Keys of a database that still open cursors: with a rotation a day or more, longer than any cursor lives. */
export const cursorKeysKeptMax = 4;

/** Time for which a process takes the cursor keys it has read for the newest. */
export const cursorKeysReloadMs = 60_000;

/** Age from which they are read again for a cursor under an unknown key: bounds what forged cursors cost. */
export const cursorKeysMissReloadMs = 1_000;

/** Bytes of rows that a copy writes in one transaction, far below FoundationDB's bound as it advises; such writes at once. */
export const copyChunkBytesMax = 500_000;
export const copyWritesMax = 4;

/** How often a copy tries one read or write, and passes over a source that goes on changing, before it gives up. */
export const copyAttemptsMax = 20;
export const copyPassesMax = 5;

/** Parts into which what is left under a hard limit is split: as many transactions take from it at once. */
export const quotaSlotsMax = 64;

/** Units a hard limit has for each of them, and increases that one of them holds when it is filled anew. */
export const quotaSlotUnitsMin = 8;

/** Longest name of a claim, in UTF-8 bytes: as idempotency keys are bounded. */
export const quotaClaimBytesMax = 255;

/** Records counted in one transaction of a recount, and bytes after which it ends before. */
export const recountBatchRowsMax = 500;
export const recountBatchBytesMax = 4_000_000;

/** Time for which tokens of a rate that a process has leased are good, and a refusal is remembered at most. */
export const rateLeaseMs = 1_000;

/** The part of a rate's burst that one lease takes at most: its reciprocal. */
export const rateLeaseDivisor = 8;

/** Tenants' rates of which a process keeps leases. */
export const tokenDesksMax = 10_000;

/** Time after which the connections of a process that has died are given back, and the longest that can be asked for. */
export const connectionLeaseMs = 15_000;
export const connectionLeaseLongestMs = 3_600_000;
