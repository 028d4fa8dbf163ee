/** An engine seen through one tenant's view: what the shared suite runs on to show that the view changes nothing. */
import type {
  AtomicOp,
  Engine,
  EngineOption,
  EngineTransaction,
  KeySelector,
  RangeOptions,
  RangeResult,
  Watch,
} from "../../lib/engine/index.js";
import { TenantGuard } from "../../lib/guard/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { Attempt, TenantView } from "../../lib/transaction/view/index.js";
import { keyAfter } from "../../lib/tuple/index.js";

const policy = { firstWrite: () => {} };

const ends = { first: new Uint8Array(), last: Uint8Array.of(0xff) };

/** What a tenant is not shown. */
export const tenantViewLacking = {
  systemKeys: "a tenant's keys end before 0xff",
  keyErrors: "the guard refuses such a key itself, at once",
} as const;

/** The engine a tenant would see if it saw one: everything goes through a `TenantView`. */
export function tenantViewEngine(engine: Engine, tenantId: TenantId): Engine {
  const guard = new TenantGuard(new Keyspace().tenant(tenantId));
  const { name, capabilities } = engine;
  return {
    name: `${name} through a tenant's view`,
    capabilities: { ...capabilities, keyBytesMax: capabilities.keyBytesMax - guard.prefixLength },
    begin: () => new ViewTransaction(engine.begin(), guard),
    close: () => engine.close(),
  };
}

class ViewTransaction implements EngineTransaction {
  readonly #engine: EngineTransaction;
  readonly #guard: TenantGuard;
  #attempt: Attempt;
  #view: TenantView;

  constructor(engine: EngineTransaction, guard: TenantGuard) {
    this.#engine = engine;
    this.#guard = guard;
    this.#attempt = new Attempt(engine, policy);
    this.#view = new TenantView(this.#attempt, guard);
  }

  get(key: Uint8Array, snapshot = false): Promise<Uint8Array | undefined> {
    return this.#view.get(key, { snapshot });
  }

  async getKey(selector: KeySelector, snapshot = false): Promise<Uint8Array> {
    const key = await this.#view.getKey(selector, { snapshot });
    return key ?? (selector.offset > 0 ? ends.last : ends.first);
  }

  async getRange(begin: KeySelector, end: KeySelector, options: RangeOptions = {}): Promise<RangeResult> {
    const { snapshot = false } = options;
    const range = { begin: await this.#resolve(begin, snapshot), end: await this.#resolve(end, snapshot) };
    // A range whose selectors have crossed is empty; one whose keys have is an error.
    if (Buffer.compare(range.begin, range.end) > 0) return { rows: [], more: false };
    return this.#view.getRange(range, options);
  }

  async #resolve(selector: KeySelector, snapshot: boolean): Promise<Uint8Array> {
    if (selector.offset === 1) return selector.orEqual ? keyAfter(selector.key) : selector.key;
    return this.getKey(selector, snapshot);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#view.set(key, value);
  }

  clear(key: Uint8Array): void {
    this.#view.clear(key);
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#view.clearRange({ begin, end });
  }

  atomic(op: AtomicOp, key: Uint8Array, operand: Uint8Array): void {
    if (op === "setVersionstampedKey") this.#view.setVersionstampedKey(key, operand);
    else if (op === "setVersionstampedValue") this.#view.setVersionstampedValue(key, operand);
    else this.#view.atomic(op, key, operand);
  }

  addReadConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#view.addReadConflictRange({ begin, end });
  }

  addWriteConflictRange(begin: Uint8Array, end: Uint8Array): void {
    this.#view.addWriteConflictRange({ begin, end });
  }

  watch(key: Uint8Array): Watch {
    return this.#view.watch(key);
  }

  getReadVersion(): Promise<bigint> {
    return this.#view.getReadVersion();
  }

  setReadVersion(version: bigint): void {
    this.#engine.setReadVersion(version);
  }

  async commit(): Promise<void> {
    try {
      await this.#engine.commit();
      this.#attempt.applied();
    } catch (error) {
      this.#attempt.failed(error);
      throw error;
    }
  }

  getCommittedVersion(): bigint {
    return this.#engine.getCommittedVersion();
  }

  getVersionstamp(): Promise<Uint8Array> {
    return this.#view.getVersionstamp();
  }

  getApproximateSize(): Promise<number> {
    return this.#view.getApproximateSize();
  }

  getEstimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): Promise<number> {
    return this.#view.getEstimatedRangeSizeBytes({ begin, end });
  }

  getRangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Promise<Uint8Array[]> {
    return this.#view.getRangeSplitPoints({ begin, end }, chunkBytes);
  }

  setOption(name: EngineOption, value?: number | string): void {
    this.#engine.setOption(name, value);
  }

  async onError(error: unknown): Promise<void> {
    await this.#engine.onError(error);
    this.#renew();
  }

  reset(): void {
    this.#engine.reset();
    this.#renew();
  }

  cancel(): void {
    this.#engine.cancel();
  }

  #renew(): void {
    this.#attempt = new Attempt(this.#engine, policy);
    this.#view = new TenantView(this.#attempt, this.#guard);
  }
}
