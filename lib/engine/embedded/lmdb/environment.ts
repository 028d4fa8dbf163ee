/** The LMDB environment of a store, opened with the settings the engine relies on, and its typed reads and writes. */
import { join } from "node:path";
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from "lmdb";
import { tenantryError } from "../../../errors/index.js";
import type { ValueVisitor } from "../../engine.js";
import { EngineError } from "../../error.js";
import { inSlices } from "../slices.js";
import type { Checksum } from "./checksum.js";
import { pageBytes } from "./page-file.js";
import {
  type Allocate,
  allocateAlone,
  allocateTogether,
  lmdbKeyBytesMax,
  RowCodec,
  storeRecordKey,
} from "./row-codec.js";

/** A read transaction of LMDB: one frozen state of the store. */
export type Reader = ReturnType<RootDatabase["useReadTransaction"]>;

export interface EnvironmentOptions {
  readonly directory: string;
  /** What errors name; the directory unless said otherwise. */
  readonly path?: string;
  /** Whether a commit waits for the disk. */
  readonly durable: boolean;
  /** Address space reserved for the store, and so its largest size. */
  readonly mapBytes: number;
}

/** The longest key of a row: LMDB's longest, less the prefix byte. */
export const storeKeyBytesMax: number = lmdbKeyBytesMax - 1;

/** Read transactions LMDB has room for; each takes 64 bytes of its lock file. */
export const readersMax = 4_096;

/** Address space tried at least when the system grants no more. */
const mapBytesMin = 2 ** 28;

/** How long to wait for lmdb-js to say why a write failed. */
const reasonWaitMs = 1_000;

/** How LMDB words a page of data, rather than the page that makes it the newest state, that had no room. */
const unwrittenPage = /(no space left|quota|too large).*attempting to write page/is;

/** `put` takes the options of `putSync`, though lmdb-js does not say so in its types. */
interface Appending {
  put(key: Uint8Array, value: Uint8Array, options: { readonly append: true }): Promise<boolean>;
}
const appended = { append: true } as const;

/** One row of a range read by LMDB. */
interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A bound that fits LMDB: rows lie on the same side of it as of the one asked for, `past` meaning beyond it. */
interface Bound {
  readonly key: Uint8Array;
  readonly past: boolean;
}

// No stored key is longer than LMDB's longest: the longer bound lies right behind its own first bytes.
const fitBound = (key: Uint8Array): Bound =>
  key.length > storeKeyBytesMax ? { key: key.subarray(0, storeKeyBytesMax), past: true } : { key, past: false };

export class Environment {
  /** What errors name. */
  readonly path: string;
  /** The file that holds everything, where it was opened. */
  readonly dataFile: string;
  readonly #db: RootDatabase<Uint8Array, Uint8Array>;
  readonly #codec: RowCodec;
  #writingLong = false;
  #failure: Error | undefined;

