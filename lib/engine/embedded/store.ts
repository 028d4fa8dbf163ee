/** What the transactions of the embedded engine ask of its store: snapshots, commits, watches. */
import type { AtomicOp } from "../atomic-op.js";
import type { RowVisitor, ValueVisitor } from "../engine.js";

/** Keys from `begin` (inclusive) to `end` (exclusive). */
export interface KeyRange {
  readonly begin: Uint8Array;
  readonly end: Uint8Array;
}

/** One write of a transaction, in the order it was issued; the store owns its bytes. */
export type Mutation =
  | { readonly type: "set"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "clearRange"; readonly begin: Uint8Array; readonly end: Uint8Array }
  | { readonly type: "atomic"; readonly op: AtomicOp; readonly key: Uint8Array; readonly operand: Uint8Array };

/** How much of a range is visited at a time: at least one row. */
export interface VisitBounds {
  readonly reverse: boolean;
  readonly rowsMax: number;
  /** Bytes of keys and values, and eight for each row. */
  readonly bytesMax: number;
}

/**
 * A consistent view of the store at one version. Rows it hands out are copies the caller owns. Reads throw EngineError
 * 1007 once the version is too old.
 */
export interface Snapshot {
  readonly version: bigint;
  get(key: Uint8Array): Uint8Array | undefined;
  /** Shows the value of a key to `visit` in place; whether there is one. */
  show?(key: Uint8Array, visit: ValueVisitor): boolean;
  /**
   * Rows of `[begin, end)` in key order (or from the end backwards), lazily; both may be longer than any key.
   * The iterator may be left early, and is good for one turn of the event loop.
   */
  rows(begin: Uint8Array, end: Uint8Array, reverse: boolean): IterableIterator<[Uint8Array, Uint8Array]>;
  /**
   * Shows the rows of `[begin, end)` to `visit` in place. The last one's key when the bounds ended it, undefined at the
   * range's end.
   */
  visit?(begin: Uint8Array, end: Uint8Array, bounds: VisitBounds, visit: RowVisitor): Uint8Array | undefined;
}

export interface CommitRequest {
  /** The version the reads were made at; undefined when nothing was read. */
  readonly readVersion: bigint | undefined;
  readonly readConflicts: readonly KeyRange[];
  /** What it writes, but for keys that get their versionstamp at the commit: the store adds those. */
  readonly writeConflicts: readonly KeyRange[];
  readonly mutations: readonly Mutation[];
}

export interface CommitResult {
  readonly version: bigint;
  /** 8-byte big-endian version, 2-byte order in the batch. */
  readonly versionstamp: Uint8Array;
}

/** A pending watch of the store: settles once the committed value of its key differs from the one expected. */
export interface StoreWatch {
  readonly fired: Promise<void>;
  cancel(): void;
}

export interface Store {
  /** The newest version whose commit was flushed (or, with relaxed durability, applied). */
  readVersion(): bigint;
  /** Opens the view at `version`. Throws EngineError 1007 (too old) or 1009 (in the future). */
  snapshot(version: bigint): Snapshot;
  /** Resolves when flushed. Rejects with EngineError 1020 on a conflict, 1007 when `readVersion` is too old. */
  commit(request: CommitRequest): Promise<CommitResult>;
  /**
   * Watches `key` against `expected`, the value the watching transaction saw. Settles when a commit leaves
   * another value there (at once if it already did). Rejects with 1032 past `watchesMax`, 1101 when cancelled.
   */
  watch(key: Uint8Array, expected: Uint8Array | undefined): StoreWatch;
  estimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): number;
  /** Keys that split `[begin, end)` into pieces of about `chunkBytes`, `begin` and `end` included. */
  rangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Uint8Array[];
  close(): Promise<void>;
}
