/** A tenant's reads and writes over an engine's transaction: every key checked before it gets there. */
import type { Watch } from "../../engine/index.js";
import { tenantryError } from "../../errors/index.js";
import type { GuardedOperation, TenantGuard } from "../../guard/index.js";
import { transactionBytesMax } from "../../limits/index.js";
import type { EntityState } from "../../tenant/index.js";
import { keyAfter } from "../../tuple/index.js";
import type { RecordChange } from "../policy/hook.js";
import type { RelativeRange } from "../read-transaction.js";
import type { KeyedAtomicOp, TenantTransaction, WriteOptions } from "../tenant-transaction.js";
import type { Attempt } from "./attempt.js";
import type { KnownStates } from "./entity-states.js";
import { ReadView } from "./read-view.js";

/** The {@link TenantTransaction} of one attempt. */
export class TenantView extends ReadView implements TenantTransaction {
  readonly #attempt: Attempt;
  readonly #guard: TenantGuard;
  /** Entities that had no state when this view looked. */
  #stateless: Set<string> | undefined;

  constructor(attempt: Attempt, guard: TenantGuard, known: KnownStates = new Map()) {
    super(attempt, guard, false, known);
    this.#attempt = attempt;
    this.#guard = guard;
  }

  assertRoom(bytes: number): void {
    const all = this.#attempt.bytesWritten + bytes;
    if (all > transactionBytesMax) throw tenantryError("TRANSACTION_TOO_LARGE", { bytes: all, transactionBytesMax });
  }

  set(key: Uint8Array, value: Uint8Array, options?: WriteOptions): void {
    const physical = this.#written(key, "set");
    this.#heed(options);
    this.#attempt.bytesWritten += physical.length + value.length;
    this.#attempt.engine.set(physical, value);
  }

  clear(key: Uint8Array, options?: WriteOptions): void {
    const physical = this.#written(key, "clear");
    this.#heed(options);
    this.#attempt.bytesWritten += physical.length;
    this.#attempt.engine.clear(physical);
  }

  clearRange(range: RelativeRange, options?: WriteOptions): void {
    this.#attempt.write("clearRange");
    const { begin, end } = this.#ranged(range, "clearRange");
    this.#heed(options);
    this.#attempt.engine.clearRange(begin, end);
  }

  atomic(op: KeyedAtomicOp, key: Uint8Array, operand: Uint8Array, options?: WriteOptions): void {
    this.#attempt.write("atomic");
    let physical: Uint8Array;
    try {
      physical = this.#guard.atomicKey(op, key);
    } catch (error) {
      throw this.#attempt.noted(error);
    }
    this.#heed(options);
    this.#attempt.bytesWritten += physical.length + operand.length;
    this.#attempt.engine.atomic(op, physical, operand);
  }

  setVersionstampedKey(key: Uint8Array, value: Uint8Array): void {
    this.#attempt.write("setVersionstampedKey");
    let physical: Uint8Array;
    try {
      physical = this.#guard.versionstampedKey(key);
    } catch (error) {
      throw this.#attempt.noted(error);
    }
    this.#attempt.bytesWritten += physical.length + value.length;
    this.#attempt.engine.atomic("setVersionstampedKey", physical, value);
  }

  setVersionstampedValue(key: Uint8Array, value: Uint8Array): void {
    this.#attempt.engine.atomic("setVersionstampedValue", this.#written(key, "setVersionstampedValue"), value);
  }

  addReadConflictRange(range: RelativeRange): void {
    this.#attempt.use("addReadConflictRange");
    const { begin, end } = this.#ranged(range, "addReadConflictRange");
    this.#attempt.engine.addReadConflictRange(begin, end);
  }

  addReadConflictKey(key: Uint8Array): void {
    this.#attempt.use("addReadConflictKey");
    const physical = this.#checked(key, "addReadConflictRange");
    this.#attempt.engine.addReadConflictRange(physical, keyAfter(physical));
  }

  addWriteConflictRange(range: RelativeRange): void {
    this.#attempt.write("addWriteConflictRange");
    const { begin, end } = this.#ranged(range, "addWriteConflictRange");
    this.#attempt.engine.addWriteConflictRange(begin, end);
  }

  addWriteConflictKey(key: Uint8Array): void {
    const physical = this.#written(key, "addWriteConflictRange");
    this.#attempt.engine.addWriteConflictRange(physical, keyAfter(physical));
  }

  override entityState(entity: string): EntityState | Promise<EntityState | undefined> {
    const found = super.entityState(entity);
    if (!(found instanceof Promise)) return found;
    return found.then((state) => {
      if (state === undefined) {
        this.#stateless ??= new Set();
        this.#stateless.add(entity);
      }
      return state;
    });
  }

  setEntityState(entity: string, state: EntityState): void {
    const { key, value, committed } = this.takeState(entity, state);
    this.set(key, value);
    // Whoever knows of no state looks for one: a first one is found without a new metadata version.
    if (this.#stateless?.has(entity)) this.#attempt.afterCommit.push(committed);
    else this.#attempt.bumpMetadataVersion();
  }

  watch(key: Uint8Array): Watch {
    this.#attempt.use("watch");
    const watch = this.#attempt.engine.watch(this.#checked(key, "watch"));
    // A new object: the engine's own could lead back to it.
    return { fired: watch.fired, cancel: () => watch.cancel() };
  }

  getVersionstamp(): Promise<Uint8Array> {
    this.#attempt.use("getVersionstamp");
    return this.#attempt.versionstamp();
  }

  getApproximateSize(): Promise<number> {
    return this.#attempt.perform("getApproximateSize", async () => {
      return await this.#attempt.engine.getApproximateSize();
    });
  }

  afterCommit(fn: () => void | Promise<void>): void {
    this.#attempt.use("afterCommit");
    this.#attempt.afterCommit.push(fn);
  }

  announce(change: RecordChange): void {
    this.#attempt.announce(change);
  }

  protected override heed(key: Uint8Array): void {
    this.addReadConflictKey(key);
  }

  #written(key: Uint8Array, operation: GuardedOperation): Uint8Array {
    this.#attempt.write(operation);
    return this.#checked(key, operation);
  }

  #checked(key: Uint8Array, operation: GuardedOperation): Uint8Array {
    try {
      return this.#guard.key(key, operation);
    } catch (error) {
      throw this.#attempt.noted(error);
    }
  }

  #ranged(range: RelativeRange, operation: GuardedOperation): RelativeRange {
    try {
      return this.#guard.range(range, operation);
    } catch (error) {
      throw this.#attempt.noted(error);
    }
  }

  /** To be called right before the engine's write, which the option is about. */
  #heed(options: WriteOptions | undefined): void {
    if (options?.noWriteConflict === true) this.#attempt.engine.setOption("nextWriteNoWriteConflictRange");
  }
}
