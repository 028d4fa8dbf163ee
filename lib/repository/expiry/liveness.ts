/** Liveness: which rows of an entity are of records that have not expired. */
import { expiryOfEntry } from "../../indexes/index.js";
import { expiryOfRecord } from "../../records/index.js";
import type { IndexModel } from "../../schema/index.js";
import type { RowFilter } from "../table/rows.js";

/** Tells the rows of one entity apart by the time that it is. */
export class Liveness {
  readonly #expires: boolean;
  readonly #now: () => number;

  constructor(expires: boolean, now: () => number) {
    this.#expires = expires;
    this.#now = now;
  }

  /** Lets the rows of an index, or of the records, pass whose record has not expired by now; undefined where none does. */
  filter(index: IndexModel | undefined): RowFilter | undefined {
    if (!this.#expires) return undefined;
    const now = this.#now();
    const expiryOf = index === undefined ? expiryOfRecord : expiryOfEntry;
    return (value, begin, end) => !(Number(expiryOf(value, begin, end)) <= now);
  }

  /** Whether a record's row is of one that has not expired by now. */
  hasRecord(row: Uint8Array): boolean {
    return !this.#expires || !(Number(expiryOfRecord(row)) <= this.#now());
  }

  /** Whether an index entry with this value is of a record that has not expired by now. */
  hasEntry(value: Uint8Array): boolean {
    return !this.#expires || !(Number(expiryOfEntry(value)) <= this.#now());
  }
}
