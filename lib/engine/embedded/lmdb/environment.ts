/** The LMDB environment of a store, opened with the settings the engine relies on, and its typed reads and writes. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { tenantryError } from "../../../errors/index.js";
import { inSlices } from "../slices.js";
import { pageBytes } from "./page-file.js";
import { type Allocate, allocateAlone, RowCodec, storeRecordKey } from "./row-codec.js";

/** A read transaction of LMDB: one frozen state of the store. */
export type Reader = ReturnType<RootDatabase["useReadTransaction"]>;

export interface EnvironmentOptions {
  readonly directory: string;
  /** Whether a commit waits for the disk. */
  readonly durable: boolean;
  /** Address space reserved for the store, and so its largest size. */
  readonly mapBytes: number;
}

/** LMDB's longest key with pages of 8 KiB, less the prefix byte. */
export const storeKeyBytesMax = 4_025;

/** Read transactions LMDB has room for; each takes 64 bytes of its lock file. */
export const readersMax = 4_096;

/** How long to wait for lmdb-js to say why a write failed. */
const reasonWaitMs = 1_000;

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
  readonly directory: string;
  readonly #db: RootDatabase<Uint8Array, Uint8Array>;
  readonly #codec: RowCodec;
  readonly #target: WriteTarget;
  #writingLong = false;

  constructor({ directory, durable, mapBytes }: EnvironmentOptions) {
    this.directory = directory;
    this.#codec = new RowCodec(directory);
    mkdirSync(directory, { recursive: true });
    this.#db = open<Uint8Array, Uint8Array>({
      path: directory,
      noSubdir: false,
      pageSize: pageBytes,
      maxReaders: readersMax,
      mapSize: mapBytes,
      // With the overlapping flush of lmdb-js a write is seen, and resolves, before it is on the disk.
      overlappingSync: false,
      noSync: !durable,
      eventTurnBatching: false,
      keyEncoder: this.#codec.keyEncoder,
      encoder: this.#codec.encoder,
    });
    const db = this.#db;
    this.#target = {
      put: (key, stored) => void db.put(key, stored),
      remove: (key) => void db.remove(key),
    };
  }

  /** The file that holds everything. */
  get dataFile(): string {
    return join(this.directory, "data.mdb");
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

  #getByRange(key: Uint8Array, transaction: Reader): Uint8Array | undefined {
    const range = { start: key, end: key, inclusiveEnd: true, limit: 1, transaction };
    for (const { value } of this.#db.getRange(range)) return value;
    return undefined;
  }

  /** The rows of `[begin, end)`, in key order or from the end backwards, copied into memory of `allocate`. */
  *rows(
    begin: Uint8Array,
    end: Uint8Array,
    reverse: boolean,
    transaction: Reader,
    allocate: Allocate,
  ): Generator<[Uint8Array, Uint8Array], void, undefined> {
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
    const entries: Iterator<Entry> = range[Symbol.iterator]();
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
  async write(write: (target: WriteTarget) => void): Promise<void> {
    try {
      await this.#db.batch(() => write(this.#target));
    } catch (error) {
      throw writeError(this.directory, await reasonOf(error));
    }
  }

  /** As `write`, for much work: it pauses between steps so that the event loop is never held for long. */
  async writeLong(write: (target: WriteTarget) => Iterator<void, void>): Promise<void> {
    try {
      // A child transaction, because lmdb-js commits what an outer one wrote before it failed.
      await this.#db.childTransaction(async () => {
        this.#writingLong = true;
        try {
          await inSlices(write(this.#target));
        } finally {
          this.#writingLong = false;
        }
      });
    } catch (error) {
      throw writeError(this.directory, await reasonOf(error));
    }
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}

/** Takes the writes of one LMDB transaction, in order. Values come with their checksum; their bytes must stay as they are. */
export interface WriteTarget {
  put(key: Uint8Array, stored: Uint8Array): void;
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

function writeError(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/no space|ENOSPC|quota|too large/i.test(reason)) return tenantryError("STORE_DISK_FULL", { path }, { cause });
  return tenantryError("STORE_FAILED", { path, reason }, { cause });
}
