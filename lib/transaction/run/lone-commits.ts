/** Commits that are left alone until they tell their outcome: all have the same time for it, and one timer. */
import { tenantryError } from "../../errors/index.js";
import { outcomeGraceMs, transactionDeadlineMs } from "../../limits/index.js";
import type { Clock } from "../../observe/index.js";

interface Waiting {
  /** By the clock's monotonic time. */
  readonly dueAt: number;
  readonly reject: (error: Error) => void;
}

/** Milliseconds a commit has: what a call has in any case, and what it is given to find out its outcome. */
const patienceMs = transactionDeadlineMs + outcomeGraceMs;

const overdue = (): Error => {
  const passed = { deadlineMs: transactionDeadlineMs, attempts: 1 };
  const cause = tenantryError("TRANSACTION_DEADLINE_PASSED", passed);
  return tenantryError("TRANSACTION_OUTCOME_UNKNOWN", { attempts: 1, fdbCode: undefined }, { cause });
};

/** Waits for commits. */
export class LoneCommits {
  readonly #clock: Clock;
  /** Oldest first, so that the first is due first. */
  readonly #waiting = new Set<Waiting>();
  #stopTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles as `commit` does, or rejects with TRANSACTION_OUTCOME_UNKNOWN when that takes too long. */
  until(commit: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = { dueAt: this.#clock.monotonic() + patienceMs, reject };
      this.#waiting.add(waiting);
      this.#stopTimer ??= this.#clock.after(patienceMs, this.#giveUp);
      commit.then(
        () => {
          this.#end(waiting);
          resolve();
        },
        (error: unknown) => {
          this.#end(waiting);
          reject(error);
        },
      );
    });
  }

  #end(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size > 0) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  readonly #giveUp = (): void => {
    this.#stopTimer = undefined;
    const now = this.#clock.monotonic();
    for (const waiting of this.#waiting) {
      if (waiting.dueAt > now) {
        this.#stopTimer = this.#clock.after(waiting.dueAt - now, this.#giveUp);
        return;
      }
      this.#waiting.delete(waiting);
      waiting.reject(overdue());
    }
  };
}
