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

export type ArrayRows = readonly (readonly [string, Uint8Array])[];

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const bytes = (key: string): Uint8Array => Uint8Array.from(Buffer.from(key, "latin1"));

/** `rows` with `key` set, or without it. */
export const withKey = (rows: ArrayRows, key: string, value: Uint8Array | undefined): ArrayRows => {
  const others = rows.filter(([other]) => other !== key);
  if (value === undefined) return others;
  return [...others, [key, value] as const].sort(([a], [b]) => (a < b ? -1 : 1));
};

const stamped = (value: Uint8Array, stamp: Uint8Array): Uint8Array => {
  const body = Buffer.from(value.subarray(0, -4));
  body.set(stamp, Buffer.from(value).readUInt32LE(value.length - 4));
  return Uint8Array.from(body);
};

export const applyMutation = (rows: ArrayRows, mutation: Mutation, stamp: Uint8Array): ArrayRows => {
  switch (mutation.type) {
    case "set":
      return withKey(rows, text(mutation.key), mutation.value);
    case "clearRange":
      return rows.filter(([key]) => key < text(mutation.begin) || key >= text(mutation.end));
    case "atomic": {
      const { op, key, operand } = mutation;
      if (op === "setVersionstampedKey") return withKey(rows, text(stamped(key, stamp)), operand);
      if (op === "setVersionstampedValue") return withKey(rows, text(key), stamped(operand, stamp));
      const old = rows.find(([other]) => other === text(key))?.[1];
      return withKey(rows, text(key), naiveAtomic(op, old, operand));
    }
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
      get: (key) => rows.find(([other]) => other === text(key))?.[1].slice(),
      *rows(begin, end, reverse) {
        const inside = rows.filter(([key]) => key >= text(begin) && key < text(end));
        for (const [key, value] of reverse ? inside.toReversed() : inside) yield [bytes(key), value.slice()];
      },
      release: () => {},
    };
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    await Promise.resolve();
    const { readVersion, readConflicts, writeConflicts, mutations } = request;
    for (const { version, written } of this.#versions) {
      if (readVersion === undefined || version <= readVersion) continue;
      if (written.some((one) => readConflicts.some((other) => overlap(one, other)))) throw new EngineError(1020);
    }
    const version = this.#last().version + 1_000n;
    const stamp = Buffer.alloc(10);
    stamp.writeBigUInt64BE(version);
    let rows = this.#last().rows;
    const written = [...writeConflicts];
    for (const mutation of mutations) {
      rows = applyMutation(rows, mutation, stamp);
      if (mutation.type !== "atomic" || mutation.op !== "setVersionstampedKey") continue;
      const begin = stamped(mutation.key, stamp);
      written.push({ begin, end: Uint8Array.from([...begin, 0]) });
    }
    this.#versions.push({ version, rows, written });
    for (const watch of [...this.#watches]) this.#look(watch);
    return { version, versionstamp: Uint8Array.from(stamp) };
  }

  #look(watch: ArrayWatch): void {
    const value = this.#last().rows.find(([key]) => key === watch.key)?.[1];
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
    const inside = this.#last().rows.filter(([key]) => key >= text(begin) && key < text(end));
    return inside.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  }

  rangeSplitPoints(begin: Uint8Array, end: Uint8Array): Uint8Array[] {
    return [begin, end];
  }

  async close(): Promise<void> {}
}
