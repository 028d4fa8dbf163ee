/** The size of batches: as many rows as commits have lately taken. */
import { workBatchRowsFirst, workBatchRowsMax } from "../../limits.js";

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
