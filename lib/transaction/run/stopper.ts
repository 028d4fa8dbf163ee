/** What ends a transaction from outside: its deadline, its signal, the database's closing. */
import { tenantryError } from "../../errors/index.js";
import { abortReason, isAborted } from "../../intrinsics/index.js";
import type { Clock } from "../../observe/index.js";
import { onAborted, type Placed } from "../../roster/index.js";

/** What can stop the work. */
export interface StopSources {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Attempts begun so far, for the error. */
  readonly attempts: () => number;
}

const nothing = (): void => {};

/** Waits for one thing at a time, and gives up waiting when it is stopped. */
export class Stopper implements Placed {
  /** On the roster of what runs. */
  place = 0;
  readonly #clock: Clock;
  readonly #sources: StopSources;
  readonly #stopTimer: () => void;
  readonly #stopListening: () => void;
  #reason: Error | undefined;
  #cancel: () => void = nothing;
  #reject: (error: Error) => void = nothing;

  constructor(clock: Clock, sources: StopSources) {
    this.#clock = clock;
    this.#sources = sources;
    const { deadlineMs, signal } = sources;
    this.#stopTimer = clock.after(deadlineMs, () =>
      this.stop(tenantryError("TRANSACTION_DEADLINE_PASSED", { deadlineMs, attempts: sources.attempts() })),
    );
    this.#stopListening = signal === undefined ? nothing : this.#listen(signal);
  }

  #listen(signal: AbortSignal): () => void {
    const onAbort = (): void => {
      const attempts = this.#sources.attempts();
      this.stop(tenantryError("TRANSACTION_ABORTED", { attempts }, { cause: abortReason(signal) }));
    };
    if (!isAborted(signal)) return onAborted(signal, onAbort);
    onAbort();
    return nothing;
  }

  /** Why the work was stopped, undefined while it was not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** @throws the reason, once stopped. */
  assertGoing(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** What to cancel when stopped; in place of what was given before. */
  cancels(cancel: () => void): void {
    this.#cancel = cancel;
  }

  /** Stops the work, once. */
  stop(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#reject(reason);
    this.#cancel();
  }

  /** Settles as `work` does, or rejects with the reason as soon as stopped; then `work` goes on unobserved. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      if (this.#reason !== undefined) reject(this.#reason);
      work.then(resolve, reject);
    });
  }

  /** Waits; rejects with the reason as soon as stopped. */
  async sleep(ms: number): Promise<void> {
    let stopTimer = nothing;
    try {
      await this.race(
        new Promise<void>((resolve) => {
          stopTimer = this.#clock.after(ms, resolve);
        }),
      );
    } finally {
      stopTimer();
    }
  }

  /** To be called when the work is over. */
  dispose(): void {
    this.#stopTimer();
    this.#stopListening();
  }
}
