/** One call of a runner: its attempts, until one is known to be applied or none ever will be. */
import type { Engine, EngineTransaction } from "../../engine/index.js";
import { tenantryError } from "../../errors/index.js";
import { outcomeGraceMs } from "../../limits/index.js";
import type { Clock, Random } from "../../observe/index.js";
import type { Attempt } from "../view/index.js";
import type { Marker, MarkerContent } from "./marker.js";
import { decodeResult, encodeResult } from "./result.js";
import { commitUnknownResult, fdbCodeOf, isOutcomeUnknown, isRetryable, notCommitted, retryDelayMs } from "./retry.js";
import { Stopper } from "./stopper.js";
import { emptyTally, type Tally } from "./tally.js";

export interface RunHost {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
}

/** An attempt that is ready for its function. */
export interface OpenedAttempt<T> {
  readonly attempt: Attempt;
  /** Runs the function. */
  call(): Promise<T>;
  /** What joins the commit; called only when something was written. */
  beforeCommit?: (() => Promise<void>) | undefined;
}

/** What differs between reading, writing, and the control plane. */
export interface RunPlan<T> {
  /** False for reads: there is nothing to commit. */
  readonly commits: boolean;
  /** Whether the value is kept for whoever calls again with the same idempotency key. */
  readonly keyed: boolean;
  /** The engine's transaction for an attempt, counted from 1. */
  begin(attempt: number): EngineTransaction;
  /** What becomes of it when a read is over: it ends, or is kept for the next. */
  release(engine: EngineTransaction): void;
  open(engine: EngineTransaction): Promise<OpenedAttempt<T>>;
  /** A marker for this run; asked for once, when first needed. */
  takeMarker(): Marker;
  /** Gives the marker back when the run is over. */
  freeMarker(marker: Marker): void;
  /** Called with every attempt that writes: old markers can go. */
  sweep(engine: EngineTransaction): void;
}

/** A value, and what its attempt left to do; a replay's attempt was somebody else's. */
export interface Applied<T> {
  readonly value: T;
  readonly attempt: Attempt | undefined;
}

/** What an attempt of this run left, which may have been applied. */
interface Unsettled<T> extends Applied<T> {
  readonly attempt: Attempt;
  readonly commit: Promise<void>;
}

const nothing = (): void => {};

/** One run; used once. */
export class TransactionRun<T> {
  readonly #host: RunHost;
  readonly #plan: RunPlan<T>;
  readonly #stopper: Stopper;
  readonly #attemptsMax: number;
  /** Whether commits themselves tell their outcomes; markers do otherwise. */
  readonly #told: boolean;
  /** Attempts whose outcome is unknown, by number. */
  readonly #unsettled = new Map<number, Unsettled<T>>();
  #marker: Marker | undefined;
  #attempts: number;
  #conflicts: number;
  #rows: number;
  #bytesRead: number;
  #bytesWritten: number;

  /** `before`: what attempts made already came to. */
  constructor(host: RunHost, plan: RunPlan<T>, stopper: Stopper, attemptsMax: number, before: Tally = emptyTally) {
    this.#host = host;
    this.#plan = plan;
    this.#stopper = stopper;
    this.#attemptsMax = attemptsMax;
    this.#attempts = before.attempts;
    this.#conflicts = before.conflicts;
    this.#rows = before.rows;
    this.#bytesRead = before.bytesRead;
    this.#bytesWritten = before.bytesWritten;
    this.#told = !plan.keyed && host.engine.capabilities.tellsOutcomes === true;
  }

  /** What all attempts came to so far. */
  get tally(): Tally {
    return {
      attempts: this.#attempts,
      conflicts: this.#conflicts,
      rows: this.#rows,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
    };
  }

