/** One life of a transaction, between two resets: its snapshot, its view, what it conflicts with, how it ended. */
import { EngineError } from "../../error.js";
import { SnapshotReader } from "../reading/snapshot-reader.js";
import type { KeyRange, Snapshot, Store } from "../store.js";
import { View } from "../view/view.js";
import { rangeOverheadBytes } from "./conflict-ranges.js";
import { AttemptOptions } from "./options.js";
import { AttemptWatches, type WatchCount } from "./watches.js";

export class Attempt {
  readonly options = new AttemptOptions();
  readonly watches: AttemptWatches;
  readonly reader: SnapshotReader;
  readConflicts: KeyRange[] = [];
  commitStarted = false;
  /** Bytes of mutations and conflict ranges, as they were asked for. */
  approximateBytes = 0;
  readonly #store: Store;
  #view: View | undefined;
  #endings: Set<(error: EngineError) => void> | undefined;
  #readVersion: bigint | undefined;
  #snapshot: Snapshot | undefined;
  #hasRead = false;
  #deferred: EngineError | undefined;
  #readError: EngineError | undefined;
  #endCode: number | undefined;
  /** Built when somebody sees it: most attempts are ended with nobody there, and a stack costs more than a read. */
  #endError: EngineError | undefined;
  #deadline: { readonly at: number; readonly now: () => number; readonly timer: NodeJS.Timeout } | undefined;

  constructor(store: Store, watchCount: WatchCount) {
    this.#store = store;
    this.watches = new AttemptWatches(watchCount);
    this.reader = new SnapshotReader(() => this.#open());
  }

  /** What reads see that see the transaction's own writes; made when first asked for. */
  get view(): View {
    this.#view ??= new View(this.reader);
    return this.#view;
  }

  /** Whether writes wait in the view. */
  get hasWrites(): boolean {
    return this.#view !== undefined && !this.#view.writes.empty;
  }

  /** The read version, when there is one already. */
  get readVersion(): bigint | undefined {
    return this.#readVersion;
  }

  /** Whether anything was read from the snapshot. */
  get hasRead(): boolean {
    return this.#hasRead;
  }

  #open(): Snapshot {
    this.#hasRead = true;
    if (this.#snapshot !== undefined) return this.#snapshot;
    const version = this.takeReadVersion();
    this.#snapshot ??= this.#store.snapshot(version);
    return this.#snapshot;
  }

  takeReadVersion(): bigint {
    if (this.#readVersion === undefined) {
      this.#readVersion = this.#store.readVersion();
      this.#snapshot = this.#store.snapshot(this.#readVersion);
    }
    return this.#readVersion;
  }

  /** Throws 2010 when there is a read version already, 2011 when `version` is none. */
  setReadVersion(version: bigint): void {
    if (this.#readVersion !== undefined) throw new EngineError(2010);
    if (version <= 0n) throw new EngineError(2011);
    this.#readVersion = version;
  }

  /** Gives the snapshot back; nothing is read after it. */
  release(): void {
    this.#snapshot = undefined;
  }

  /** Adds a read conflict. */
  conflict(range: KeyRange): void {
    this.approximateBytes += rangeOverheadBytes + range.begin.length + range.end.length;
    this.readConflicts.push(range);
  }

  /** Runs an operation that returns nothing: its error shows at the next read or the commit, and ends all after it. */
  defer(operation: () => void): void {
    if (this.#deferred !== undefined) return;
    try {
      operation();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#deferred = error;
    }
  }

  throwIfDeferred(): void {
    if (this.#deferred !== undefined) throw this.#deferred;
  }

  /** Throws 2017 once a commit was begun; the first such use ends the attempt. */
  throwIfCommitting(): void {
    if (!this.commitStarted) return;
    this.end(2017);
    throw new EngineError(2017);
  }

  throwIfEnded(): void {
    if (this.#deadline !== undefined && this.#deadline.now() >= this.#deadline.at) this.end(1031);
    if (this.#endCode !== undefined) throw this.#ended(this.#endCode);
  }

  #ended(fdbCode: number): EngineError {
    this.#endError ??= new EngineError(fdbCode);
    return this.#endError;
  }

  /** What every read asks first. */
  throwIfClosed(): void {
    this.throwIfDeferred();
    this.throwIfCommitting();
    this.throwIfEnded();
  }

  /** Runs a read; an error of it fails the commit too. */
  read<T>(operation: () => T): T {
    this.watches.arrived();
    try {
      return operation();
    } catch (error) {
      if (error instanceof EngineError) this.#readError ??= error;
      throw error;
    }
  }

  throwIfReadFailed(): void {
    if (this.#readError !== undefined) throw this.#readError;
  }

  /** Ends the attempt, unless it ended before: what is under way and what comes fails with `fdbCode`. */
  end(fdbCode: number): void {
    if (this.#endCode !== undefined) return;
    this.#endCode = fdbCode;
    this.setDeadline(undefined);
    if (!this.commitStarted) this.release();
    this.watches.failArriving(fdbCode);
    if (this.#endings === undefined) return;
    for (const ending of this.#endings) ending(this.#ended(fdbCode));
    this.#endings.clear();
  }

  /** `promise`, unless the attempt ends first. */
  untilEnd<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#endCode !== undefined) reject(this.#ended(this.#endCode));
      this.#endings ??= new Set();
      this.#endings.add(reject);
      promise.then(
        (value) => {
          this.#endings?.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          this.#endings?.delete(reject);
          reject(error);
        },
      );
    });
  }

  /** Ends the attempt with 1031 at `deadline.at` (by the clock given). */
  setDeadline(deadline: { readonly at: number; readonly now: () => number } | undefined): void {
    clearTimeout(this.#deadline?.timer);
    this.#deadline = undefined;
    if (deadline === undefined || this.#endCode !== undefined) return;
    const { at, now } = deadline;
    const left = at - now();
    if (left <= 0) this.end(1031);
    else this.#deadline = { at, now, timer: setTimeout(() => this.end(1031), left).unref() };
  }
}
