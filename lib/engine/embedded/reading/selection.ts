/** What reads are made of here: selectors, rows, and how much of them is wanted. */
import { keyAfter } from "./bounds.js";

export type Row = [Uint8Array, Uint8Array];

/** A selector without `orEqual` (that is folded into the key): the `offset`-th key from `key` on, 1 being the first. */
export interface Selector {
  readonly key: Uint8Array;
  readonly offset: number;
}

export const selector = (key: Uint8Array, orEqual: boolean, offset: number, keyBytesMax: number): Selector => {
  const from = orEqual ? keyAfter(key) : key;
  // No key is longer than `keyBytesMax`, so what follows that many bytes (and one) decides nothing.
  return { key: from.length > keyBytesMax + 1 ? from.subarray(0, keyBytesMax + 1) : from, offset };
};

export const firstAtOrAfter = (key: Uint8Array): Selector => ({ key, offset: 1 });

/** Whether the selector is its key itself, or the next one there is. */
export const isDirect = (one: Selector): boolean => one.offset === 1;

/** No bound on rows, or on bytes. */
export const unlimited = -1;

const rowOverheadBytes = 8;

/** How many rows and bytes a range read may still take. */
export class Budget {
  rows: number;
  bytes: number;
  /** Rows wanted even when the bytes are used up. */
  minRows: number;

  constructor(rows: number, bytes: number, minRows = 1) {
    this.rows = rows;
    this.bytes = bytes;
    this.minRows = minRows;
  }

  get limitsRows(): boolean {
    return this.rows !== unlimited;
  }

  get limitsBytes(): boolean {
    return this.bytes !== unlimited;
  }

  get isReached(): boolean {
    return this.rows === 0 || (this.bytes === 0 && this.minRows === 0);
  }

  /** Whether a batch may end here: bytes are bounded and the rows wanted at least are there. */
  get isSatisfied(): boolean {
    return this.limitsBytes && this.minRows === 0;
  }

  take([key, value]: Row): void {
    this.minRows = Math.max(0, this.minRows - 1);
    if (this.limitsRows) this.rows--;
    if (this.limitsBytes) this.bytes = Math.max(0, this.bytes - rowOverheadBytes - key.length - value.length);
  }

  copy(): Budget {
    return new Budget(this.rows, this.bytes, this.minRows);
  }
}

/** The rows of a range read and how far they reach. */
export interface RangeRead {
  readonly rows: Row[];
  readonly more: boolean;
  /** The read ran into the beginning of the keyspace. */
  readonly toBegin: boolean;
  /** The read ran into its end. */
  readonly throughEnd: boolean;
}
