/** Bounds of the engines: what a key, a value and a transaction may be, and how stores are opened and copied. */

/** Longest physical key, on every engine, so that data can always move between engines. */
export const keyBytesMax = 1_900;

/** Largest value of one key: FoundationDB's bound (error 2103). */
export const valueBytesMax = 100_000;

/** Largest transaction, mutations and conflict ranges together: FoundationDB's bound (error 2101). */
export const transactionBytesMax = 10_000_000;

/** Age at which a read version is refused: FoundationDB's window (error 1007). */
export const readVersionAgeMaxMs = 5_000;

/** Watches one open engine holds at most: FoundationDB's default (error 1032). */
export const watchesMax = 10_000;

/** Watches that one tenant holds in one process: a tenth of what the engine has for all. */
export const watchesPerTenantMax = 1_000;

/** Largest embedded store whose every row is verified when it is opened: about a second's work. */
export const verifyOnOpenBytesMax = 268_435_456;

/** Bytes of the branch pages that an open embedded store keeps in memory: all of a million records of 200 bytes. */
export const branchCacheBytesMax = 2_097_152;

/**
 * Bytes by which an embedded store's file may outgrow twice its content so that read versions of the last seconds can be
 * read, and of the old values kept in memory once that is reached; commits wait when both are.
 */
export const oldStateBytesMax = 67_108_864;
export const oldValueBytesMax = 268_435_456;

/** Time opening an embedded store waits for another process to close it: a restart by a watching tool. */
export const lockTimeoutMs = 5_000;

/** Longest key FoundationDB takes (error 2102), and how long opening waits for a cluster: a recovery takes about five seconds. */
export const foundationdbKeyBytesMax = 10_000;
export const foundationdbConnectTimeoutMs = 10_000;

/** Bytes of rows that a copy writes in one transaction, far below FoundationDB's bound as it advises; such writes at once. */
export const copyChunkBytesMax = 500_000;
export const copyWritesMax = 4;

/** How often a copy tries one read or write, and passes over a source that goes on changing, before it gives up. */
export const copyAttemptsMax = 20;
export const copyPassesMax = 5;