  /** What was applied. Rejects only when nothing was, or with TRANSACTION_OUTCOME_UNKNOWN. */
  async outcome(): Promise<Applied<T>> {
    try {
      for (;;) {
        const applied = await this.#attempt(++this.#attempts);
        if (applied !== undefined) return applied;
      }
    } catch (error) {
      if (this.#unsettled.size === 0) throw error;
      const applied = await this.#settle(error);
      if (applied !== undefined) return applied;
      throw error;
    } finally {
      // Even if the outcome stays unknown: a late attempt and the next user of the marker's key exclude each other.
      if (this.#marker !== undefined) this.#plan.freeMarker(this.#marker);
    }
  }

  #markerOfRun(): Marker {
    this.#marker ??= this.#plan.takeMarker();
    return this.#marker;
  }

  /** Undefined when another attempt is to follow. */
  async #attempt(number: number): Promise<Applied<T> | undefined> {
    const stopper = this.#stopper;
    stopper.assertGoing();
    const engine = this.#plan.begin(number);
    stopper.cancels(() => engine.cancel());
    let attempt: Attempt | undefined;
    let committing = false;
    let writing = false;
    try {
      const opened = await stopper.race(this.#plan.open(engine));
      attempt = opened.attempt;
      if (this.#plan.keyed || this.#unsettled.size > 0) {
        const found = await stopper.race(this.#markerOfRun().find(engine));
        if (found !== undefined) return this.#found(found, engine);
      }
      const value = await stopper.race(attempt.awaited(opened.call()));
      if (opened.beforeCommit !== undefined && attempt.wrote) await stopper.race(opened.beforeCommit());
      attempt.end();
      if (!this.#plan.commits) {
        this.#plan.release(engine);
        return { value, attempt };
      }
      if (attempt.wrote || this.#unsettled.size > 0) {
        writing = true;
        if (!this.#told) this.#markerOfRun().write(engine, number, this.#plan.keyed ? encodeResult(value) : undefined);
        this.#plan.sweep(engine);
      }
      committing = true;
      // A cancelled commit would tell nothing.
      if (this.#told) stopper.cancels(nothing);
      const commit = engine.commit();
      // The value is known from here on, and so is what a lost outcome would have left.
      if (writing) this.#unsettled.set(number, { value, attempt, commit });
      await stopper.race(commit);
      attempt.applied();
      return { value, attempt };
    } catch (error) {
      attempt?.end();
      if (!this.#told || !committing) engine.cancel();
      const fdbCode = fdbCodeOf(error);
      const unknown = writing && committing && (stopper.reason !== undefined || this.#isUnknown(fdbCode));
      if (!unknown) {
        this.#unsettled.delete(number);
        attempt?.failed(error);
      } else if (this.#told) throw error;
      await this.#retryOrThrow(error, fdbCode, committing);
      return undefined;
    } finally {
      if (attempt !== undefined) {
        this.#rows += attempt.rows;
        this.#bytesRead += attempt.bytesRead;
        this.#bytesWritten += attempt.bytesWritten;
      }
    }
  }

  #isUnknown(fdbCode: number | undefined): boolean {
    return this.#told ? fdbCode === commitUnknownResult : isOutcomeUnknown(fdbCode);
  }

  async #retryOrThrow(error: unknown, fdbCode: number | undefined, committing: boolean): Promise<void> {
    if (fdbCode === notCommitted) this.#conflicts++;
    this.#stopper.assertGoing();
    if (!isRetryable(fdbCode, committing)) throw error;
    const attempts = this.#attempts;
    if (attempts >= this.#attemptsMax) {
      throw tenantryError("TRANSACTION_ATTEMPTS_EXHAUSTED", { attempts, fdbCode }, { cause: error });
    }
    const atOnce = this.#host.engine.capabilities.retriesAtOnce === true;
    const delayMs = retryDelayMs(attempts, fdbCode, this.#host.random.fraction(), atOnce);
    if (delayMs > 0) await this.#stopper.sleep(delayMs);
  }

  /** A marker that was there: an earlier attempt's of this run, or another caller's under the same key. */
  #found({ attempt: number, versionstamp, payload }: MarkerContent, engine: EngineTransaction): Applied<T> {
    engine.cancel();
    const own = number === undefined ? undefined : this.#unsettled.get(number);
    if (number !== undefined) this.#unsettled.delete(number);
    this.#forget(tenantryError("TRANSACTION_ENDED", { operation: "getVersionstamp" }));
    if (own !== undefined) {
      own.attempt.applied(versionstamp);
      return own;
    }
    // The type is the caller's word: the same key stands for the same call.
    return { value: decodeResult(payload) as T, attempt: undefined };
  }

  /**
   * The run is over for `error` while attempts may have been applied, or may yet be: finds out, in a little more
   * time, which one was; undefined when none was and none ever will be.
   */
  async #settle(error: unknown): Promise<Applied<T> | undefined> {
    const stopper = new Stopper(this.#host.clock, { deadlineMs: outcomeGraceMs, attempts: () => this.#attempts });
    let failure: unknown = error;
    try {
      for (let tries = 1; ; tries++) {
        try {
          return await (this.#told ? this.#hear(stopper, error) : this.#findOrFence(stopper, error));
        } catch (caught) {
          failure = caught;
          const fdbCode = fdbCodeOf(caught);
          if (this.#told || !isRetryable(fdbCode, true)) break;
          await stopper.sleep(retryDelayMs(tries, fdbCode, this.#host.random.fraction()));
        }
      }
    } catch (stopped) {
      failure = stopped;
    } finally {
      stopper.dispose();
    }
    const details = { attempts: this.#attempts, fdbCode: fdbCodeOf(failure) };
    const lost = tenantryError("TRANSACTION_OUTCOME_UNKNOWN", details, { cause: error });
    this.#forget(lost);
    throw lost;
  }

  /** What was applied, or undefined when nothing was: by what the commits themselves tell. */
  async #hear(stopper: Stopper, error: unknown): Promise<Applied<T> | undefined> {
    for (const unsettled of this.#unsettled.values()) {
      try {
        await stopper.race(unsettled.commit);
        unsettled.attempt.applied();
        return unsettled;
      } catch (failure) {
        if (stopper.reason !== undefined || this.#isUnknown(fdbCodeOf(failure))) throw failure;
      }
    }
    this.#forget(error);
    return undefined;
  }

  /** One look: what was applied; or undefined, after making sure that nothing ever will be. */
  async #findOrFence(stopper: Stopper, error: unknown): Promise<Applied<T> | undefined> {
    const engine = this.#host.engine.begin();
    stopper.cancels(() => engine.cancel());
    const marker = this.#markerOfRun();
    try {
      const found = await stopper.race(marker.find(engine));
      if (found?.attempt !== undefined) return this.#found(found, engine);
      if (found === undefined) {
        // Its write conflict keeps out every attempt that is still under way; so does another caller's marker.
        marker.fence(engine);
        await stopper.race(engine.commit());
      } else engine.cancel();
    } catch (failure) {
      engine.cancel();
      throw failure;
    }
    this.#forget(error);
    return undefined;
  }

  /** Nobody will learn of the unsettled attempts' versionstamps any more. */
  #forget(error: unknown): void {
    for (const { attempt } of this.#unsettled.values()) attempt.failed(error);
    this.#unsettled.clear();
  }
}
