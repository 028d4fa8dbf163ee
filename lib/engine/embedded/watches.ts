/** The watches of a store: each settles once a commit leaves another value at its key. */
import { watchesMax } from "../../limits/index.js";
import { EngineError } from "../error.js";
import { fromLatin1, latin1 } from "./commit/latin1.js";
import { isSingleKey } from "./commit/resolver.js";
import type { KeyRange, StoreWatch } from "./store.js";

interface PendingWatch {
  readonly key: string;
  readonly expected: Uint8Array | undefined;
  readonly fire: () => void;
  readonly fail: (error: unknown) => void;
}

const sameValue = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;

export class Watches {
  readonly #byKey = new Map<string, Set<PendingWatch>>();
  readonly #read: (key: Uint8Array) => Uint8Array | undefined;
  #count = 0;

  /** `read` gives the newest committed value of a key. */
  constructor(read: (key: Uint8Array) => Uint8Array | undefined) {
    this.#read = read;
  }

  watch(key: Uint8Array, expected: Uint8Array | undefined): StoreWatch {
    const { promise, resolve, reject } = withResolvers();
    // Nobody may be looking: that must not end the process.
    promise.catch(() => {});
    const watch: PendingWatch = { key: latin1(key), expected, fire: resolve, fail: reject };
    if (this.#count >= watchesMax) reject(new EngineError(1_032));
    else if (!sameValue(this.#read(key), expected)) resolve();
    else this.#add(watch);
    return {
      fired: promise,
      cancel: () => {
        this.#remove(watch);
        reject(new EngineError(1_101));
      },
    };
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  /** Looks again at the watched keys among those a commit wrote. */
  written(ranges: readonly KeyRange[]): void {
    for (const range of ranges) {
      const from = latin1(range.begin);
      if (isSingleKey(range)) this.#look(from, range.begin);
      else {
        const to = latin1(range.end);
        for (const key of this.#byKey.keys()) if (key >= from && key < to) this.#look(key, fromLatin1(key));
      }
    }
  }

  #look(name: string, key: Uint8Array): void {
    const watches = this.#byKey.get(name);
    if (watches === undefined) return;
    let value: Uint8Array | undefined;
    let unreadable: unknown;
    try {
      value = this.#read(key);
    } catch (error) {
      // The commit is done all the same: what cannot be read is for those who watch it.
      unreadable = error;
    }
    for (const watch of [...watches]) {
      if (unreadable === undefined && sameValue(value, watch.expected)) continue;
      this.#remove(watch);
      if (unreadable === undefined) watch.fire();
      else watch.fail(unreadable);
    }
  }

  #add(watch: PendingWatch): void {
    const same = this.#byKey.get(watch.key);
    if (same === undefined) this.#byKey.set(watch.key, new Set([watch]));
    else same.add(watch);
    this.#count += 1;
  }

  #remove(watch: PendingWatch): void {
    const same = this.#byKey.get(watch.key);
    if (same?.delete(watch) !== true) return;
    this.#count -= 1;
    if (same.size === 0) this.#byKey.delete(watch.key);
  }

  /** Ends all watches with 1101: their store closes. */
  close(): void {
    for (const watches of [...this.#byKey.values()]) for (const watch of watches) watch.fail(new EngineError(1_101));
    this.#byKey.clear();
    this.#count = 0;
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((ok, fail) => {
    resolve = ok;
    reject = fail;
  });
  return { promise, resolve, reject };
}
