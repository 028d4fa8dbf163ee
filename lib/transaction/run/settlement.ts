/** Settlement: the outcomes that a run does not know yet, and how it finds them out. */
import type { Engine, EngineTransaction } from "../../engine/index.js";
import { tenantryError } from "../../errors/index.js";
import { outcomeGraceMs } from "../../limits/index.js";
import type { Clock, Random } from "../../observe/index.js";
import type { Attempt } from "../view/index.js";
import type { Marker, MarkerContent } from "./marker.js";
import { decodeResult } from "./result.js";
import { commitUnknownResult, fdbCodeOf, isOutcomeUnknown, isRetryable, retryDelayMs } from "./retry.js";
import { Stopper } from "./stopper.js";

export interface RunHost {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
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

/** The unsettled attempts of one run, by number. */
export class Settlement<T> {
  /** Whether commits themselves tell their outcomes; markers do otherwise. */
  readonly told: boolean;
  readonly #host: RunHost;
  readonly #takeMarker: () => Marker;
  #unsettled: Map<number, Unsettled<T>> | undefined;
  #marker: Marker | undefined;

  /** @param takeMarker The run's marker; asked for once, when first needed. */
  constructor(host: RunHost, told: boolean, takeMarker: () => Marker) {
    this.#host = host;
    this.told = told;
    this.#takeMarker = takeMarker;
  }

  /** Whether attempts may have been applied, or may yet be. */
  get isOpen(): boolean {
    return this.#unsettled !== undefined && this.#unsettled.size > 0;
  }

  get marker(): Marker {
    this.#marker ??= this.#takeMarker();
    return this.#marker;
  }

  /** The marker, if it was needed. */
  get takenMarker(): Marker | undefined {
    return this.#marker;
  }

  add(number: number, unsettled: Unsettled<T>): void {
    this.#unsettled ??= new Map();
    this.#unsettled.set(number, unsettled);
  }

  has(number: number): boolean {
    return this.#unsettled?.has(number) === true;
  }

  /** The attempt was not applied. */
  drop(number: number): void {
    this.#unsettled?.delete(number);
  }

  /** Whether a commit that failed with `fdbCode` may have been applied. */
  isUnknown(fdbCode: number | undefined): boolean {
    return this.told ? fdbCode === commitUnknownResult : isOutcomeUnknown(fdbCode);
  }

  /**
   * A marker that was there: an earlier attempt's of this run, or another caller's under the same key.
   *
   * @throws IDEMPOTENCY_KEY_REUSED when that caller asked for something else.
   */
  found({ attempt: number, reused, versionstamp, payload }: MarkerContent, engine: EngineTransaction): Applied<T> {
    engine.cancel();
    if (reused) throw tenantryError("IDEMPOTENCY_KEY_REUSED", {});
    const own = number === undefined ? undefined : this.#unsettled?.get(number);
    if (number !== undefined) this.drop(number);
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
   *
   * @throws TRANSACTION_OUTCOME_UNKNOWN
   */
  async settle(error: unknown, attempts: number): Promise<Applied<T> | undefined> {
    const stopper = new Stopper(this.#host.clock, { deadlineMs: outcomeGraceMs, attempts: () => attempts });
    let failure: unknown = error;
    try {
      for (let tries = 1; ; tries++) {
        try {
          return await (this.told ? this.#hear(stopper, error) : this.#findOrFence(stopper, error));
        } catch (caught) {
          failure = caught;
          const fdbCode = fdbCodeOf(caught);
          if (this.told || !isRetryable(fdbCode, true)) break;
          await stopper.sleep(retryDelayMs(tries, fdbCode, this.#host.random.fraction()));
        }
      }
    } catch (stopped) {
      failure = stopped;
    } finally {
      stopper.dispose();
    }
    const details = { attempts, fdbCode: fdbCodeOf(failure) };
    const lost = tenantryError("TRANSACTION_OUTCOME_UNKNOWN", details, { cause: error });
    this.#forget(lost);
    throw lost;
  }

  /** What was applied, or undefined when nothing was: by what the commits themselves tell. */
  async #hear(stopper: Stopper, error: unknown): Promise<Applied<T> | undefined> {
    for (const unsettled of this.#all) {
      try {
        await stopper.race(unsettled.commit);
        unsettled.attempt.applied();
        return unsettled;
      } catch (failure) {
        if (stopper.reason !== undefined || this.isUnknown(fdbCodeOf(failure))) throw failure;
      }
    }
    this.#forget(error);
    return undefined;
  }

  /** One look: what was applied; or undefined, after making sure that nothing ever will be. */
  async #findOrFence(stopper: Stopper, error: unknown): Promise<Applied<T> | undefined> {
    const engine = this.#host.engine.begin();
    stopper.cancels(() => engine.cancel());
    const { marker } = this;
    try {
      const found = await stopper.race(marker.find(engine));
      if (found?.attempt !== undefined) return this.found(found, engine);
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
    for (const { attempt } of this.#all) attempt.failed(error);
    this.#unsettled = undefined;
  }

  get #all(): readonly Unsettled<T>[] {
    return this.#unsettled === undefined ? [] : [...this.#unsettled.values()];
  }
}
