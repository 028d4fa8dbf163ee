/**
 * A stand-in for the native module of the npm package `foundationdb`, on top of another engine: it answers as the
 * binding's C++ does (its argument checks, its errors, its habits), so that the adapter runs where libfdb_c is not.
 */
import { createRequire } from "node:module";
import type {
  KVList,
  NativeDatabase,
  NativeModule,
  NativeTransaction,
  NativeValue,
  Version,
  Watch,
} from "foundationdb/dist/lib/native.js";
import type { StreamingMode as NativeStreamingMode } from "foundationdb/dist/lib/opts.g.js";
import { mutationCodes, streamingModeCodes, transactionOptionCodes } from "../../../lib/engine/foundationdb/codes.js";
import { databaseOptionCodes } from "../../../lib/engine/foundationdb-options.js";
import {
  type AtomicOp,
  type Engine,
  EngineError,
  type EngineOption,
  type EngineTransaction,
  type KeySelector,
  type RangeOptions,
  type StreamingMode,
} from "../../../lib/engine/index.js";

export interface NativeDoubleOptions {
  /** What holds the data. Opened databases share it; closing them leaves it open. */
  readonly engine: Engine;
  /** Highest API version the pretended libfdb_c knows. */
  readonly clientApiVersionMax?: number;
  /** Keys at which a shard ends: no batch of a range read goes past one, and says there is more. */
  readonly shardEdges?: readonly Uint8Array[];
  /** Read versions are never answered, unless a timeout ends the wait. */
  readonly unreachable?: boolean;
  /** Not even the client's own timeout ends the wait: its thread is stuck. */
  readonly stuck?: boolean;
  /** What creating a database, or its first answer, fails with. */
  readonly createError?: number;
  readonly connectError?: number;
}

/** One option that was set, as the binding got it: numbers and bytes. */
export interface OptionCall {
  readonly code: number;
  readonly value: number | string | null;
}

/** The stand-in, and what it was told. */
export interface NativeDouble extends NativeModule {
  readonly networkOptions: readonly OptionCall[];
  readonly databaseOptions: readonly OptionCall[];
  readonly transactionOptions: readonly OptionCall[];
  readonly networkRuns: boolean;
  readonly clusterFiles: readonly (string | undefined)[];
  /** Databases that were created and not closed. */
  readonly openDatabases: number;
  /** Futures that would keep the process alive. */
  readonly outstanding: number;
}

/** The package's error, as the binding makes it: a message and a number. It loads without libfdb_c. */
const { default: FdbError }: { default: new (message: string, code: number) => Error & { readonly code: number } } =
  createRequire(import.meta.url)("foundationdb/dist/lib/error.js");

const fdbError = (code: number): Error => new FdbError(`error ${code}`, code);

const invert = <Name extends string>(codes: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> =>
  new Map((Object.entries(codes) as [Name, number][]).map(([name, code]) => [code, name]));

const opNames: ReadonlyMap<number, AtomicOp> = invert(mutationCodes);
const modeNames: ReadonlyMap<number, StreamingMode> = invert(streamingModeCodes);
const optionNames: ReadonlyMap<number, EngineOption> = new Map(
  (Object.entries(transactionOptionCodes) as [EngineOption, { code: number }][]).map(([name, { code }]) => [
    code,
    name,
  ]),
);
const intOptions: readonly number[] = Object.values(transactionOptionCodes)
  .filter(({ type }) => type === "int")
  .map(({ code }) => code);

/** The engine's error as the binding would reject with it. */
const toNative = (error: unknown): unknown => (error instanceof EngineError ? fdbError(error.fdbCode) : error);

/** toStringParams: a Buffer (any view, on this Node) or a string; the C API copies. */
function param(value: NativeValue): Uint8Array {
  if (typeof value === "string") return Uint8Array.from(Buffer.from(value, "utf8"));
  if (!ArrayBuffer.isView(value)) throw new Error("Invalid param - must be string, buffer or arraybuffer");
  return Uint8Array.from(value);
}

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

/** napi_get_value_int32 wraps what is too large. */
const int32 = (value: number): number => value | 0;

/** set_option_wrapped: null, a number or a Buffer; strings are refused, whatever the types say. */
function optionParam(value: unknown): number | string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return Math.trunc(value);
  if (Buffer.isBuffer(value)) return value.toString("utf8");
  throw new TypeError("Second argument must be a number or buffer");
}

