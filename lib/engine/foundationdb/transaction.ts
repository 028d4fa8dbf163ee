/** A transaction of FoundationDB: the port over the npm package's native transaction, call by call. */
import type { NativeTransaction, Watch as NativeWatch } from "foundationdb/dist/lib/native.js";
import { isTenantryError } from "../../errors/index.js";
import type { Placed, Roster } from "../../roster/index.js";
import type { AtomicOp } from "../atomic-op.js";
import type { EngineTransaction, KeySelector, RangeOptions, RangeResult, Watch } from "../engine.js";
import { EngineError } from "../error.js";
import type { EngineOption } from "../option.js";
import { ownRangeOptions } from "../own-range-options.js";
import { fromNative, optionToNative, toInt32, toNative, versionFromNative, versionToNative } from "./bytes.js";
import { mutationCodes, streamingModeCodes, transactionOptionCodes } from "./codes.js";
import { fdbCodes, toEngineError } from "./errors.js";

/** What an engine knows of its transactions, so that closing leaves nothing behind that would hold the process. */
export interface TransactionHost {
  readonly closed: boolean;
  readonly tags: readonly string[];
  /** Transactions with an answer outstanding. */
  readonly busy: Roster<FoundationDbTransaction>;
  readonly commits: Set<Promise<void>>;
  readonly watches: Set<Watch>;
}

const ignore = (): void => {};

export class FoundationDbTransaction implements EngineTransaction, Placed {
  /** On the roster of those that wait for the client. */
  place = 0;
  readonly #native: NativeTransaction;
  readonly #host: TransactionHost;
  #outstanding = 0;

  constructor(native: NativeTransaction, host: TransactionHost) {
    this.#native = native;
    this.#host = host;
    this.#putTags();
  }

  async get(key: Uint8Array, snapshot = false): Promise<Uint8Array | undefined> {
    const value = await this.#answer(() => this.#native.get(toNative(key), snapshot));
    return value ? fromNative(value) : undefined;
  }

  async getKey(selector: KeySelector, snapshot = false): Promise<Uint8Array> {
    const { key, orEqual, offset } = selector;
    return fromNative(await this.#answer(() => this.#native.getKey(toNative(key), orEqual, toInt32(offset), snapshot)));
  }

  async getRange(begin: KeySelector, end: KeySelector, options?: RangeOptions): Promise<RangeResult> {
    const own = ownRangeOptions(options);
    const { limit = 0, reverse = false, snapshot = false, mode = "wantAll", targetBytes = 0, iteration = 1 } = own;
    const { results, more } = await this.#answer(() =>
      this.#native.getRange(
        toNative(begin.key),
        begin.orEqual,
        toInt32(begin.offset),
        toNative(end.key),
        end.orEqual,
        toInt32(end.offset),
        toInt32(limit),
        toInt32(targetBytes),
        streamingModeCodes[mode],
        toInt32(iteration),
        snapshot,
        reverse,
      ),
    );
    return { rows: results.map(([key, value]) => [fromNative(key), fromNative(value)]), more };
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#native.set(toNative(key), toNative(value));
  }

  clear(key: Uint8Array): void {
    this.#native.clear(toNative(key));
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#native.clearRange(toNative(begin), toNative(end));
  }

  atomic(op: AtomicOp, key: Uint8Array, operand: Uint8Array): void {
    this.#native.atomicOp(mutationCodes[op], toNative(key), toNative(operand));
  }

  // The C API answers conflict ranges at once, not with the next read or the commit: an inverted one throws here.
  addReadConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#now(() => this.#native.addReadConflictRange(toNative(begin), toNative(end)));
  }

  addWriteConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#now(() => this.#native.addWriteConflictRange(toNative(begin), toNative(end)));
  }

  watch(key: Uint8Array): Watch {
    const { watches } = this.#host;
    let native: NativeWatch | undefined;
    const fired = this.#answer(() => {
      // Not "ignoring standard errors": the binding would turn 1020, 1025 and 1101 into a change that never was.
      native = this.#native.watch(toNative(key), false);
      return native.promise;
    }, false).then(ignore);
    const watch: Watch = { fired, cancel: () => native?.cancel() };
    watches.add(watch);
    fired.catch(ignore).then(() => watches.delete(watch));
    return watch;
  }

  async getReadVersion(): Promise<bigint> {
    return versionFromNative(await this.#answer(() => this.#native.getReadVersion()));
  }

  setReadVersion(version: bigint): void {
    this.#native.setReadVersion(versionToNative(version));
  }

  commit(): Promise<void> {
    const { commits } = this.#host;
    const done = this.#answer(() => this.#native.commit()).then(ignore);
    commits.add(done);
    done.catch(ignore).then(() => commits.delete(done));
    return done;
  }

  getCommittedVersion(): bigint {
    return this.#now(() => versionFromNative(this.#native.getCommittedVersion()));
  }

  getVersionstamp(): Promise<Uint8Array> {
    const stamp = this.#answer(() => this.#native.getVersionstamp()).then(fromNative);
    // It fails along with the commit, where the caller looks.
    stamp.catch(ignore);
    return stamp;
  }

  async getApproximateSize(): Promise<number> {
    return await this.#answer(() => this.#native.getApproximateSize());
  }

  async getEstimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): Promise<number> {
    return await this.#answer(() => this.#native.getEstimatedRangeSizeBytes(toNative(begin), toNative(end)));
  }

  async getRangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Promise<Uint8Array[]> {
    const points = await this.#answer(() =>
      this.#native.getRangeSplitPoints(toNative(begin), toNative(end), Math.trunc(chunkBytes)),
    );
    return points.map(fromNative);
  }

  setOption(name: EngineOption, value?: number | string): void {
    if (!Object.hasOwn(transactionOptionCodes, name)) throw new EngineError(fdbCodes.invalidOption);
    const option = transactionOptionCodes[name];
    const encoded = optionToNative(option.type, value);
    this.#now(() => this.#native.setOption(option.code, encoded));
  }

  async onError(error: unknown): Promise<void> {
    if (!isTenantryError(error, "ENGINE")) throw error;
    const { fdbCode } = error.details;
    try {
      await this.#answer(() => this.#native.onError(fdbCode));
    } catch (refusal) {
      throw refusal instanceof EngineError && refusal.fdbCode === fdbCode ? error : refusal;
    }
  }

  reset(): void {
    this.#native.reset();
    this.#putTags();
  }

  cancel(): void {
    this.#native.cancel();
  }

  #putTags(): void {
    for (const tag of this.#host.tags) this.setOption("tag", tag);
  }

  /** An answer that comes later, its errors the port's. While one is outstanding the engine knows the transaction. */
  async #answer<T>(call: () => Promise<T>, busy = true): Promise<T> {
    if (this.#host.closed) throw new EngineError(fdbCodes.transactionCancelled);
    if (busy && this.#outstanding++ === 0) this.#host.busy.add(this);
    try {
      return await call();
    } catch (error) {
      throw toEngineError(error);
    } finally {
      if (busy && --this.#outstanding === 0) this.#host.busy.delete(this);
    }
  }

  #now<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw toEngineError(error);
    }
  }
}
