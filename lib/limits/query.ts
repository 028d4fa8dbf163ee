/** Bounds of what a query reads and answers, and of its cursors. */

/** Records one `list` returns: more belongs in a scan or in pages. */
export const listRecordsMax = 10_000;

/** Rows a page looks at for ones that have not expired before it ends early, and fewest that are asked for at once. */
export const liveRowsLookedMax = 10_000;
export const liveRowsMin = 32;

/** Fields of a selection: ours, far above use. */
export const selectedFieldsMax = 1_000;

/** Records of one page. */
export const pageSizeMax = 1_000;

/** Rows one list, first or page looks at for a context that may not see all: as many as a list returns. */
export const seenRowsMax = listRecordsMax;

/** Rows asked for at once by a scan, and records fetched together through an index. */
export const scanBatchRowsMax = 1_000;

/** Age at which a scan moves to a fresh read version: inside `readVersionAgeMaxMs`, leaving time for one batch. */
export const scanReadVersionAgeMaxMs = 4_000;

/** Time after which a cursor is refused. */
export const cursorAgeMaxMs = 86_400_000;

/** Longest cursor looked at, in characters: the longest key and its seal, in base64url. */
export const cursorCharsMax = 2_640;

/** Tenants whose key for cursors a process keeps derived. */
export const cursorSecretsCachedMax = 1_000;

/** Furthest a key selector goes, either way: its rows are read, so a batch of a scan. */
export const selectorOffsetMax = scanBatchRowsMax;

/** Keys of a database that still open cursors: with a rotation a day or more, longer than any cursor lives. */
export const cursorKeysKeptMax = 4;

/** Keys that `open` can be given to seal cursors, or audit trails, with: ours, far above use. */
export const givenKeysMax = 100;

/** Time for which a process takes the cursor keys it has read for the newest. */
export const cursorKeysReloadMs = 60_000;

/** Age from which they are read again for a cursor under an unknown key: bounds what forged cursors cost. */
export const cursorKeysMissReloadMs = 1_000;
