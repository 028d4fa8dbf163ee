/** The engine port: what an engine must offer, in the names and with the meaning of FoundationDB's C API. */
import type { AtomicOp } from "./atomic-op.js";
import type { EngineOption } from "./option.js";

/**
 * What an engine can do, as data, so that a spec that skips can say why.
 *
 * @example
 * ```ts
 * import { memory, openEngine, type EngineCapabilities } from "tenantry/engine";
 * const engine = await openEngine(memory());
 * const { durable, multiProcess, keyBytesMax }: EngineCapabilities = engine.capabilities; // false, false, 4025
 * await engine.close();
 * ```
 */
export interface EngineCapabilities {
  /** Committed data survives the process and a power cut. */
  readonly durable: boolean;
  /** Several processes may hold the same data open at once. */
  readonly multiProcess: boolean;
  /** Longest key the engine itself takes, in bytes; the SDK's own bound is `keyBytesMax`. */
  readonly keyBytesMax: number;
  /** A conflict is reported once a retry can read what it lost to, so that waiting before one gains nothing. */
  readonly retriesAtOnce?: boolean | undefined;
  /** Reads wait for nothing: transactions have `visitKey`. */
  readonly readsAtOnce?: boolean | undefined;
  /**
   * A commit that is left alone always settles, and tells what became of it: it rejects with 1021
   * (commit_unknown_result) when that cannot be known, and with anything else only when nothing of it was or ever will
   * be applied. Such an engine needs no marker in each transaction to settle lost outcomes.
   */
  readonly tellsOutcomes?: boolean | undefined;
}

/**
 * A store of ordered keys with FoundationDB's transactions; opened by `openEngine`.
 *
 * @example
 * ```ts
 * import { type Engine, memory, openEngine } from "tenantry/engine";
 * const engine: Engine = await openEngine(memory());
 * const transaction = engine.begin();
 * console.log(engine.name, await transaction.getReadVersion());
 * await engine.close();
 * ```
 */
export interface Engine {
  readonly name: string;
  readonly capabilities: EngineCapabilities;
  /** Begins a transaction; no I/O. */
  begin(): EngineTransaction;
  /** Refuses new transactions, waits for commits under way and releases what the engine holds. */
  close(): Promise<void>;
}

/**
 * A key by position: from `key` (or past it when `orEqual`), `offset` keys on; 1 is the next one.
 *
 * @example
 * ```ts
 * import type { EngineTransaction, KeySelector } from "tenantry/engine";
 * declare const transaction: EngineTransaction;
 * const lastBelow: KeySelector = { key: Buffer.from("b"), orEqual: false, offset: 0 };
 * const key = await transaction.getKey(lastBelow); // empty when there is none
 * ```
 */
export interface KeySelector {
  key: Uint8Array;
  orEqual: boolean;
  offset: number;
}

/**
 * How much of a range comes in one batch: FoundationDB's streaming modes.
 *
 * @example
 * ```ts
 * import type { EngineTransaction, StreamingMode } from "tenantry/engine";
 * declare const transaction: EngineTransaction;
 * const mode: StreamingMode = "small";
 * const begin = { key: Buffer.from("a"), orEqual: false, offset: 1 };
 * const end = { key: Buffer.from("b"), orEqual: false, offset: 1 };
 * const { rows, more } = await transaction.getRange(begin, end, { mode });
 * ```
 */
export type StreamingMode = "wantAll" | "iterator" | "exact" | "small" | "medium" | "large" | "serial";

/**
 * What a range read takes besides its ends.
 *
 * @example
 * ```ts
 * import type { RangeOptions } from "tenantry/engine";
 * const lastTen: RangeOptions = { limit: 10, reverse: true, snapshot: true };
 * ```
 */
export interface RangeOptions {
  /** Rows at most; 0 or absent: no limit. */
  limit?: number | undefined;
  reverse?: boolean | undefined;
  snapshot?: boolean | undefined;
  /** How much comes in one batch; `wantAll` when absent. */
  mode?: StreamingMode | undefined;
  /** Bytes of keys and values at most, at least one row; 0 or absent: the mode's own bound. */
  targetBytes?: number | undefined;
  /** Which batch of a loop this is, from 1; `mode: "iterator"` grows with it. */
  iteration?: number | undefined;
}

/**
 * One batch of a range.
 *
 * @example
 * ```ts
 * import type { RangeResult } from "tenantry/engine";
 * const lastKey = ({ rows, more }: RangeResult): Uint8Array | undefined => (more ? rows.at(-1)?.[0] : undefined);
 * ```
 */
export interface RangeResult {
  rows: [Uint8Array, Uint8Array][];
  /** Whether rows may follow: false only when the range was read to its end. */
  more: boolean;
}

/**
 * Sees one row in memory of the engine's, the key from `keyBegin` to `keyEnd` and the value from `valueBegin` to
 * `valueEnd`. The bytes are good until it returns: it copies what it keeps.
 *
 * @example
 * ```ts
 * import type { RowVisitor } from "tenantry/engine";
 * let bytes = 0;
 * const measure: RowVisitor = (_key, _keyBegin, _keyEnd, _value, begin, end) => {
 *   bytes += end - begin;
 * };
 * ```
 */
