/** The watches of one transaction: fired by its own writes, handed to the store when it commits. */
import { watchesMax } from "../../../limits/index.js";
import type { Watch } from "../../engine.js";
import { EngineError } from "../../error.js";
import { compareBytes, equalBytes } from "../reading/bounds.js";
import type { KeyRange, Store, StoreWatch } from "../store.js";

type Value = Uint8Array | undefined;

const same = (a: Value, b: Value): boolean => (a === undefined || b === undefined ? a === b : equalBytes(a, b));

/** The watches the transactions of an engine hold, those not committed yet included. */
export class WatchCount {
  readonly #open = new Set<PendingWatch>();
  /** Those whose value, on a cluster, would still be on its way. */
  readonly #arriving = new Set<PendingWatch>();

  /** Throws 1032 when there are too many. */
  open(watch: PendingWatch): void {
    if (this.#open.size >= watchesMax) throw new EngineError(1032);
    this.#open.add(watch);
  }

  close(watch: PendingWatch): void {
    this.#open.delete(watch);
    this.#arriving.delete(watch);
  }

  await(watch: PendingWatch): void {
    this.#arriving.add(watch);
  }

  /** An operation of any transaction has been answered, so the values of the watches have come too. */
  arrived(): void {
    if (this.#arriving.size === 0) return;
    for (const watch of this.#arriving) watch.arrived();
    this.#arriving.clear();
  }

  /** The engine closes: what still waits ends with 1101. */
  cancel(): void {
    for (const watch of [...this.#open]) watch.cancel();
  }
}

/** A watch from the moment it is asked for until it settles. */
class PendingWatch implements Watch {
  readonly fired: Promise<void>;
  readonly key: Uint8Array;
  /** The value the transaction saw when it began to watch. */
  readonly value: Value;
  readonly #count: WatchCount;
  readonly #settle: (error: EngineError | undefined) => void;
  /** What the transaction itself set the key to afterwards. */
  #written: { readonly value: Value } | undefined;
  #stored: StoreWatch | undefined;
  #open = true;
  #isArriving = false;

  constructor(key: Uint8Array, value: Value, count: WatchCount) {
    this.key = key;
    this.value = value;
    this.#count = count;
    const { promise, settle } = settleable();
    this.fired = promise;
    this.#settle = settle;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get isArriving(): boolean {
    return this.#isArriving;
  }

  /** Its value is still on its way. */
  await(): void {
    this.#isArriving = true;
    this.#count.await(this);
  }

  /** Its value has come: fires when the transaction wrote another one meanwhile. */
  arrived(): void {
    this.#isArriving = false;
    if (this.#written !== undefined && !same(this.#written.value, this.value)) this.settle();
  }

  settle(error?: EngineError): void {
    if (!this.#open) return;
    this.#open = false;
    this.#count.close(this);
    this.#stored?.cancel();
    this.#settle(error);
  }

  cancel(): void {
    this.settle(new EngineError(1101));
  }

  /** The transaction wrote the key: fires unless the value stays what it was. */
  written(value: Value, isKnown: boolean): void {
    const repeats = this.#written === undefined || same(value, this.#written.value);
    const stays = isKnown && repeats && (this.#isArriving || same(value, this.value));
    if (!stays) {
      this.settle();
      return;
    }
    this.#written = { value };
    // A value on its way comes by itself, too.
    if (this.#isArriving && !same(value, this.value)) setImmediate(() => this.settle()).unref();
  }

  store(store: Store): void {
    if (!this.#open) return;
    const stored = store.watch(this.key, this.value);
    this.#stored = stored;
    stored.fired.then(
      () => this.settle(),
      (error: unknown) => this.settle(error instanceof EngineError ? error : new EngineError(1101)),
    );
  }
}

const settleable = (): { promise: Promise<void>; settle: (error: EngineError | undefined) => void } => {
  let settle: (error: EngineError | undefined) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error));
  });
  // Nobody may be looking: that must not end the process.
  promise.catch(() => {});
  return { promise, settle };
};

/** A watch that could not be set. */
export const failedWatch = (error: unknown): Watch => {
  const { promise, settle } = settleable();
  settle(error instanceof EngineError ? error : new EngineError(4100, { cause: error }));
  return { fired: promise, cancel: () => {} };
};

export class AttemptWatches {
  #pending: PendingWatch[] = [];
  readonly #count: WatchCount;

  constructor(count: WatchCount) {
    this.#count = count;
  }

  /** Watches `key` against `value`, which was known or had to be read. Throws 1032 when there are too many. */
  add(key: Uint8Array, value: Value, isKnown: boolean): Watch {
    const watch = new PendingWatch(key, value, this.#count);
    this.#count.open(watch);
    this.#pending.push(watch);
    if (!isKnown) watch.await();
    return watch;
  }

  /** A later operation has been answered, so the values of the watches have come too. */
  arrived(): void {
    this.#count.arrived();
  }

  /** The transaction ended while their values were on their way. */
  failArriving(fdbCode: number): void {
    for (const watch of this.#pending) if (watch.isArriving) watch.settle(new EngineError(fdbCode));
  }

  written(key: Uint8Array, value: Value, isKnown: boolean): void {
    for (const watch of this.#pending) if (equalBytes(watch.key, key)) watch.written(value, isKnown);
  }

  cleared({ begin, end }: KeyRange): void {
    for (const watch of this.#pending) {
      if (compareBytes(watch.key, begin) >= 0 && compareBytes(watch.key, end) < 0) watch.written(undefined, true);
    }
  }

  /** The transaction committed: from now on the watches live in the store. */
  store(store: Store): void {
    for (const watch of this.#pending.splice(0)) watch.store(store);
  }

  /** The transaction will not commit. */
  fail(fdbCode: number): void {
    for (const watch of this.#pending.splice(0)) watch.settle(new EngineError(fdbCode));
  }
}
