/** Bounds of tokens, members and sessions. */

/** Longest token looked at, in characters: what servers take for all headers of a request is twice that. */
export const tokenCharsMax = 8_192;

/** Time by which the clocks of a token's issuer and of a service may differ, and the most that can be permitted. */
export const tokenClockToleranceMs = 5_000;
export const tokenClockToleranceMaxMs = 60_000;

/** Entries of a list that says whom or what a service trusts: issuers, audiences, algorithms, tenants of an issuer. */
export const trustedListMax = 10_000;

/** Shortest secret of HS256: as many bytes as its hash has (RFC 7518). */
export const tokenSecretBytesMin = 32;

/** Time for which an issuer's keys are kept, and used after that while it is down. */
export const tokenKeysMaxAgeMs = 600_000;
export const tokenKeysStaleMs = 86_400_000;

/** Time between fetches for unknown key ids, for a fetch, and after a failed one. */
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

/** Origins whose pages may send a session's cookie. */
export const sessionOriginsMax = 1_000;

/** Sessions looked at by one transaction of a sweep. */
export const sessionSweepRows = 500;

/** How deep `$and`, `$or` and `$not` nest in a condition of a role, how many each has, and how many values a list. */
export const roleConditionDepthMax = 16;
export const roleConditionsMax = 100;
export const roleConditionValuesMax = 1_000;
