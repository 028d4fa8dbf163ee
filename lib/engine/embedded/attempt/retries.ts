/** How a transaction is tried again: which errors, after what delay, how often. */
import { EngineError } from "../../error.js";
import { defaultPersistentOptions, type PersistentOptions } from "./options.js";

const firstDelayMs = 10;
/** For errors of a cluster short of memory. */
const memoryDelayMaxMs = 30_000;
/** The wait after a read version that is too old or not there yet. */
const versionDelayMs = 10;

const memoryCodes: ReadonlySet<number> = new Set([1042, 1078]);
const versionCodes: ReadonlySet<number> = new Set([1007, 1009]);
const retryableCodes: ReadonlySet<number> = new Set([
  1020,
  1021,
  1037,
  1038,
  1051,
  1079,
  1213,
  1223,
  1235,
  ...memoryCodes,
]);

/** The error code in what a caller passes to `onError`, from whichever copy of the package; 0 is no error. */
export const fdbCodeOf = (error: unknown): number | undefined =>
  typeof error === "object" && error !== null && "fdbCode" in error && typeof error.fdbCode === "number"
    ? error.fdbCode
    : undefined;

export class Retries {
  readonly options: PersistentOptions = defaultPersistentOptions();
  readonly #random: () => number;
  #count = 0;
  #nextDelayMs = firstDelayMs;

  /** `random` is uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Counts a try. Throws `error` when it was the last one allowed, or is none that trying again can help. */
  delayMs(error: unknown): number {
    const { retryLimit, maxRetryDelayMs } = this.options;
    const exhausted = retryLimit !== -1 && this.#count >= retryLimit;
    this.#count++;
    if (exhausted) throw error;
    const code = fdbCodeOf(error);
    if (code === undefined) throw error;
    if (code === 0) throw new EngineError(2000);
    if (versionCodes.has(code)) return Math.min(versionDelayMs, maxRetryDelayMs);
    if (!retryableCodes.has(code)) throw error;
    const delay = this.#nextDelayMs * this.#random();
    this.#nextDelayMs = Math.min(this.#nextDelayMs * 2, memoryCodes.has(code) ? memoryDelayMaxMs : maxRetryDelayMs);
    return delay;
  }
}
