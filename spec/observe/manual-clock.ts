/** A clock that stands still until it is moved. */
import type { Clock } from "../../lib/observe/index.js";

export class ManualClock implements Clock {
  #at = 1_000_000;

  move(ms: number): void {
    this.#at += ms;
  }

  now(): number {
    return this.#at;
  }

  monotonic(): number {
    return this.#at;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  }
}