export type RowVisitor = (
  key: Uint8Array,
  keyBegin: number,
  keyEnd: number,
  value: Uint8Array,
  valueBegin: number,
  valueEnd: number,
) => void;

/**
 * Sees one value in memory of the engine's, from `begin` to `end`. The bytes are good until it returns, or reads
 * something else itself: it copies what it keeps.
 *
 * @example
 * ```ts
 * import type { ValueVisitor } from "tenantry/engine";
 * let bytes = 0;
 * const measure: ValueVisitor = (_value, begin, end) => {
 *   bytes += end - begin;
 * };
 * ```
 */
export type ValueVisitor = (value: Uint8Array, begin: number, end: number) => void;

/**
 * One batch of a range that was visited.
 *
 * @example
 * ```ts
 * import type { VisitResult } from "tenantry/engine";
 * const isWhole = ({ more }: VisitResult): boolean => !more;
 * ```
 */
export interface VisitResult {
  /** How many rows were visited. */
  readonly rows: number;
  /** Whether rows may follow. */
  readonly more: boolean;
  /** The last row's key, a copy, when rows may follow. */
  readonly last: Uint8Array | undefined;
}

/**
 * A watched key.
 *
 * @example
 * ```ts
 * import type { EngineTransaction, Watch } from "tenantry/engine";
 * declare const transaction: EngineTransaction;
 * const watch: Watch = transaction.watch(Buffer.from("settings"));
 * await transaction.commit(); // the watch begins here
 * await watch.fired;
 * ```
 */
export interface Watch {
  /** Resolves once a committed change of the key is seen; rejects with code 1101 when cancelled. */
  readonly fired: Promise<void>;
  cancel(): void;
}

/**
 * One transaction of an engine, in FoundationDB's words. Mutations never throw: their error is the next read's or the
 * commit's. Keys and values are copied when they are given.
 *
 * @example
 * ```ts
 * import { type EngineTransaction, memory, openEngine } from "tenantry/engine";
 * const engine = await openEngine(memory());
 * const transaction: EngineTransaction = engine.begin();
 * for (;;) {
 *   try {
 *     const value = await transaction.get(Buffer.from("name"));
 *     if (value === undefined) transaction.set(Buffer.from("name"), Buffer.from("Paris"));
 *     await transaction.commit();
 *     break;
 *   } catch (error) {
 *     await transaction.onError(error); // waits and begins anew, or throws what no retry helps against
 *   }
 * }
 * await engine.close();
 * ```
 */
export interface EngineTransaction {
  get(key: Uint8Array, snapshot?: boolean): Promise<Uint8Array | undefined>;
  /**
   * A fast path that an engine may have beside `get`, where reads wait for nothing: shows the value that `get` would
   * resolve with to `visit`, at once; whether there is one. Throws what `get` would reject with.
   */
  visitKey?(key: Uint8Array, snapshot: boolean, visit: ValueVisitor): boolean;
  getKey(selector: KeySelector, snapshot?: boolean): Promise<Uint8Array>;
  getRange(begin: KeySelector, end: KeySelector, options?: RangeOptions): Promise<RangeResult>;
  /**
   * A fast path that an engine may have beside `getRange`: shows the rows of `[begin, end)` to `visit` at once, without
   * copying them. Undefined when this transaction cannot: it has, or may come to have, writes of its own, or the read
   * is no snapshot read. What `visit` throws ends the visit and is thrown.
   */
  visitRange?(begin: Uint8Array, end: Uint8Array, options: RangeOptions, visit: RowVisitor): VisitResult | undefined;
  set(key: Uint8Array, value: Uint8Array): void;
  clear(key: Uint8Array): void;
  clearRange(begin: Uint8Array, end: Uint8Array): void;
  atomic(op: AtomicOp, key: Uint8Array, operand: Uint8Array): void;
  /** Throws 2005 at once when `begin` is after `end`; its other errors are deferred, as those of mutations. */
  addReadConflictRange(begin: Uint8Array, end: Uint8Array): void;
  addWriteConflictRange(begin: Uint8Array, end: Uint8Array): void;
  watch(key: Uint8Array): Watch;
  getReadVersion(): Promise<bigint>;
  setReadVersion(version: bigint): void;
  commit(): Promise<void>;
  /** The version of the commit; -1n when nothing was written or nothing is committed. */
  getCommittedVersion(): bigint;
  /** The 10 bytes of the commit: ask before committing; resolves after. Rejects with 2021 when nothing was written. */
  getVersionstamp(): Promise<Uint8Array>;
  getApproximateSize(): Promise<number>;
  getEstimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): Promise<number>;
  getRangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Promise<Uint8Array[]>;
  setOption(name: EngineOption, value?: number | string): void;
  onError(error: unknown): Promise<void>;
  reset(): void;
  cancel(): void;
}
