/** A store without cleverness: a sorted array for every version. Stands in for the real one, and under the model. */

import type {
  CommitRequest,
  CommitResult,
  KeyRange,
  Mutation,
  Snapshot,
  Store,
  StoreWatch,
} from "../../lib/engine/embedded/store.js";
import { EngineError } from "../../lib/engine/error.js";
import { naiveAtomic } from "./naive-atomic.js";

type Row = readonly [string, Uint8Array];
type ArrayRows = readonly Row[];

/** Older versions are forgotten, as engines forget what is older than five seconds. */
const versionsMax = 1_000;

const text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
const bytes = (key: string): Uint8Array => Uint8Array.from(Buffer.from(key, "latin1"));

/** Where the first key that is not before `key` is. */
const placeOf = (rows: ArrayRows, key: string): number => {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.[0] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
};

const valueAt = (rows: ArrayRows, key: string): Uint8Array | undefined => {
  const row = rows[placeOf(rows, key)];
  return row?.[0] === key ? row[1] : undefined;
};

const inside = (rows: ArrayRows, begin: Uint8Array, end: Uint8Array): ArrayRows =>
  rows.slice(placeOf(rows, text(begin)), placeOf(rows, text(end)));

/** Sets `key` in `rows`, or takes it out. */
const put = (rows: Row[], key: string, value: Uint8Array | undefined): void => {
  const at = placeOf(rows, key);
  rows.splice(at, rows[at]?.[0] === key ? 1 : 0, ...(value === undefined ? [] : [[key, value] as const]));
};

const stamped = (value: Uint8Array, stamp: Uint8Array): Uint8Array => {
  const body = Buffer.from(value.subarray(0, -4));
  body.set(stamp, Buffer.from(value).readUInt32LE(value.length - 4));
  return Uint8Array.from(body);
};

const apply = (rows: Row[], mutation: Mutation, stamp: Uint8Array): void => {
  if (mutation.type === "set") {
    put(rows, text(mutation.key), mutation.value);
  } else if (mutation.type === "clearRange") {
    const at = placeOf(rows, text(mutation.begin));
    rows.splice(at, Math.max(0, placeOf(rows, text(mutation.end)) - at));
  } else {
    const { op, key, operand } = mutation;
    if (op === "setVersionstampedKey") put(rows, text(stamped(key, stamp)), operand);
    else if (op === "setVersionstampedValue") put(rows, text(key), stamped(operand, stamp));
    else put(rows, text(key), naiveAtomic(op, valueAt(rows, text(key)), operand));
  }
};

interface Version {
  readonly version: bigint;
  readonly rows: ArrayRows;
  readonly written: readonly KeyRange[];
}

interface ArrayWatch {
  readonly key: string;
  readonly expected: string | undefined;
  readonly settle: (error?: EngineError) => void;
}

const overlap = (a: KeyRange, b: KeyRange): boolean => text(a.begin) < text(b.end) && text(b.begin) < text(a.end);

export class ArrayStore implements Store {
  readonly #versions: Version[] = [{ version: 1_000n, rows: [], written: [] }];
  #watches: ArrayWatch[] = [];

  #last(): Version {
    const last = this.#versions.at(-1);
    if (last === undefined) throw new Error("A store has a version.");
    return last;
  }

  /** The versions after one that is still known. */
  #since(version: bigint): readonly Version[] {
    const at = this.#versions.findLastIndex((one) => one.version <= version);
    if (at < 0) throw new EngineError(1007);
    return this.#versions.slice(at + 1);
  }

  readVersion(): bigint {
    return this.#last().version;
  }

  snapshot(version: bigint): Snapshot {
    if (version > this.#last().version) throw new EngineError(1009);
    const found = this.#versions.findLast((one) => one.version <= version);
    if (found === undefined) throw new EngineError(1007);
    const { rows } = found;
    return {
      version,
      get: (key) => valueAt(rows, text(key))?.slice(),
      *rows(begin, end, reverse) {
        const found = inside(rows, begin, end);
        for (const [key, value] of reverse ? found.toReversed() : found) yield [bytes(key), value.slice()];
      },
    };
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    await Promise.resolve();
    const { readVersion, readConflicts, writeConflicts, mutations } = request;
    const since = readVersion === undefined ? [] : this.#since(readVersion);
    for (const { written } of since) {
      if (written.some((one) => readConflicts.some((other) => overlap(one, other)))) throw new EngineError(1020);
    }
    const version = this.#last().version + 1_000n;
    const stamp = Buffer.alloc(10);
    stamp.writeBigUInt64BE(version);
    const rows = [...this.#last().rows];
    const written = [...writeConflicts];
    for (const mutation of mutations) {
      apply(rows, mutation, stamp);
      if (mutation.type !== "atomic" || mutation.op !== "setVersionstampedKey") continue;
      const begin = stamped(mutation.key, stamp);
      written.push({ begin, end: Uint8Array.from([...begin, 0]) });
    }
    this.#versions.push({ version, rows, written });
    if (this.#versions.length > versionsMax) this.#versions.shift();
    for (const watch of [...this.#watches]) this.#look(watch);
    return { version, versionstamp: Uint8Array.from(stamp) };
  }

  #look(watch: ArrayWatch): void {
    const value = valueAt(this.#last().rows, watch.key);
    if ((value === undefined ? undefined : text(value)) !== watch.expected) watch.settle();
  }

  watch(key: Uint8Array, expected: Uint8Array | undefined): StoreWatch {
    let watch: ArrayWatch | undefined;
    const fired = new Promise<void>((resolve, reject) => {
      watch = {
        key: text(key),
        expected: expected === undefined ? undefined : text(expected),
        settle: (error) => {
          this.#watches = this.#watches.filter((other) => other !== watch);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      this.#watches.push(watch);
      this.#look(watch);
    });
    fired.catch(() => {});
    return { fired, cancel: () => watch?.settle(new EngineError(1101)) };
  }

  estimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): number {
    return inside(this.#last().rows, begin, end).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  }

  rangeSplitPoints(begin: Uint8Array, end: Uint8Array): Uint8Array[] {
    return [begin, end];
  }

  async close(): Promise<void> {}
}
