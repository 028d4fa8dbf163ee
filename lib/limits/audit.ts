/** Bounds of audit trails and of denied attempts. */

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
