/** The size of batches: as many rows as commits have lately taken. */
import { isTenantryError } from "../../errors/index.js";
import { workBatchRowsFirst, workBatchRowsMax } from "../../limits/index.js";

/** Whether a batch failed, with nothing written, for what a smaller one may not fail for. */
export const isTooMuch = (error: unknown): boolean =>
  isTenantryError(error, "TRANSACTION_DEADLINE_PASSED", "TRANSACTION_TOO_LARGE");

/** Halves when a batch fails for its size, its age or others' writes, and grows by an eighth with each that does not. */
export class BatchSize {
  #rows = workBatchRowsFirst;

  /** Rows of the next batch. */
  get rows(): number {
    return this.#rows;
  }

  grow(): void {
    this.#rows = Math.min(workBatchRowsMax, this.#rows + Math.max(1, this.#rows >> 3));
  }

  /** Whether there was anything to halve. */
  shrink(): boolean {
    if (this.#rows === 1) return false;
    this.#rows = Math.ceil(this.#rows / 2);
    return true;
  }
}
