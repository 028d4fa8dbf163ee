/** The database's time: the one clock that all processes share, and that nobody can set. */
import type { ReadTransaction } from "../transaction/index.js";

/**
 * Milliseconds since some start, of a transaction's read version. Both engines count about a million versions a second,
 * never backwards; a cluster's recovery skips some hundred seconds ahead.
 */
export const databaseTime = async (transaction: ReadTransaction): Promise<number> =>
  Number(await transaction.getReadVersion()) / 1_000;
