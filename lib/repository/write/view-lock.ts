/** View locks: within one transaction no write comes between the steps of a read. */

/** A place in the row of those who wait, which is in the order in which they came. */
interface Waiting {
  readonly shared: boolean;
  readonly enter: () => void;
}

/**
 * A readers–writer lock, fair by the order of arrival. A read of several steps (an index's entries, then their records; a
 * large record's head, then its chunks) sees the transaction's own writes: one that came between two steps would show an
 * entry without its record, which looks like damage.
 *
 * A write holds it only while it writes, in one go: never while it reads, and never while user code runs. So nobody who
 * holds it waits for anybody.
 */
export class ViewLock {
  #readers = 0;
  #writes = false;
  readonly #waiting: Waiting[] = [];

  /** Runs a read, at once where nobody writes or waits to. */
  async read<T>(fn: () => Promise<T>): Promise<T> {
    if (this.#writes || this.#waiting.length > 0) await this.#queue(true);
    else this.#readers += 1;
    try {
      return await fn();
    } finally {
      this.#readers -= 1;
      this.#admit();
    }
  }

  /** Resolves when the write may be done, which then has to call `endWrite`; undefined where it may be at once. */
  beginWrite(): Promise<void> | undefined {
    if (this.#readers > 0 || this.#writes || this.#waiting.length > 0) return this.#queue(false);
    this.#writes = true;
    return undefined;
  }

  endWrite(): void {
    this.#writes = false;
    this.#admit();
  }

  #queue(shared: boolean): Promise<void> {
    return new Promise((enter) => {
      this.#waiting.push({ shared, enter });
    });
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#writes || (!next.shared && this.#readers > 0)) return;
      this.#waiting.shift();
      if (next.shared) this.#readers += 1;
      else this.#writes = true;
      next.enter();
    }
  }
}
