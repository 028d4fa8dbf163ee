/** One call of a runner: its attempts, until one is known to be applied or none ever will be. */
import type { EngineTransaction } from "../../engine/index.js";
import { tenantryError } from "../../errors/index.js";
import type { Attempt } from "../view/index.js";
import type { Marker } from "./marker.js";
import { encodeResult } from "./result.js";
import { fdbCodeOf, isRetryable, notCommitted, retryDelayMs } from "./retry.js";
import { type Applied, type RunHost, Settlement } from "./settlement.js";
import type { Stopper } from "./stopper.js";
import type { Tally } from "./tally.js";

/** An attempt that is ready for its function. */
export interface OpenedAttempt<T> {
  readonly attempt: Attempt;
  /** Runs the function. */
  call(): Promise<T>;
  /** What joins the commit; called only when something was written. */
  beforeCommit?: (() => Promise<void>) | undefined;
}

/** An attempt that was made at once, but for its commit. */
export interface AttemptedAtOnce<T> {
  readonly engine: EngineTransaction;
  readonly attempt: Attempt;
  readonly result: { readonly value: T } | { readonly error: unknown };
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
  /** Begins, opens and makes an attempt, all at once; undefined where it has to wait for something. */
  attemptAtOnce?(): AttemptedAtOnce<T> | undefined;
  /** A marker for this run; asked for once, when first needed. */
  takeMarker(): Marker;
  /** Gives the marker back when the run is over. */
  freeMarker(marker: Marker): void;
  /** Called with every attempt that writes: old markers can go. */
  sweep(engine: EngineTransaction): void;
}

/** An attempt as far as it has come. */
interface Trial {
  readonly engine: EngineTransaction;
  attempt: Attempt | undefined;
  commit: Promise<void> | undefined;
}

const nothing = (): void => {};

/** One run; used once. */
export class TransactionRun<T> {
  readonly #host: RunHost;
  readonly #plan: RunPlan<T>;
  readonly #stopper: Stopper;
  readonly #attemptsMax: number;
  readonly #settlement: Settlement<T>;
  #attempts = 0;
  #conflicts = 0;
  #rows = 0;
  #bytesRead = 0;
  #bytesWritten = 0;

  constructor(host: RunHost, plan: RunPlan<T>, stopper: Stopper, attemptsMax: number) {
    this.#host = host;
    this.#plan = plan;
    this.#stopper = stopper;
    this.#attemptsMax = attemptsMax;
    const told = !plan.keyed && host.engine.capabilities.tellsOutcomes === true;
    this.#settlement = new Settlement(host, told, () => plan.takeMarker());
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
      for (let applied = await this.#first(); ; applied = await this.#attempt()) {
        if (applied !== undefined) return applied;
        this.#attempts++;
      }
    } catch (error) {
      const applied = this.#settlement.isOpen ? await this.#settlement.settle(error, this.#attempts) : undefined;
      if (applied !== undefined) return applied;
      throw error;
    } finally {
      // Even if the outcome stays unknown: a late attempt and the next user of the marker's key exclude each other.
      const { takenMarker } = this.#settlement;
      if (takenMarker !== undefined) this.#plan.freeMarker(takenMarker);
    }
  }

  /** The first attempt: at once, where the plan can and outcomes are told. */
  #first(): Promise<Applied<T> | undefined> {
    this.#attempts++;
    this.#stopper.assertGoing();
    const attempted = this.#settlement.told ? this.#plan.attemptAtOnce?.() : undefined;
    if (attempted === undefined) return this.#attempt();
    const { engine, attempt, result } = attempted;
    return this.#tried({ engine, attempt, commit: undefined }, (trial) => {
      if ("error" in result) throw result.error;
      return this.#commit(trial, { value: result.value, attempt });
    });
  }

  #attempt(): Promise<Applied<T> | undefined> {
    this.#stopper.assertGoing();
    const engine = this.#plan.begin(this.#attempts);
    this.#stopper.cancels(() => engine.cancel());
    return this.#tried({ engine, attempt: undefined, commit: undefined }, (trial) => this.#perform(trial));
  }

  /** What an attempt applied. Undefined when another one is to follow. */
  async #tried(trial: Trial, attempt: (trial: Trial) => Promise<Applied<T>>): Promise<Applied<T> | undefined> {
    try {
      return await attempt(trial);
    } catch (error) {
      await this.#failed(trial, error);
      return undefined;
    } finally {
      this.#count(trial.attempt);
    }
  }

  async #perform(trial: Trial): Promise<Applied<T>> {
    const stopper = this.#stopper;
    const settlement = this.#settlement;
    const { engine } = trial;
    const opened = await stopper.race(this.#plan.open(engine));
    const { attempt } = opened;
    trial.attempt = attempt;
    if (this.#plan.keyed || settlement.isOpen) {
      const found = await stopper.race(settlement.marker.find(engine));
      if (found !== undefined) return settlement.found(found, engine);
    }
    const value = await stopper.race(attempt.awaited(opened.call()));
    if (opened.beforeCommit !== undefined && attempt.wrote) await stopper.race(opened.beforeCommit());
    attempt.end();
    if (this.#plan.commits) return this.#commit(trial, { value, attempt });
    this.#plan.release(engine);
    return { value, attempt };
  }

  /** Commits an attempt; resolves once it is applied. */
  async #commit(trial: Trial, applied: { readonly value: T; readonly attempt: Attempt }): Promise<Applied<T>> {
    const { engine } = trial;
    const { value, attempt } = applied;
    const settlement = this.#settlement;
    const writes = attempt.wrote || settlement.isOpen;
    if (writes) {
      const payload = this.#plan.keyed ? encodeResult(value) : undefined;
      if (!settlement.told) settlement.marker.write(engine, this.#attempts, payload);
      this.#plan.sweep(engine);
    }
    // A cancelled commit would tell nothing.
    if (settlement.told) this.#stopper.cancels(nothing);
    const commit = engine.commit();
    trial.commit = commit;
    // The value is known from here on, and so is what a lost outcome would have left.
    if (writes) settlement.add(this.#attempts, { value, attempt, commit });
    await this.#stopper.race(commit);
    attempt.applied();
    return applied;
  }

  /** Throws `error` when no other attempt is to follow. */
  async #failed({ engine, attempt, commit }: Trial, error: unknown): Promise<void> {
    const settlement = this.#settlement;
    attempt?.end();
    if (!settlement.told || commit === undefined) engine.cancel();
    const fdbCode = fdbCodeOf(error);
    const mayBeApplied =
      commit !== undefined &&
      settlement.has(this.#attempts) &&
      (this.#stopper.reason !== undefined || settlement.isUnknown(fdbCode));
    if (!mayBeApplied) {
      settlement.drop(this.#attempts);
      attempt?.failed(error);
    } else if (settlement.told) throw error;
    await this.#retryOrThrow(error, fdbCode, commit !== undefined);
  }

  #count(attempt: Attempt | undefined): void {
    if (attempt === undefined) return;
    this.#rows += attempt.rows;
    this.#bytesRead += attempt.bytesRead;
    this.#bytesWritten += attempt.bytesWritten;
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
}
