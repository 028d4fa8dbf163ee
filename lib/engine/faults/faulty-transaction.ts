/** A transaction in front of another that is struck by faults. */
import { setTimeout as delay } from "node:timers/promises";
import type { AtomicOp } from "../atomic-op.js";
import type { EngineTransaction, KeySelector, RangeOptions, RangeResult, Watch } from "../engine.js";
import { EngineError } from "../error.js";
import type { EngineOption } from "../option.js";
import { type FaultKind, type InjectedFault, readFaults, unknownCodes } from "./fault.js";

/** What a transaction asks of the engine it belongs to. */
export interface FaultHost {
  readonly delayMs: number;
  beginInner(): EngineTransaction;
  strikes(kind: FaultKind, roll: () => number): boolean;
  note(fault: InjectedFault): void;
  /** A commit that will land later; closing waits for it. */
  keep(late: Promise<unknown>): void;
}

type Operation = InjectedFault["operation"];

/** What the transaction promised beyond itself, a versionstamp or a watch: an injected error settles it, as the transaction behind will not. */
interface Promised {
  fail(error: unknown): void;
}

const ignore = (): void => {};

export class FaultyTransaction implements EngineTransaction {
  readonly #number: number;
  readonly #host: FaultHost;
  readonly #roll: () => number;
  #inner: EngineTransaction;
  // Given again to the transaction that takes over when a late commit keeps the first one.
  #options: [EngineOption, number | string | undefined][] = [];
  #promised: Promised[] = [];
  /** The injected error the transaction is left with until it is reset. */
  #failed: EngineError | undefined;
  /** The transaction behind now belongs to a late commit. */
  #detached = false;

  constructor(number: number, host: FaultHost, roll: () => number) {
    this.#number = number;
    this.#host = host;
    this.#roll = roll;
    this.#inner = host.beginInner();
  }

  get(key: Uint8Array, snapshot?: boolean): Promise<Uint8Array | undefined> {
    return this.#read("get", () => this.#inner.get(key, snapshot));
  }

  getKey(selector: KeySelector, snapshot?: boolean): Promise<Uint8Array> {
    return this.#read("getKey", () => this.#inner.getKey(selector, snapshot));
  }

  getRange(begin: KeySelector, end: KeySelector, options?: RangeOptions): Promise<RangeResult> {
    return this.#read("getRange", () => this.#inner.getRange(begin, end, options));
  }

  getReadVersion(): Promise<bigint> {
    return this.#read("getReadVersion", () => this.#inner.getReadVersion());
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#inner.set(key, value);
  }

  clear(key: Uint8Array): void {
    this.#inner.clear(key);
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#inner.clearRange(begin, end);
  }

  atomic(op: AtomicOp, key: Uint8Array, operand: Uint8Array): void {
    this.#inner.atomic(op, key, operand);
  }

  addReadConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#inner.addReadConflictRange(begin, end);
  }

  addWriteConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#inner.addWriteConflictRange(begin, end);
  }

  setReadVersion(version: bigint): void {
    this.#inner.setReadVersion(version);
  }

  watch(key: Uint8Array): Watch {
    const drops = this.#host.strikes("watchDrop", this.#roll);
    const fires = this.#host.strikes("watchSpurious", this.#roll);
    const wait = this.#wait();
    const watch = this.#inner.watch(key);
    const fault = drops
      ? this.#note("watch", "watchDrop", 1039)
      : fires && this.#note("watch", "watchSpurious", undefined);
    const fired = new Promise<void>((resolve, reject) => {
      watch.fired.then(resolve, reject);
      const fail = (error: unknown): void => {
        reject(error);
        watch.cancel();
      };
      this.#promised.push({ fail });
      if (fault === false) return;
      void delay(wait).then(() => {
        if (fault.fdbCode === undefined) resolve();
        else reject(new EngineError(fault.fdbCode));
        watch.cancel();
      });
    });
    fired.catch(ignore);
    return { fired, cancel: () => watch.cancel() };
  }

  async commit(): Promise<void> {
    this.#refuseFailed();
    const conflicts = this.#host.strikes("conflict", this.#roll);
    const tooOld = this.#host.strikes("tooOld", this.#roll);
    const notApplied = this.#host.strikes("unknownNotApplied", this.#roll);
    const applied = this.#host.strikes("unknownApplied", this.#roll);
    const late = this.#host.strikes("unknownLate", this.#roll);
    const choice = this.#roll();
    const wait = this.#wait();
    if (conflicts) throw this.#fail("commit", "conflict", 1020);
    if (tooOld) throw this.#fail("commit", "tooOld", 1007);
    if (notApplied) throw this.#fail("commit", "unknownNotApplied", pick(unknownCodes.settled, choice));
    if (applied) {
      await this.#inner.commit();
      throw this.#fail("commit", "unknownApplied", pick(unknownCodes.settled, choice));
    }
    if (late) {
      const inner = this.#inner;
      this.#detached = true;
      // A commit has its read version before it is sent: what is committed from now on conflicts with what it read.
      await inner.getReadVersion().catch(ignore);
      this.#host.keep(delay(wait).then(() => inner.commit()));
      throw this.#fail("commit", "unknownLate", pick(unknownCodes.late, choice));
    }
    await this.#inner.commit();
    // From here watches are on their own.
    this.#promised = [];
  }

  getCommittedVersion(): bigint {
    return this.#failed === undefined ? this.#inner.getCommittedVersion() : -1n;
  }

  getVersionstamp(): Promise<Uint8Array> {
    const stamp = new Promise<Uint8Array>((resolve, reject) => {
      this.#promised.push({ fail: reject });
      this.#inner.getVersionstamp().then(resolve, reject);
    });
    stamp.catch(ignore);
    return stamp;
  }

  getApproximateSize(): Promise<number> {
    return this.#inner.getApproximateSize();
  }

  getEstimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): Promise<number> {
    return this.#inner.getEstimatedRangeSizeBytes(begin, end);
  }

  getRangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Promise<Uint8Array[]> {
    return this.#inner.getRangeSplitPoints(begin, end, chunkBytes);
  }

  setOption(name: EngineOption, value?: number | string): void {
    this.#inner.setOption(name, value);
    this.#options.push([name, value]);
  }

  async onError(error: unknown): Promise<void> {
    if (this.#failed?.fdbCode === 1031) throw error;
    this.#replaceDetached();
    await this.#inner.onError(error);
    this.#fresh();
  }

  reset(): void {
    this.#options = [];
    this.#replaceDetached();
    this.#inner.reset();
    this.#fresh();
  }

  cancel(): void {
    this.#replaceDetached();
    this.#inner.cancel();
    // From here the transaction behind answers as a cancelled one does.
    this.#failed = undefined;
  }

  async #read<T>(operation: Operation, call: () => Promise<T>): Promise<T> {
    this.#refuseFailed();
    const struck = readFaults.map((fault) => this.#host.strikes(fault.kind, this.#roll));
    const slow = this.#host.strikes("slowRead", this.#roll);
    const wait = this.#wait();
    // The read is made, and with it its conflict; it is the answer that gets lost.
    const answer = call();
    const fault = readFaults.find((_, index) => struck[index]);
    if (fault !== undefined) {
      answer.catch(ignore);
      const error = new EngineError(fault.fdbCode);
      this.#note(operation, fault.kind, fault.fdbCode);
      if (fault.kind === "timeout") this.#leaveFailed(error);
      throw error;
    }
    if (slow) {
      answer.catch(ignore);
      this.#note(operation, "slowRead", undefined);
      await delay(wait);
    }
    return answer;
  }

  #refuseFailed(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }

  #fail(operation: Operation, kind: FaultKind, fdbCode: number): EngineError {
    const error = new EngineError(fdbCode);
    this.#note(operation, kind, fdbCode);
    this.#leaveFailed(error);
    return error;
  }

  #leaveFailed(error: EngineError): void {
    this.#failed = error;
    for (const promised of this.#promised) promised.fail(error);
    this.#promised = [];
  }

  #note(operation: Operation, kind: FaultKind, fdbCode: number | undefined): InjectedFault {
    const fault = { transaction: this.#number, operation, kind, fdbCode };
    this.#host.note(fault);
    return fault;
  }

  #replaceDetached(): void {
    if (!this.#detached) return;
    this.#detached = false;
    this.#inner = this.#host.beginInner();
    for (const [name, value] of this.#options) this.#inner.setOption(name, value);
  }

  #fresh(): void {
    this.#failed = undefined;
    this.#promised = [];
  }

  #wait(): number {
    return this.#roll() * this.#host.delayMs;
  }
}

const pick = (codes: readonly number[], chance: number): number => codes[Math.floor(chance * codes.length)] ?? 1021;
