/** A transaction of the embedded engine: FoundationDB's client semantics over a store's snapshots and commits. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AtomicOp } from "../atomic-op.js";
import type {
  EngineTransaction,
  KeySelector,
  RangeOptions,
  RangeResult,
  RowVisitor,
  ValueVisitor,
  VisitResult,
  Watch,
} from "../engine.js";
import { EngineError } from "../error.js";
import type { EngineOption } from "../option.js";
import { ownRangeOptions } from "../own-range-options.js";
import { Attempt } from "./attempt/attempt.js";
import { Committer, noVersion } from "./attempt/committer.js";
import { AttemptMutations } from "./attempt/mutations.js";
import { AttemptReads } from "./attempt/reads.js";
import { fdbCodeOf, Retries } from "./attempt/retries.js";
import { failedWatch, type WatchCount } from "./attempt/watches.js";
import { CommitWrites } from "./attempt/writes.js";
import { compareBytes, userKeysEnd } from "./reading/bounds.js";
import type { Store } from "./store.js";

/** What a transaction takes from the engine it belongs to. */
export interface TransactionHost {
  /** Longest key the store takes, in bytes. */
  readonly keyBytesMax: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1), for the jitter of back-offs. */
  readonly random: () => number;
  /** The watches of all transactions of the engine. */
  readonly watchCount: WatchCount;
}

/** One attempt and what works on it; what only writing needs is made when it is needed. */
class Life {
  readonly attempt: Attempt;
  readonly reads: AttemptReads;
  readonly #store: Store;
  readonly #keyBytesMax: number;
  #writes: CommitWrites | undefined;
  #mutations: AttemptMutations | undefined;
  #committer: Committer | undefined;

  constructor(store: Store, { keyBytesMax, watchCount }: TransactionHost) {
    this.attempt = new Attempt(store, watchCount);
    this.reads = new AttemptReads(this.attempt, keyBytesMax);
    this.#store = store;
    this.#keyBytesMax = keyBytesMax;
  }

  get #toCommit(): CommitWrites {
    this.#writes ??= new CommitWrites();
    return this.#writes;
  }

  get mutations(): AttemptMutations {
    this.#mutations ??= new AttemptMutations(this.attempt, this.#toCommit, this.#keyBytesMax);
    return this.#mutations;
  }

  get committer(): Committer {
    this.#committer ??= new Committer(this.#store, this.attempt, this.#toCommit);
    return this.#committer;
  }

  /** The version of the commit; undefined when there was none. */
  get committedVersion(): bigint | undefined {
    return this.#committer?.version;
  }
}

export class EmbeddedTransaction implements EngineTransaction {
  readonly #store: Store;
  readonly #host: TransactionHost;
  #retries: Retries;
  /** When it was begun or last reset: what `timeout` counts from. */
  #begunAt: number;
  #life: Life;
  /** The version of the last commit before a reset or a retry. */
  #committedVersion = noVersion;

  constructor(store: Store, host: TransactionHost) {
    this.#store = store;
    this.#host = host;
    this.#retries = new Retries(host.random);
    this.#begunAt = host.now();
    this.#life = new Life(store, host);
  }

