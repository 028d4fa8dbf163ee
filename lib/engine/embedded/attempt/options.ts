/** The options of a transaction: what each takes, and which survive a retry. */
import { transactionBytesMax } from "../../../limits/index.js";
import { EngineError } from "../../error.js";
import type { EngineOption } from "../../option.js";

const int32Max = 2 ** 31 - 1;
const tagBytesMax = 16;
const tagsMax = 5;
const identifierBytesMax = 100;
const sizeLimitBytesMin = 32;
const retryDelayMs = 1_000;

/** Options kept over `onError`. */
export interface PersistentOptions {
  timeoutMs: number;
  /** Retries at most; -1: no bound. */
  retryLimit: number;
  maxRetryDelayMs: number;
}

export const defaultPersistentOptions = (): PersistentOptions => ({
  timeoutMs: 0,
  retryLimit: -1,
  maxRetryDelayMs: retryDelayMs,
});

type Value = number | string | undefined;

const integer = (value: Value, min: number, max: number): number => {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) throw new EngineError(2006);
  return value;
};

/** Options that end with the attempt they were set in. */
export class AttemptOptions {
  readYourWritesDisabled = false;
  /** Snapshot reads see the transaction's own writes while this is positive. */
  snapshotReadYourWrites = 1;
  nextWriteNoConflict = false;
  bypassUnreadable = false;
  sizeLimitBytes: number = transactionBytesMax;
  #tags: Set<string> | undefined;

  /** Whether the next write adds no conflict; asking ends it. */
  takeNextWriteNoConflict(): boolean {
    const taken = this.nextWriteNoConflict;
    this.nextWriteNoConflict = false;
    return taken;
  }

  /** Sets an option of this attempt or a persistent one. Throws 2006 for a value it does not take. */
  set(name: EngineOption, value: Value, persistent: PersistentOptions): void {
    const apply = setters[name];
    if (apply === undefined) throw new EngineError(2007);
    apply(value, this, persistent);
  }

  addTag(value: Value): void {
    if (typeof value !== "string") throw new EngineError(2006);
    if (Buffer.byteLength(value) > tagBytesMax) throw new EngineError(2110);
    this.#tags ??= new Set();
    if (this.#tags.size >= tagsMax && !this.#tags.has(value)) throw new EngineError(2109);
    this.#tags.add(value);
  }
}

type Setter = (value: Value, options: AttemptOptions, persistent: PersistentOptions) => void;

const flag =
  (apply: (options: AttemptOptions) => void): Setter =>
  (value, options) => {
    if (value !== undefined) throw new EngineError(2006);
    apply(options);
  };

/** An option that only a cluster heeds. */
const ignored = flag(() => {});

const setters: Readonly<Record<EngineOption, Setter>> = {
  readYourWritesDisable: flag((options) => {
    options.readYourWritesDisabled = true;
  }),
  snapshotRywEnable: flag((options) => {
    options.snapshotReadYourWrites++;
  }),
  snapshotRywDisable: flag((options) => {
    options.snapshotReadYourWrites--;
  }),
  nextWriteNoWriteConflictRange: flag((options) => {
    options.nextWriteNoConflict = true;
  }),
  bypassUnreadable: flag((options) => {
    options.bypassUnreadable = true;
  }),
  timeout: (value, _, persistent) => {
    persistent.timeoutMs = integer(value, 0, int32Max);
  },
  retryLimit: (value, _, persistent) => {
    persistent.retryLimit = integer(value, -1, int32Max);
  },
  maxRetryDelay: (value, _, persistent) => {
    persistent.maxRetryDelayMs = integer(value, 0, int32Max);
  },
  sizeLimit: (value, options) => {
    options.sizeLimitBytes = integer(value, sizeLimitBytesMin, transactionBytesMax);
  },
  tag: (value, options) => options.addTag(value),
  autoThrottleTag: (value, options) => options.addTag(value),
  transactionLoggingMaxFieldLength: (value) => {
    if (integer(value, -1, int32Max) === 0) throw new EngineError(2006);
  },
  debugTransactionIdentifier: (value) => {
    const bytes = typeof value === "string" ? Buffer.byteLength(value) : 0;
    if (bytes === 0 || bytes > identifierBytesMax) throw new EngineError(2006);
  },
  causalReadRisky: ignored,
  causalWriteRisky: ignored,
  priorityBatch: ignored,
  prioritySystemImmediate: ignored,
  readPriorityLow: ignored,
  readPriorityHigh: ignored,
  logTransaction: ignored,
  serverRequestTracing: ignored,
  useGrvCache: ignored,
};
