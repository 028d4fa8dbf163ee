/** A few writes under way at once, and how far they have come without a gap. */
import { copyWritesMax } from "../../limits/index.js";

interface Write {
  readonly end: Uint8Array;
  done: boolean;
}

/** Runs writes that follow one another in key order, at most `copyWritesMax` at a time. */
export class WriteQueue {
  readonly #onReached: (end: Uint8Array) => void | Promise<void>;
  readonly #running = new Set<Promise<void>>();
  readonly #order: Write[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** @param onReached Told a key as soon as every write before it is done; what it throws is a failure of the queue's. */
  constructor(onReached: (end: Uint8Array) => void | Promise<void>) {
    this.#onReached = onReached;
  }

  /** Starts a write that reaches to `end`, once there is room. Throws what an earlier one failed with. */
  async push(end: Uint8Array, write: () => Promise<void>): Promise<void> {
    while (this.#running.size >= copyWritesMax) await Promise.race(this.#running);
    this.#check();
    const entry: Write = { end, done: false };
    this.#order.push(entry);
    const settled = this.#run(entry, write).finally(() => this.#running.delete(settled));
    this.#running.add(settled);
  }

  /** Waits for all writes. Throws what one of them failed with. */
  async drain(): Promise<void> {
    await Promise.all(this.#running);
    this.#check();
  }

  async #run(entry: Write, write: () => Promise<void>): Promise<void> {
    try {
      await write();
      entry.done = true;
      let reached: Uint8Array | undefined;
      while (this.#order[0]?.done === true) reached = this.#order.shift()?.end;
      if (reached !== undefined) await this.#onReached(reached);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
