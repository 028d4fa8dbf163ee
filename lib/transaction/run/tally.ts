/** The tally of a call: what its attempts came to. */

/** Counts of all attempts of one call together. */
export interface Tally {
  /** Attempts begun. */
  readonly attempts: number;
  /** Those that lost to another transaction (1020). */
  readonly conflicts: number;
  /** Rows that came back. */
  readonly rows: number;
  /** Bytes of the keys and values of those rows, tenants' prefixes included. */
  readonly bytesRead: number;
  /** Bytes of the keys and values that were written, committed or not. */
  readonly bytesWritten: number;
}

/** The tally of a call that never began. */
export const emptyTally: Tally = { attempts: 0, conflicts: 0, rows: 0, bytesRead: 0, bytesWritten: 0 };
