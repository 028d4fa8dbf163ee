/** What reading inside one tenant offers; keys are relative to the tenant, both ways. */
import type { RowVisitor, StreamingMode, ValueVisitor, VisitResult } from "../engine/index.js";
import type { EntityState, TenantId } from "../tenant/index.js";

/** Keys from `begin` (inclusive) to `end` (exclusive), both relative to the tenant. Both ends, always. */
export interface RelativeRange {
  readonly begin: Uint8Array;
  readonly end: Uint8Array;
}

/** A key by position: from `key` (or past it when `orEqual`), `offset` keys on; 1 is the next one. */
export interface RelativeSelector {
  readonly key: Uint8Array;
  readonly orEqual: boolean;
  readonly offset: number;
}

export interface KeyReadOptions {
  /** A snapshot read adds no read conflict; default false. */
  readonly snapshot?: boolean | undefined;
}

export interface RangeReadOptions extends KeyReadOptions {
  /** Rows at most; 0 or absent: no limit. */
  readonly limit?: number | undefined;
  /** From the end backwards; default false. */
  readonly reverse?: boolean | undefined;
  /** Bytes of keys and values at most, at least one row; 0 or absent: the mode's own bound. */
  readonly targetBytes?: number | undefined;
  /** How much a batch fetches; default `wantAll`. */
  readonly mode?: StreamingMode | undefined;
  /** Which batch of a loop this is, from 1; `mode: "iterator"` grows with it. */
  readonly iteration?: number | undefined;
}

/** A batch of rows, keys relative to the tenant; the caller owns the bytes. */
export interface RangeBatch {
  readonly rows: [Uint8Array, Uint8Array][];
  /** Whether rows may follow: false only when the range was read to its end. */
  readonly more: boolean;
}

/**
 * Reads of one tenant at one point in time. It has no writes, and nothing on it leads to another tenant or to the
 * engine. Every method rejects with `ISOLATION_VIOLATION` for a key outside the tenant, with `TRANSACTION_ENDED`
 * after the transaction's end, and with an `EngineError` when the engine refuses.
 */
export interface ReadTransaction {
  readonly tenantId: TenantId;
  /** The value of a key, undefined when there is none. */
  get(key: Uint8Array, options?: KeyReadOptions): Promise<Uint8Array | undefined>;
  /** Whether reads of this engine wait for nothing, so that there is `visitKey`. */
  readonly readsAtOnce: boolean;
  /**
   * Shows the value that `get` resolves with to `visit`, at once and in the engine's own memory, where it is good until
   * `visit` returns or reads something itself; whether there is one. Throws what `get` rejects with. Only to be called when `readsAtOnce`.
   */
  visitKey(key: Uint8Array, visit: ValueVisitor, options?: KeyReadOptions): boolean;
  /** The key a selector names, undefined when that would lie before the tenant's first or past its last key. */
  getKey(selector: RelativeSelector, options?: KeyReadOptions): Promise<Uint8Array | undefined>;
  /** One batch of a range; loop while `more`. */
  getRange(range: RelativeRange, options?: RangeReadOptions): Promise<RangeBatch>;
  /**
   * One batch of a range, shown to `visit` at once and in the engine's own memory: its keys, relative ones, and values
   * are good until `visit` returns. Undefined where that cannot be, so that `getRange` is to be called. Throws what
   * `getRange` rejects with.
   */
  visitRange(range: RelativeRange, options: RangeReadOptions, visit: RowVisitor): VisitResult | undefined;
  /**
   * The state of an entity in the tenant, undefined when no record of it was ever written; a promise unless it is known
   * already. In a transaction that commits, a change of it meanwhile is a conflict.
   */
  entityState(entity: string): EntityState | Promise<EntityState | undefined>;
  /** The version all reads are made at. */
  getReadVersion(): Promise<bigint>;
  /** Roughly how many bytes a range holds. */
  getEstimatedRangeSizeBytes(range: RelativeRange): Promise<number>;
  /** Keys that cut a range into parts of about `chunkBytes`, the range's ends included. */
  getRangeSplitPoints(range: RelativeRange, chunkBytes: number): Promise<Uint8Array[]>;
}
