/** All rows of a range, however long that takes: batch by batch, at one read version for as long as it lasts. */
import { abortReason, isAborted } from "../../intrinsics/index.js";
import { copyAttemptsMax } from "../../limits/index.js";
import type { Engine, EngineTransaction } from "../engine.js";
import { beginAgain } from "./begin-again.js";

export type Row = readonly [key: Uint8Array, value: Uint8Array];

export interface Range {
  readonly begin: Uint8Array;
  readonly end: Uint8Array;
}

/** Rows of one engine's range, and at how many versions they were read. */
export class RangeReader {
  readonly #transaction: EngineTransaction;
  readonly #signal: AbortSignal | undefined;
  #versions = 1;

  constructor(engine: Engine, signal: AbortSignal | undefined) {
    this.#transaction = engine.begin();
    this.#signal = signal;
  }

  /** At how many read versions the rows were read so far. One: they are a snapshot. */
  get versions(): number {
    return this.#versions;
  }

  /** The version rows are read at now. */
  version(): Promise<bigint> {
    return this.#retry(() => this.#transaction.getReadVersion());
  }

  /** The engine's guess of a range's size, in bytes. */
  estimate({ begin, end }: Range): Promise<number> {
    return this.#retry(() => this.#transaction.getEstimatedRangeSizeBytes(begin, end));
  }

  /** Batches of rows in key order, none of them empty; `last` says that nothing follows. */
  async *batches({ begin, end }: Range): AsyncGenerator<{ rows: readonly Row[]; last: boolean }, void, undefined> {
    let key = begin;
    let orEqual = false;
    for (;;) {
      const { rows, more } = await this.#retry(() =>
        this.#transaction.getRange(
          { key, orEqual, offset: 1 },
          { key: end, orEqual: false, offset: 1 },
          { mode: "wantAll", snapshot: true },
        ),
      );
      const lastRow = rows.at(-1);
      if (lastRow !== undefined) yield { rows, last: !more };
      if (!more || lastRow === undefined) return;
      [key] = lastRow;
      orEqual = true;
    }
  }

  async #retry<T>(read: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#signal !== undefined && isAborted(this.#signal)) throw abortReason(this.#signal);
      try {
        return await read();
      } catch (error) {
        if (attempt >= copyAttemptsMax) throw error;
        await beginAgain(this.#transaction, error);
        this.#versions += 1;
      }
    }
  }
}