  constructor({ directory, path = directory, durable, mapBytes }: EnvironmentOptions) {
    this.path = path;
    this.dataFile = join(directory, "data.mdb");
    this.#codec = new RowCodec(path);
    this.#db = openMapped(mapBytes, (mapSize) => ({
      path: directory,
      noSubdir: false,
      pageSize: pageBytes,
      maxReaders: readersMax,
      mapSize,
      // With the overlapping flush of lmdb-js a write is seen, and resolves, before it is on the disk.
      overlappingSync: false,
      noSync: !durable,
      eventTurnBatching: false,
      keyEncoder: this.#codec.keyEncoder,
      encoder: this.#codec.encoder,
    }));
  }

  /** The checksum of the rows. */
  set checksum(checksum: Checksum) {
    this.#codec.checksum = checksum;
  }

  /** Takes the writes of one transaction: what it copies of them shares blocks. */
  #target(): WriteTarget {
    const db = this.#db;
    const appending = db as unknown as Appending;
    const codec = this.#codec;
    const allocate = allocateTogether();
    return {
      put: (key, value) => void db.put(key, codec.sealed(key, value, allocate)),
      append: (key, value) => void appending.put(key, codec.sealed(key, value, allocate), appended),
      remove: (key) => void db.remove(key),
    };
  }

  /** Opens a reader of the newest committed state; each call is one use, ended by `done()`. */
  read(): Reader {
    this.#db.resetReadTxn();
    return this.#db.useReadTransaction();
  }

  get(key: Uint8Array, transaction: Reader): Uint8Array | undefined {
    if (key.length > storeKeyBytesMax) return undefined;
    // While a long write pauses, lmdb-js would answer from that write, whatever the reader; its ranges do not.
    if (this.#writingLong) return this.#getByRange(key, transaction);
    return this.#db.get(key, { transaction });
  }

  /** Shows the value of `key` in place; whether there is one. */
  show(key: Uint8Array, transaction: Reader, show: ValueVisitor): boolean {
    if (key.length > storeKeyBytesMax) return false;
    this.#codec.showNext(show);
    try {
      return this.get(key, transaction) !== undefined;
    } finally {
      this.#codec.showNext(undefined);
    }
  }

  #getByRange(key: Uint8Array, transaction: Reader): Uint8Array | undefined {
    const range = { start: key, end: key, inclusiveEnd: true, limit: 1, transaction };
    for (const { value } of this.#db.getRange(range)) return value;
    return undefined;
  }

  #entries(begin: Uint8Array, end: Uint8Array, reverse: boolean, transaction: Reader): Iterator<Entry> {
    const low = fitBound(begin);
    const high = fitBound(end);
    const range = this.#db.getRange({
      transaction,
      reverse,
      start: reverse ? high.key : low.key,
      end: reverse ? low.key : high.key,
      exclusiveStart: reverse ? !high.past : low.past,
      inclusiveEnd: reverse ? !low.past : high.past,
    });
    return range[Symbol.iterator]();
  }

  /** The rows of `[begin, end)`, in key order or from the end backwards, copied into memory of `allocate`. */
  *rows(
    begin: Uint8Array,
    end: Uint8Array,
    reverse: boolean,
    transaction: Reader,
    allocate: Allocate,
  ): Generator<[Uint8Array, Uint8Array], void, undefined> {
    const entries = this.#entries(begin, end, reverse, transaction);
    try {
      for (;;) {
        this.#codec.copyInto(allocate);
        const next = entries.next();
        this.#codec.copyInto(allocateAlone);
        if (next.done === true) return;
        yield [next.value.key, next.value.value];
      }
    } finally {
      this.#codec.copyInto(allocateAlone);
      entries.return?.();
    }
  }

  /** The keys of `[begin, end)` in order. */
  *keys(begin: Uint8Array, end: Uint8Array, transaction: Reader, allocate: Allocate): Generator<Uint8Array, void> {
    const low = fitBound(begin);
    const high = fitBound(end);
    const range = this.#db.getKeys({
      transaction,
      start: low.key,
      end: high.key,
      exclusiveStart: low.past,
      inclusiveEnd: high.past,
    });
    const keys: Iterator<Uint8Array> = range[Symbol.iterator]();
    try {
      for (;;) {
        this.#codec.copyInto(allocate);
        const next = keys.next();
        this.#codec.copyInto(allocateAlone);
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      this.#codec.copyInto(allocateAlone);
      keys.return?.();
    }
  }

  /** The store's own record. */
  record(transaction: Reader): Uint8Array | undefined {
    return this.#db.get(storeRecordKey, { transaction });
  }

  /** Writes what `write` puts and removes, all or nothing; resolves once it is flushed (when the store is durable). */
  write(write: (target: WriteTarget) => void): Promise<void> {
    return this.#guard(() => this.#db.batch(() => write(this.#target())));
  }

  /** As `write`, for much work: it pauses between steps so that the event loop is never held for long. */
  writeLong(write: (target: WriteTarget) => Iterator<void, void>): Promise<void> {
    // A child transaction, because lmdb-js commits what an outer one wrote before it failed.
    const run = async (): Promise<void> => {
      this.#writingLong = true;
      try {
        await inSlices(write(this.#target()));
      } finally {
        this.#writingLong = false;
      }
    };
    return this.#guard(() => this.#db.childTransaction(run));
  }

  /** Throws what made a write fail that may have struck while a new state was put in place. */
  assertWell(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #guard(write: () => Promise<unknown>): Promise<void> {
    this.assertWell();
    try {
      await write();
    } catch (error) {
      const cause = await reasonOf(error);
      const reason = cause instanceof Error ? cause.message : String(cause);
      const { path } = this;
      // Pages that found no room were those of a state nobody sees: nothing is written, and room can be made.
      if (unwrittenPage.test(reason)) throw tenantryError("STORE_DISK_FULL", { path }, { cause });
      // Anything else may have struck while the new state was put in place, and LMDB would take no more writes.
      this.#failure = tenantryError("STORE_FAILED", { path, reason }, { cause });
      throw new EngineError(1_021, { cause: this.#failure });
    }
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}

/** Opens LMDB with as much of the address space asked for as the system grants; it grows later when it must. */
function openMapped(
  mapBytes: number,
  options: (mapSize: number) => RootDatabaseOptionsWithPath,
): RootDatabase<Uint8Array, Uint8Array> {
  for (let mapSize = mapBytes; ; mapSize /= 2) {
    try {
      return open<Uint8Array, Uint8Array>(options(mapSize));
    } catch (error) {
      const refused = error instanceof Error && /cannot allocate memory/i.test(error.message);
      if (!refused || mapSize / 2 < mapBytesMin) throw error;
    }
  }
}

/** Takes the writes of one LMDB transaction, in order; copies them. */
export interface WriteTarget {
  put(key: Uint8Array, value: Uint8Array): void;
  /** As `put`, after all other keys: pages are filled to their end. */
  append(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
}

/** What made a write fail: the error that lmdb-js rejects with holds a promise of the reason. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  const late = new Promise((resolve) => setTimeout(resolve, reasonWaitMs));
  try {
    await Promise.race([error.commitError, late]);
    return error;
  } catch (reason) {
    return reason;
  }
}
