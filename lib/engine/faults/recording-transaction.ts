/** A transaction in front of another that reports every key it touches. */
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
import type { EngineOption } from "../option.js";
import type { Access, AccessKind } from "./access.js";

/** A key, or the keys from `begin` to `end`. */
interface Keys {
  readonly begin: Uint8Array;
  readonly end?: Uint8Array | undefined;
}

type Report = (access: Omit<Access, "transaction">) => void;

const stampBytes = 10;
const offsetBytes = 4;

export class RecordingTransaction implements EngineTransaction {
  /** Where the other has it. */
  readonly visitKey?: NonNullable<EngineTransaction["visitKey"]>;
  readonly #inner: EngineTransaction;
  readonly #report: Report;
  #nextWriteWithoutConflict = false;

  constructor(inner: EngineTransaction, report: Report) {
    this.#inner = inner;
    this.#report = report;
    if (inner.visitKey !== undefined) this.visitKey = (key, snapshot, visit) => this.#visitKey(key, snapshot, visit);
  }

  async get(key: Uint8Array, snapshot = false): Promise<Uint8Array | undefined> {
    this.#note("get", "asked", { begin: key });
    if (!snapshot) this.#note("get", "readConflict", { begin: key });
    const value = await this.#inner.get(key, snapshot);
    if (value !== undefined) this.#note("get", "returned", { begin: key });
    return value;
  }

  #visitKey(key: Uint8Array, snapshot: boolean, visit: ValueVisitor): boolean {
    this.#note("get", "asked", { begin: key });
    if (!snapshot) this.#note("get", "readConflict", { begin: key });
    const found = this.#inner.visitKey?.(key, snapshot, visit) === true;
    if (found) this.#note("get", "returned", { begin: key });
    return found;
  }

  async getKey(selector: KeySelector, snapshot = false): Promise<Uint8Array> {
    this.#note("getKey", "asked", { begin: selector.key });
    const key = await this.#inner.getKey(selector, snapshot);
    this.#note("getKey", "returned", { begin: key });
    if (!snapshot) this.#note("getKey", "readConflict", spanOf([selector.key, key]));
    return key;
  }

  async getRange(begin: KeySelector, end: KeySelector, options?: RangeOptions): Promise<RangeResult> {
    this.#note("getRange", "asked", spanOf([], [begin.key, end.key]));
    const result = await this.#inner.getRange(begin, end, options);
    const keys = result.rows.map(([key]) => key);
    for (const key of keys) this.#note("getRange", "returned", { begin: key });
    if (options?.snapshot !== true) {
      // A limited read conflicts as far as it read; a selector with an offset may have led anywhere on its side.
      const [first, last] = [reachOf(begin), reachOf(end)];
      const unread = !result.more ? [] : options?.reverse === true ? [first] : [last];
      const reached = [first, last].filter((reach) => !reach.exact || !unread.includes(reach));
      const ends = reached.flatMap(({ low, high }) => [low, high]);
      this.#note("getRange", "readConflict", spanOf(keys, ends));
    }
    return result;
  }

  visitRange(begin: Uint8Array, end: Uint8Array, options: RangeOptions, visit: RowVisitor): VisitResult | undefined {
    const keys: Uint8Array[] = [];
    const noted: RowVisitor = (key, keyBegin, keyEnd, value, valueBegin, valueEnd) => {
      keys.push(new Uint8Array(key.subarray(keyBegin, keyEnd)));
      visit(key, keyBegin, keyEnd, value, valueBegin, valueEnd);
    };
    // Only snapshot reads are answered: they conflict with nothing. One that is not answered asks for nothing.
    try {
      const result = this.#inner.visitRange?.(begin, end, options, noted);
      if (result !== undefined) this.#note("getRange", "asked", spanOf([], [begin, end]));
      return result;
    } finally {
      for (const key of keys) this.#note("getRange", "returned", { begin: key });
    }
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#write("set", { begin: key });
    this.#inner.set(key, value);
  }

  clear(key: Uint8Array): void {
    this.#write("clear", { begin: key });
    this.#inner.clear(key);
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#write("clearRange", { begin, end });
    this.#inner.clearRange(begin, end);
  }

  atomic(op: AtomicOp, key: Uint8Array, operand: Uint8Array): void {
    this.#write(op, op === "setVersionstampedKey" ? stampedKeys(key) : { begin: key });
    this.#inner.atomic(op, key, operand);
  }

  addReadConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#note("addReadConflictRange", "readConflict", { begin, end });
    this.#inner.addReadConflictRange(begin, end);
  }

  addWriteConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#note("addWriteConflictRange", "writeConflict", { begin, end });
    this.#inner.addWriteConflictRange(begin, end);
  }

  watch(key: Uint8Array): Watch {
    this.#note("watch", "watched", { begin: key });
    return this.#inner.watch(key);
  }

  getReadVersion(): Promise<bigint> {
    return this.#inner.getReadVersion();
  }

  setReadVersion(version: bigint): void {
    this.#inner.setReadVersion(version);
  }

  commit(): Promise<void> {
    return this.#inner.commit();
  }

  getCommittedVersion(): bigint {
    return this.#inner.getCommittedVersion();
  }

  getVersionstamp(): Promise<Uint8Array> {
    return this.#inner.getVersionstamp();
  }

  getApproximateSize(): Promise<number> {
    return this.#inner.getApproximateSize();
  }

  getEstimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): Promise<number> {
    this.#note("getEstimatedRangeSizeBytes", "asked", { begin, end });
    return this.#inner.getEstimatedRangeSizeBytes(begin, end);
  }

  async getRangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Promise<Uint8Array[]> {
    this.#note("getRangeSplitPoints", "asked", { begin, end });
    const points = await this.#inner.getRangeSplitPoints(begin, end, chunkBytes);
    for (const point of points) this.#note("getRangeSplitPoints", "returned", { begin: point });
    return points;
  }

  setOption(name: EngineOption, value?: number | string): void {
    if (name === "nextWriteNoWriteConflictRange") this.#nextWriteWithoutConflict = true;
    this.#inner.setOption(name, value);
  }

  onError(error: unknown): Promise<void> {
    this.#nextWriteWithoutConflict = false;
    return this.#inner.onError(error);
  }

  reset(): void {
    this.#nextWriteWithoutConflict = false;
    this.#inner.reset();
  }

  cancel(): void {
    this.#inner.cancel();
  }

  #write(operation: string, keys: Keys): void {
    this.#note(operation, "written", keys);
    if (!this.#nextWriteWithoutConflict) this.#note(operation, "writeConflict", keys);
    this.#nextWriteWithoutConflict = false;
  }

  #note(operation: string, kind: AccessKind, { begin, end }: Keys): void {
    this.#report({ operation, kind, begin: new Uint8Array(begin), end: end && new Uint8Array(end) });
  }
}

