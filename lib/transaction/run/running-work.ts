/** The transactions of a database that are running: which are nested, and what closing waits for. */
import { AsyncLocalStorage } from "node:async_hooks";
import { tenantryError } from "../../errors/index.js";
import { outcomeGraceMs } from "../../limits/index.js";
import type { Clock } from "../../observe/index.js";
import { Roster } from "../../roster/index.js";
import type { Attempt } from "../view/index.js";
import type { Stopper } from "./stopper.js";

/** Counts what runs. */
export class RunningWork {
  readonly #clock: Clock;
  readonly #stoppers = new Roster<Stopper>();
  /**
   * For detecting nesting only; nothing is passed on by it. On Node 20 a storage in use slows every promise of the
   * process by some 75 ns, so it is put out of use whenever nothing runs (1 µs).
   */
  readonly #inside = new AsyncLocalStorage<Attempt>();
  readonly #onClose = new Set<() => void>();
  #closed: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(stopper: Stopper): void {
    this.#stoppers.add(stopper);
  }

  /** To be called before anything else. @throws DATABASE_CLOSED, TRANSACTION_NESTED */
  assertAdmitted(): void {
    if (this.#closed !== undefined) throw tenantryError("DATABASE_CLOSED", {});
    if (this.#stoppers.size > 0 && this.#inside.getStore()?.ended === false)
      throw tenantryError("TRANSACTION_NESTED", {});
  }

  /** To be called once for each that has begun. */
  end(stopper: Stopper): void {
    this.#stoppers.delete(stopper);
    if (this.#stoppers.size > 0) return;
    this.#inside.disable();
    this.#idle?.();
  }

  /** Runs a transaction's function so that what it starts can be told to be nested. */
  inside<T>(attempt: Attempt, fn: () => Promise<T>): Promise<T> {
    return this.#inside.run(attempt, fn);
  }

  /** Runs `fn` so that what it starts is not nested, wherever it is called from: for what the library does for itself. */
  apart<T>(fn: () => T): T {
    return this.#inside.exit(fn);
  }

  /** Calls `fn` when closing begins, unless the returned function is called first; at once when it has begun. */
  onClose(fn: () => void): () => void {
    if (this.#closed === undefined) this.#onClose.add(fn);
    else fn();
    return () => this.#onClose.delete(fn);
  }

  /** Admits nothing any more; waits for what runs, then stops it. */
  close(drainMs: number): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    for (const fn of [...this.#onClose]) fn();
    this.#onClose.clear();
    if (await this.#isIdleWithin(drainMs)) return;
    for (const stopper of this.#stoppers.all()) stopper.stop(tenantryError("DATABASE_CLOSED", {}));
    // What was committing may take as long to find out whether it was applied.
    await this.#isIdleWithin(outcomeGraceMs);
  }

  #isIdleWithin(ms: number): Promise<boolean> {
    if (this.#stoppers.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const stopTimer = this.#clock.after(ms, () => resolve(false));
      this.#idle = () => {
        stopTimer();
        resolve(true);
      };
    });
  }
}
