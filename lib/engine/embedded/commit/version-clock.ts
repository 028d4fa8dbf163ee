/** The store's versions: about a million per second as FoundationDB's, never the same twice, never backwards. */

/** Versions FoundationDB's master hands out per second. */
export const versionsPerSecond = 1_000_000;

/**
 * Counts microseconds since the epoch, from the wall clock when made and monotonic after, so that a clock that is
 * set back neither repeats a version nor stops them; from `lastVersion` on when that is ahead of the clock.
 * Versions fit a number until the year 2255.
 */
export class VersionClock {
  #last: number;
  readonly #origin: number;

  constructor(lastVersion: number, wallClockMs: number = Date.now()) {
    this.#last = lastVersion;
    this.#origin = Math.max(wallClockMs * 1_000, lastVersion) - performance.now() * 1_000;
  }

  /** The version of now; the same or a later one each time. */
  now(): number {
    this.#last = Math.max(this.#last, Math.floor(this.#origin + performance.now() * 1_000));
    return this.#last;
  }

  /** A version later than every one handed out before. */
  next(): number {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#origin + performance.now() * 1_000));
    return this.#last;
  }
}