/** Which keys resolving a range's selector may read; `exact` when it stands at its key and reads none. */
function reachOf({ key, orEqual, offset }: KeySelector): { low: Uint8Array; high: Uint8Array; exact: boolean } {
  if (offset === 1) {
    const stand = orEqual ? after(key) : key;
    return { low: stand, high: stand, exact: true };
  }
  return offset > 1
    ? { low: key, high: Uint8Array.of(0xff), exact: false }
    : { low: new Uint8Array(), high: after(key), exact: false };
}

/** From the smallest of all keys to the largest of `ends`, or just after the largest of `keys`. */
function spanOf(keys: readonly Uint8Array[], ends: readonly Uint8Array[] = []): Keys {
  const begin = [...keys, ...ends].toSorted(Buffer.compare)[0] ?? new Uint8Array();
  const end = [...keys.map(after), ...ends].toSorted(Buffer.compare).at(-1);
  return { begin, end };
}

function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** The keys a versionstamped key may become: from the stamp all zeros to the stamp all ones. */
function stampedKeys(key: Uint8Array): Keys {
  const offset = key.length < offsetBytes ? -1 : Buffer.from(key).readUInt32LE(key.length - offsetBytes);
  const body = Uint8Array.from(key.subarray(0, -offsetBytes));
  if (offset < 0 || offset + stampBytes > body.length) return { begin: key, end: undefined };
  const begin = body.slice().fill(0x00, offset, offset + stampBytes);
  return { begin, end: after(body.fill(0xff, offset, offset + stampBytes)) };
}