function version(value: bigint): Version {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

export function nativeDouble(options: NativeDoubleOptions): NativeDouble {
  return new Double(options);
}

class Double implements NativeDouble {
  readonly networkOptions: OptionCall[] = [];
  readonly databaseOptions: OptionCall[] = [];
  readonly transactionOptions: OptionCall[] = [];
  readonly clusterFiles: (string | undefined)[] = [];
  readonly options: NativeDoubleOptions;
  networkRuns = false;
  openDatabases = 0;
  outstanding = 0;
  #apiVersion = 0;
  #networkStopped = false;

  constructor(options: NativeDoubleOptions) {
    this.options = options;
  }

  setAPIVersion(asked: number): void {
    this.setAPIVersionImpl(asked, 720);
  }

  setAPIVersionImpl(asked: number, header: number): void {
    if (this.#apiVersion !== 0) {
      if (asked !== this.#apiVersion) throw fdbError(2201);
      return;
    }
    if (asked > header || header > (this.options.clientApiVersionMax ?? 730)) throw fdbError(2203);
    this.#apiVersion = asked;
  }

  startNetwork(): void {
    // runNetwork's error is dropped: the network of a process does not start twice, and nothing says so.
    this.networkRuns = !this.#networkStopped;
  }

  stopNetwork(): void {
    this.networkRuns = false;
    this.#networkStopped = true;
  }

  setNetworkOption(code: number, value: unknown): void {
    if (this.#apiVersion === 0) throw fdbError(2200);
    if (this.networkRuns) throw fdbError(2009);
    this.networkOptions.push({ code, value: optionParam(value) });
  }

  createDatabase(clusterFile?: string): NativeDatabase {
    if (this.#apiVersion === 0) throw fdbError(2200);
    if (!this.networkRuns) throw fdbError(2008);
    if (this.options.createError !== undefined) throw fdbError(this.options.createError);
    // The path is copied into 1,024 bytes and cut there.
    this.clusterFiles.push(clusterFile?.slice(0, 1_023));
    this.openDatabases += 1;
    return new DoubleDatabase(this);
  }

  errorPredicate(): boolean {
    return false;
  }

  /** A future: it keeps the process alive until it settles, and its error is the binding's. */
  async future<T>(work: Promise<T>): Promise<T> {
    this.outstanding += 1;
    try {
      return await work;
    } catch (error) {
      throw toNative(error);
    } finally {
      this.outstanding -= 1;
    }
  }
}

class DoubleDatabase implements NativeDatabase {
  readonly #module: Double;
  #open = true;

  constructor(module: Double) {
    this.#module = module;
  }

  createTransaction(): NativeTransaction {
    if (!this.#open) throw new Error("Invalid arguments");
    return new DoubleTransaction(this.#module, this.#module.options.engine.begin());
  }

  setOption(code: number, value: unknown): void {
    if (!this.#open) return;
    const given = optionParam(value);
    if (code === databaseOptionCodes.maxWatches.code && Number(given) > 1_000_000) throw fdbError(2006);
    this.#module.databaseOptions.push({ code, value: given });
  }

  close(): void {
    // napi_remove_wrap of what was removed.
    if (!this.#open) throw new Error("Invalid arguments");
    this.#open = false;
    this.#module.openDatabases -= 1;
  }
}

class DoubleTransaction implements NativeTransaction {
  readonly #module: Double;
  readonly #inner: EngineTransaction;
  #timeoutMs = 0;
  #cancelled: ((error: Error) => void)[] = [];

  constructor(module: Double, inner: EngineTransaction) {
    this.#module = module;
    this.#inner = inner;
  }

  setOption(code: number, value: unknown): void {
    const given = optionParam(value);
    this.#module.transactionOptions.push({ code, value: given });
    const name = optionNames.get(code);
    if (name === undefined) throw fdbError(2007);
    if (intOptions.includes(code) !== (typeof given === "number")) throw fdbError(2006);
    if (name === "timeout") this.#timeoutMs = Number(given);
    this.#sync(() => this.#inner.setOption(name, given ?? undefined));
  }

  commit(): Promise<void>;
  commit(callback: unknown): void;
  commit(): Promise<void> {
    return this.#module.future(this.#inner.commit());
  }

  reset(): void {
    this.#inner.reset();
  }

  cancel(): void {
    for (const end of this.#cancelled) end(fdbError(1025));
    this.#inner.cancel();
  }

  onError(code: number): Promise<void>;
  onError(code: number, callback: unknown): void;
  onError(code: number): Promise<void> {
    return this.#module.future(this.#inner.onError(new EngineError(int32(code))));
  }

  getApproximateSize(): Promise<number> {
    return this.#module.future(this.#inner.getApproximateSize());
  }

  get(key: NativeValue, isSnapshot: boolean): Promise<Buffer | undefined>;
  get(key: NativeValue, isSnapshot: boolean, callback: unknown): void;
  get(key: NativeValue, isSnapshot: boolean): Promise<Buffer | undefined> {
    const found = this.#inner.get(param(key), isSnapshot);
    return this.#module.future(found.then((value) => value && buffer(value)));
  }

  getKey(key: NativeValue, orEqual: boolean, offset: number, isSnapshot: boolean): Promise<Buffer>;
  getKey(key: NativeValue, orEqual: boolean, offset: number, isSnapshot: boolean, callback: unknown): void;
  getKey(key: NativeValue, orEqual: boolean, offset: number, isSnapshot: boolean): Promise<Buffer> {
    return this.#module.future(
      this.#inner.getKey({ key: param(key), orEqual, offset: int32(offset) }, isSnapshot).then(buffer),
    );
  }

  set(key: NativeValue, value: NativeValue): void {
    this.#inner.set(param(key), param(value));
  }

  clear(key: NativeValue): void {
    this.#inner.clear(param(key));
  }

  atomicOp(opType: number, key: NativeValue, operand: NativeValue): void {
    const op = opNames.get(opType);
    if (op === undefined) throw fdbError(2018);
    this.#inner.atomic(op, param(key), param(operand));
  }

  getRange(
    start: NativeValue,
    beginOrEq: boolean,
    beginOffset: number,
    end: NativeValue,
    endOrEq: boolean,
    endOffset: number,
    limit: number,
    targetBytes: number,
    mode: NativeStreamingMode,
    iter: number,
    snapshot: boolean,
    reverse: boolean,
  ): Promise<KVList>;
  getRange(
    start: NativeValue,
    beginOrEq: boolean,
    beginOffset: number,
    end: NativeValue,
    endOrEq: boolean,
    endOffset: number,
    limit: number,
    targetBytes: number,
    mode: NativeStreamingMode,
    iter: number,
    snapshot: boolean,
    reverse: boolean,
    callback: unknown,
  ): void;
  getRange(
    start: NativeValue,
    beginOrEq: boolean,
    beginOffset: number,
    end: NativeValue,
    endOrEq: boolean,
    endOffset: number,
    limit: number,
    targetBytes: number,
    mode: NativeStreamingMode,
    iter: number,
    snapshot: boolean,
    reverse: boolean,
  ): Promise<KVList> {
    const from = { key: param(start), orEqual: beginOrEq, offset: int32(beginOffset) };
    const to = { key: param(end), orEqual: endOrEq, offset: int32(endOffset) };
    const modeName = modeNames.get(mode);
    if (modeName === undefined) throw fdbError(2000);
    return this.#module.future(
      this.#rows(from, to, {
        limit: int32(limit),
        targetBytes: int32(targetBytes),
        mode: modeName,
        iteration: int32(iter),
        snapshot,
        reverse,
      }),
    );
  }

  // A storage server answers for its own shard: a batch ends at a shard's edge, and says there is more.
  async #rows(begin: KeySelector, end: KeySelector, options: RangeOptions): Promise<KVList> {
    const { rows, more } = await this.#inner.getRange(begin, end, options);
    const edges = this.#module.options.shardEdges ?? [];
    const shard = (key: Uint8Array): number => edges.filter((edge) => Buffer.compare(edge, key) <= 0).length;
    const first = rows[0];
    const cut = first === undefined ? -1 : rows.findIndex(([key]) => shard(key) !== shard(first[0]));
    const own = cut < 0 ? rows : rows.slice(0, cut);
    return { results: own.map(([key, value]) => [buffer(key), buffer(value)]), more: more || cut >= 0 };
  }

  clearRange(start: NativeValue, end: NativeValue): void {
    this.#inner.clearRange(param(start), param(end));
  }

  getEstimatedRangeSizeBytes(start: NativeValue, end: NativeValue): Promise<number> {
    return this.#module.future(this.#inner.getEstimatedRangeSizeBytes(param(start), param(end)));
  }

  getRangeSplitPoints(start: NativeValue, end: NativeValue, chunkSize: number): Promise<Buffer[]> {
    return this.#module.future(
      this.#inner.getRangeSplitPoints(param(start), param(end), chunkSize).then((points) => points.map(buffer)),
    );
  }

  watch(key: NativeValue, ignoreStandardErrs: boolean): Watch {
    const watch = this.#inner.watch(param(key));
    const promise = this.#module.future(watch.fired).then(
      () => true,
      (error: Error & { readonly code: number }) => {
        if (ignoreStandardErrs && [1101, 1025, 1020].includes(error.code)) return false;
        throw error;
      },
    );
    return { promise, cancel: () => watch.cancel() };
  }

  addReadConflictRange(start: NativeValue, end: NativeValue): void {
    this.#sync(() => this.#inner.addReadConflictRange(param(start), param(end)));
  }

  addWriteConflictRange(start: NativeValue, end: NativeValue): void {
    this.#sync(() => this.#inner.addWriteConflictRange(param(start), param(end)));
  }

  setReadVersion(bytes: Version): void {
    if (bytes.length !== 8) throw new Error("Invalid version buffer - must be 8 bytes");
    this.#inner.setReadVersion(bytes.readBigInt64BE());
  }

  getReadVersion(): Promise<Version>;
  getReadVersion(callback: unknown): void;
  getReadVersion(): Promise<Version> {
    const { unreachable, stuck, connectError } = this.#module.options;
    if (connectError !== undefined) return this.#module.future(Promise.reject(fdbError(connectError)));
    if (unreachable === true || stuck === true) return this.#module.future(this.#silence(stuck === true));
    return this.#module.future(this.#inner.getReadVersion().then(version));
  }

  getCommittedVersion(): Version {
    return version(this.#inner.getCommittedVersion());
  }

  // Not marked as handled: what nobody catches ends the process, as it does with the binding.
  getVersionstamp(): Promise<Buffer>;
  getVersionstamp(callback: unknown): void;
  getVersionstamp(): Promise<Buffer> {
    return this.#module.future(this.#inner.getVersionstamp().then(buffer));
  }

  getAddressesForKey(): string[] {
    return [];
  }

  #silence(stuck: boolean): Promise<never> {
    return new Promise((_, reject) => {
      this.#cancelled.push(reject);
      if (!stuck && this.#timeoutMs > 0) setTimeout(() => reject(fdbError(1031)), this.#timeoutMs);
    });
  }

  #sync(call: () => void): void {
    try {
      call();
    } catch (error) {
      throw toNative(error);
    }
  }
}
