/** A tenant's reads over an engine's transaction: every key checked before and after. */
import type { KeySelector, RangeOptions, RowVisitor, ValueVisitor, VisitResult } from "../../engine/index.js";
import type { TenantGuard } from "../../guard/index.js";
import { own } from "../../intrinsics/index.js";
import type { EntityState, TenantId } from "../../tenant/index.js";
import { keyAfter } from "../../tuple/index.js";
import { valueAtOnce } from "../operation.js";
import type {
  KeyReadOptions,
  RangeBatch,
  RangeReadOptions,
  ReadTransaction,
  RelativeRange,
  RelativeSelector,
} from "../read-transaction.js";
import type { Attempt } from "./attempt.js";
import { EntityStates, type KnownStates } from "./entity-states.js";

/** The {@link ReadTransaction} of one attempt. */
export class ReadView implements ReadTransaction {
  readonly #attempt: Attempt;
  readonly #guard: TenantGuard;
  readonly #snapshot: boolean;
  readonly #known: KnownStates;
  #states: EntityStates | undefined;

  /**
   * @param snapshot Makes all reads snapshot reads: for attempts that never commit, in which nothing can conflict.
   * @param known The states of entities that are known already.
   */
  constructor(attempt: Attempt, guard: TenantGuard, snapshot: boolean, known: KnownStates = new Map()) {
    this.#attempt = attempt;
    this.#guard = guard;
    this.#snapshot = snapshot;
    this.#known = known;
  }

  get tenantId(): TenantId {
    return this.#guard.tenantId;
  }

  get(key: Uint8Array, options?: KeyReadOptions): Promise<Uint8Array | undefined> {
    const attempt = this.#attempt;
    return attempt.perform("get", async () => {
      const physical = this.#guard.key(key, "get");
      const value = await attempt.engine.get(physical, this.#isSnapshot(options));
      if (value !== undefined) {
        attempt.rows++;
        attempt.bytesRead += physical.length + value.length;
      }
      return value;
    });
  }

  get readsAtOnce(): boolean {
    return this.#attempt.engine.visitKey !== undefined;
  }

  visitKey(key: Uint8Array, visit: ValueVisitor, options?: KeyReadOptions): boolean {
    const attempt = this.#attempt;
    attempt.use("get");
    const { engine } = attempt;
    if (engine.visitKey === undefined) throw new TypeError("Reads of this engine take their time.");
    try {
      const physical = this.#guard.key(key, "get");
      return engine.visitKey(physical, this.#isSnapshot(options), (value, begin, end) => {
        attempt.rows++;
        attempt.bytesRead += physical.length + end - begin;
        visit(value, begin, end);
      });
    } catch (error) {
      throw attempt.noted(error);
    }
  }

  getKey(selector: RelativeSelector, options?: KeyReadOptions): Promise<Uint8Array | undefined> {
    const attempt = this.#attempt;
    return attempt.perform("getKey", async () => {
      // The selector itself would read, and conflict on, the neighbour: it is read as a range instead.
      const { reverse, ...read } = this.#guard.selector(selector);
      const snapshot = this.#isSnapshot(options);
      let { begin, end, limit } = read;
      for (;;) {
        const { rows, more } = await attempt.engine.getRange(firstFrom(begin), firstFrom(end), {
          limit,
          reverse,
          snapshot,
          mode: "exact",
        });
        const last = rows.at(-1)?.[0];
        if (last === undefined) return undefined;
        const key = this.#guard.relative(last, "getKey");
        attempt.rows += rows.length;
        limit -= rows.length;
        if (limit <= 0) return key;
        if (!more) return undefined;
        if (reverse) end = last;
        else begin = keyAfter(last);
      }
    });
  }