  #renew(): void {
    const { attempt } = this.#life;
    this.#committedVersion = this.getCommittedVersion();
    this.#life = new Life(this.#store, this.#host);
    this.#applyTimeout();
    attempt.watches.fail(1025);
    attempt.end(1025);
  }

  #applyTimeout(): void {
    const { timeoutMs } = this.#retries.options;
    const { now } = this.#host;
    this.#life.attempt.setDeadline(timeoutMs === 0 ? undefined : { at: this.#begunAt + timeoutMs, now });
  }

  async get(key: Uint8Array, snapshot = false): Promise<Uint8Array | undefined> {
    return this.#life.reads.get(key, snapshot);
  }

  visitKey(key: Uint8Array, snapshot: boolean, visit: ValueVisitor): boolean {
    return this.#life.reads.show(key, snapshot, visit);
  }

  async getKey(selector: KeySelector, snapshot = false): Promise<Uint8Array> {
    return this.#life.reads.key(selector, snapshot);
  }

  async getRange(begin: KeySelector, end: KeySelector, options?: RangeOptions): Promise<RangeResult> {
    return this.#life.reads.range(begin, end, ownRangeOptions(options));
  }

  visitRange(begin: Uint8Array, end: Uint8Array, options: RangeOptions, visit: RowVisitor): VisitResult | undefined {
    return this.#life.reads.visit(begin, end, ownRangeOptions(options), visit);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const { attempt, mutations } = this.#life;
    attempt.defer(() => mutations.set(key, value));
  }

  clear(key: Uint8Array): void {
    const { attempt, mutations } = this.#life;
    attempt.defer(() => mutations.clear(key));
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    const { attempt, mutations } = this.#life;
    attempt.defer(() => mutations.clearRange(begin, end));
  }

  atomic(op: AtomicOp, key: Uint8Array, operand: Uint8Array): void {
    const { attempt, mutations } = this.#life;
    attempt.defer(() => mutations.atomic(op, key, operand));
  }

  /** Throws 2005 at once when `begin` is after `end`, as FoundationDB does; other errors are deferred. */
  addReadConflictRange(begin: Uint8Array, end: Uint8Array): void {
    if (compareBytes(begin, end) > 0) throw new EngineError(2005);
    const { attempt, reads } = this.#life;
    attempt.defer(() => reads.addConflict(begin, end));
  }

  /** Throws 2005 at once when `begin` is after `end`, as FoundationDB does; other errors are deferred. */
  addWriteConflictRange(begin: Uint8Array, end: Uint8Array): void {
    if (compareBytes(begin, end) > 0) throw new EngineError(2005);
    const { attempt, mutations } = this.#life;
    attempt.defer(() => mutations.addConflict(begin, end));
  }

  watch(key: Uint8Array): Watch {
    try {
      return this.#life.reads.watch(key);
    } catch (error) {
      return failedWatch(error);
    }
  }

  async getReadVersion(): Promise<bigint> {
    const { attempt } = this.#life;
    attempt.throwIfDeferred();
    attempt.throwIfEnded();
    return attempt.takeReadVersion();
  }

  setReadVersion(version: bigint): void {
    const { attempt } = this.#life;
    attempt.defer(() => attempt.setReadVersion(version));
  }

  commit(): Promise<void> {
    return this.#life.committer.commit();
  }

  getCommittedVersion(): bigint {
    return this.#life.committedVersion ?? this.#committedVersion;
  }

  getVersionstamp(): Promise<Uint8Array> {
    return this.#life.committer.stamp();
  }

  async getApproximateSize(): Promise<number> {
    return this.#life.attempt.approximateBytes;
  }

  async getEstimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): Promise<number> {
    if (compareBytes(begin, end) > 0) throw new EngineError(2005);
    this.#life.attempt.throwIfClosed();
    return this.#store.estimatedRangeSizeBytes(begin, end);
  }

  async getRangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Promise<Uint8Array[]> {
    if (compareBytes(begin, end) > 0) throw new EngineError(2005);
    this.#life.attempt.throwIfClosed();
    if (compareBytes(begin, userKeysEnd) > 0 || compareBytes(end, userKeysEnd) > 0) throw new EngineError(2004);
    if (!(chunkBytes > 0)) throw new EngineError(2000);
    return this.#store.rangeSplitPoints(begin, end, chunkBytes);
  }

  setOption(name: EngineOption, value?: number | string): void {
    const { attempt } = this.#life;
    attempt.defer(() => {
      // What was read or written already went through the view.
      const isUsed = attempt.hasRead || attempt.hasWrites;
      if (name === "readYourWritesDisable" && isUsed) throw new EngineError(2000);
      attempt.options.set(name, value, this.#retries.options);
      if (name === "bypassUnreadable") attempt.view.bypassUnreadable = true;
      if (name === "timeout") this.#applyTimeout();
    });
  }

  async onError(error: unknown): Promise<void> {
    const { attempt } = this.#life;
    try {
      attempt.throwIfEnded();
      const delayMs = this.#retries.delayMs(error);
      attempt.watches.fail(1025);
      attempt.release();
      await attempt.untilEnd(sleep(delayMs));
    } catch (final) {
      attempt.end(1025);
      throw fdbCodeOf(final) === 1100 ? new EngineError(1025) : final;
    }
    this.#renew();
  }

  reset(): void {
    this.#retries = new Retries(this.#host.random);
    this.#begunAt = this.#host.now();
    this.#renew();
  }

  cancel(): void {
    this.#life.attempt.end(1025);
  }
}