  getRange(range: RelativeRange, options?: RangeReadOptions): Promise<RangeBatch> {
    const attempt = this.#attempt;
    return attempt.perform("getRange", async () => {
      const { begin, end } = this.#guard.range(range, "getRange");
      const read = rangeOptions(options, this.#isSnapshot(options));
      const { rows, more } = await attempt.engine.getRange(firstFrom(begin), firstFrom(end), read);
      attempt.rows += rows.length;
      for (const [key, value] of rows) attempt.bytesRead += key.length + value.length;
      // New pairs: the engine may keep its own, to answer the same range again.
      return { rows: rows.map(([key, value]) => [this.#guard.relative(key, "getRange"), value]), more };
    });
  }

  visitRange(range: RelativeRange, options: RangeReadOptions, visit: RowVisitor): VisitResult | undefined {
    const attempt = this.#attempt;
    const guard = this.#guard;
    attempt.use("getRange");
    const { engine } = attempt;
    if (engine.visitRange === undefined) return undefined;
    const { prefixLength } = guard;
    const checked: RowVisitor = (key, keyBegin, keyEnd, value, valueBegin, valueEnd) => {
      guard.checkResult(key, "getRange", keyBegin, keyEnd);
      attempt.bytesRead += keyEnd - keyBegin + valueEnd - valueBegin;
      visit(key, keyBegin + prefixLength, keyEnd, value, valueBegin, valueEnd);
    };
    try {
      const { begin, end } = guard.range(range, "getRange");
      const read = rangeOptions(options, this.#isSnapshot(options));
      const visited = engine.visitRange(begin, end, read, checked);
      if (visited === undefined) return undefined;
      const { rows, more, last } = visited;
      attempt.rows += rows;
      return { rows, more, last: last === undefined ? undefined : guard.relative(last, "getRange") };
    } catch (error) {
      throw attempt.noted(error);
    }
  }

  entityState(entity: string): EntityState | Promise<EntityState | undefined> {
    this.#attempt.use("entityState");
    return this.#ofEntities.state(entity);
  }

  get #ofEntities(): EntityStates {
    this.#states ??= new EntityStates(this.#known, {
      get: (key) => this.get(key),
      heed: (key) => this.heed(key),
      getAtOnce: (key) => (this.readsAtOnce ? { value: valueAtOnce(this, key) } : undefined),
    });
    return this.#states;
  }

  /** Takes a state for the entity's from now on; its row, and what to do once that is committed as a first one. */
  protected takeState(
    entity: string,
    state: EntityState,
  ): { readonly key: Uint8Array; readonly value: Uint8Array; readonly committed: () => void } {
    const states = this.#ofEntities;
    return { ...states.change(entity, state), committed: () => states.committed(entity, state) };
  }

  getReadVersion(): Promise<bigint> {
    return this.#attempt.perform("getReadVersion", async () => {
      return await this.#attempt.engine.getReadVersion();
    });
  }

  getEstimatedRangeSizeBytes(range: RelativeRange): Promise<number> {
    const attempt = this.#attempt;
    return attempt.perform("getEstimatedRangeSizeBytes", async () => {
      const { begin, end } = this.#guard.range(range, "getEstimatedRangeSizeBytes");
      return await attempt.engine.getEstimatedRangeSizeBytes(begin, end);
    });
  }

  getRangeSplitPoints(range: RelativeRange, chunkBytes: number): Promise<Uint8Array[]> {
    const attempt = this.#attempt;
    return attempt.perform("getRangeSplitPoints", async () => {
      const { begin, end } = this.#guard.range(range, "getRangeSplitPoints");
      const points = await attempt.engine.getRangeSplitPoints(begin, end, chunkBytes);
      return points.map((point) => this.#guard.relativeBound(point, "getRangeSplitPoints"));
    });
  }

  /** Makes a change of the key a conflict, where there is something to commit. */
  protected heed(_key: Uint8Array): void {}

  #isSnapshot(options: KeyReadOptions | undefined): boolean {
    return this.#snapshot || (options !== undefined && own(options, "snapshot") === true);
  }
}

/** The selector of a range's bound: the first key not before it. */
export const firstFrom = (key: Uint8Array): KeySelector => ({ key, orEqual: false, offset: 1 });

/** The engine's options for a range read: those that were given, and nothing that all objects have got from elsewhere. */
export function rangeOptions(options: RangeReadOptions | undefined, snapshot: boolean): RangeOptions {
  const read: RangeOptions = { snapshot };
  if (options === undefined) return read;
  const limit = own(options, "limit");
  const reverse = own(options, "reverse");
  const mode = own(options, "mode");
  const targetBytes = own(options, "targetBytes");
  const iteration = own(options, "iteration");
  if (limit !== undefined) read.limit = limit;
  if (reverse !== undefined) read.reverse = reverse;
  if (mode !== undefined) read.mode = mode;
  if (targetBytes !== undefined) read.targetBytes = targetBytes;
  if (iteration !== undefined) read.iteration = iteration;
  return read;
}
