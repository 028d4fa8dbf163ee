/** The store of the embedded engine, on LMDB: puts snapshots, commits and watches together. */
import { tenantryError } from "../../errors/index.js";
import { EngineError } from "../error.js";
import { CommitPipeline } from "./commit/commit-pipeline.js";
import { type CommittedState, isLong, type StampedMutations, writeEffects } from "./commit/effects.js";
import { singleKey } from "./commit/resolver.js";
import { VersionClock } from "./commit/version-clock.js";
import { checksumOfFormat } from "./lmdb/checksum.js";
import { Environment, type WriteTarget } from "./lmdb/environment.js";
import { pageBytes } from "./lmdb/page-file.js";
import { type RangeShape, rangeShape } from "./lmdb/range-estimate.js";
import { allocateTogether, storeRecordKey } from "./lmdb/row-codec.js";
import { StoreFile } from "./lmdb/store-file.js";
import { decodeStoreRecord, encodeStoreRecord, type StoreRecord, storeFormat } from "./lmdb/store-record.js";
import { inSlices } from "./slices.js";
import { type OldStateBounds, oldStateBounds, States } from "./states/states.js";
import { WrittenKeys } from "./states/written-keys.js";
import type { CommitRequest, CommitResult, KeyRange, Mutation, Snapshot, Store, StoreWatch } from "./store.js";
import { Watches } from "./watches.js";

/** Leaf pages of a range whose rows are looked at one by one to measure or split it. */
const rowwiseLeavesMax = 16;

export interface LmdbStoreOptions {
  readonly directory: string;
  /** When what is committed is on the disk: before it is acknowledged, once the store is closed, or never. */
  readonly flush: "commit" | "close" | "never";
  readonly mapBytes: number;
  /** Whether this process still has the store's lock. */
  readonly held: () => boolean;
  /** What older states may take; the library's limits unless said otherwise. */
  readonly bounds?: OldStateBounds;
}

export class LmdbStore implements Store {
  readonly #file: StoreFile;
  readonly #clock: VersionClock;
  readonly #states: States;
  readonly #pipeline: CommitPipeline;
  readonly #watches: Watches;
  readonly #format: number;
  readonly #held: () => boolean;
  readonly #mapBytes: number;
  /** For the keys that commits wrote: those of many share a block. */
  readonly #keyMemory = allocateTogether();
  readonly #flush: LmdbStoreOptions["flush"];
  /** As the last commit left it. */
  #fileBytes: number;
  #closing: Promise<void> | undefined;

  private constructor(environment: Environment, { format, version }: StoreRecord, options: LmdbStoreOptions) {
    const { held, mapBytes, flush, bounds = oldStateBounds } = options;
    this.#file = new StoreFile(environment, checksumOfFormat(format));
    this.#format = format;
    this.#held = held;
    this.#mapBytes = mapBytes;
    this.#flush = flush;
    this.#fileBytes = this.#file.pages.length;
    this.#clock = new VersionClock(version);
    this.#pipeline = new CommitPipeline(this.#clock, version, (at, commits) => this.#write(at, commits));
    this.#states = new States(this.#file, () => this.#pipeline.readVersion(), version, bounds);
    this.#watches = new Watches((key) => this.#states.newest().get(key));
  }

  static async open(options: LmdbStoreOptions): Promise<LmdbStore> {
    const environment = new Environment({ ...options, durable: options.flush === "commit" });
    const reader = environment.read();
    const bytes = environment.record(reader);
    reader.done();
    if (bytes !== undefined) {
      const record = decodeStoreRecord(bytes);
      const { directory: path } = options;
      if (record === undefined || record.format > storeFormat) {
        await environment.close();
        if (record === undefined) throw tenantryError("STORE_CORRUPT", { path, reason: "its own record is damaged" });
        throw tenantryError("STORE_FORMAT", { path, format: record.format, formatMax: storeFormat });
      }
      return new LmdbStore(environment, record, options);
    }
    const record = { format: storeFormat, version: 1 };
    await environment.write((target) => target.put(storeRecordKey, encodeStoreRecord(record)));
    return new LmdbStore(environment, record, options);
  }

  readVersion(): bigint {
    return BigInt(this.#pipeline.readVersion());
  }

  snapshot(version: bigint): Snapshot {
    if (version > BigInt(this.#pipeline.readVersion())) throw new EngineError(1_009);
    return this.#states.open(Number(version));
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    const room = this.#states.room();
    if (room !== undefined) await room;
    if (this.#fileBytes > this.#mapBytes / 2) this.#assertRoom(request);
    return this.#pipeline.commit(request);
  }

  /** Throws `STORE_FULL` when the rows a commit adds may pass the store's largest size. Clearing makes room. */
  #assertRoom({ mutations }: CommitRequest): void {
    const added = mutations.reduce((sum, mutation) => sum + addedBytes(mutation), 0);
    const { branchPages, leafPages, overflowPages } = this.#file.pages.meta().main;
    const used = (branchPages + leafPages + overflowPages) * pageBytes;
    if (added === 0 || used + 2 * added <= this.#mapBytes) return;
    throw tenantryError("STORE_FULL", { path: this.#file.environment.directory, mapBytes: this.#mapBytes });
  }

  watch(key: Uint8Array, expected: Uint8Array | undefined): StoreWatch {
    return this.#watches.watch(key, expected);
  }

  estimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): number {
    const shape = this.#shape(begin, end, Number.POSITIVE_INFINITY);
    if (shape !== undefined) return Math.round(shape.units.length * shape.leavesPerUnit * shape.bytesPerLeaf);
    let bytes = 0;
    for (const [key, value] of this.#rows(begin, end)) bytes += key.length + value.length;
    return bytes;
  }

  rangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Uint8Array[] {
    const points = [begin];
    const shape = this.#shape(begin, end, chunkBytes);
    let bytes = 0;
    if (shape === undefined) {
      for (const [key, value] of this.#rows(begin, end)) {
        if (bytes >= chunkBytes) {
          points.push(key.slice());
          bytes = 0;
        }
        bytes += key.length + value.length;
      }
    } else {
      for (const { low } of shape.units) {
        if (bytes >= chunkBytes && low !== undefined) {
          points.push(low.slice(1));
          bytes = 0;
        }
        bytes += shape.leavesPerUnit * shape.bytesPerLeaf;
      }
    }
    points.push(end);
    return points;
  }

  #rows(begin: Uint8Array, end: Uint8Array): Iterable<[Uint8Array, Uint8Array]> {
    return this.#file.environment.rows(begin, end, false, this.#states.newest().reader, allocateTogether());
  }

  /** The range's shape in the file; undefined when it is small enough to look at each row. */
  #shape(begin: Uint8Array, end: Uint8Array, unitBytes: number): RangeShape | undefined {
    // The newest reader keeps the pages of the file's newest state, and no batch begins before this is done.
    const { pages } = this.#file;
    const shape = rangeShape(pages, pages.meta(), begin, end, unitBytes);
    return shape.leavesPerUnit === 1 && shape.units.length <= rowwiseLeavesMax ? undefined : shape;
  }

  /** Runs `act` while the pages of the newest state, and of later ones, stay as they are. */
  async whileKept<T>(act: () => Promise<T>): Promise<T> {
    const reader = this.#file.environment.read();
    try {
      return await act();
    } finally {
      reader.done();
    }
  }

  /** Resolves once the commits under way are done. */
  settled(): Promise<void> {
    return this.#pipeline.settled();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#pipeline.close();
    this.#watches.close();
    this.#states.close();
    const version = this.#clock.now();
    try {
      // Each commit noted its own version: should this not be written, only read versions are forgotten.
      if (this.#held())
        await this.#file.environment.write((target) => this.#putRecord(target, version)).catch(() => {});
      if (this.#flush === "close") await this.#file.pages.flush();
    } finally {
      await this.#file.close();
    }
  }

  #putRecord(target: WriteTarget, version: number): void {
    target.put(storeRecordKey, encodeStoreRecord({ format: this.#format, version }));
  }

  async #write(version: number, commits: readonly StampedMutations[]): Promise<void> {
    const { environment } = this.#file;
    if (!this.#held()) {
      const { directory } = environment;
      throw tenantryError("STORE_FAILED", { path: directory, reason: "another process took the store's lock" });
    }
    const folded = this.#states.folded();
    if (folded !== undefined) await folded;
    const written = await inSlices(WrittenKeys.of(commits, this.#keyMemory));
    const { reader } = this.#states.newest();
    const committed: CommittedState = {
      get: (key) => environment.get(key, reader),
      keys: (begin, end) => environment.keys(begin, end, reader, allocateTogether()),
    };
    const write = (target: WriteTarget): Generator<void, void> => {
      this.#putRecord(target, version);
      return writeEffects(commits, committed, target);
    };
    if (isLong(commits, committed)) await environment.writeLong(write);
    else {
      await environment.write((target) => {
        for (const _ of write(target));
      });
    }
    this.#fileBytes = this.#file.pages.length;
    this.#states.advance(this.#file, version, written);
    if (!this.#watches.empty) this.#watches.written(commits.flatMap(({ mutations }) => mutations.map(writtenRange)));
  }
}

/** Bytes a mutation may add to the store. */
function addedBytes(mutation: Mutation): number {
  if (mutation.type === "set") return mutation.key.length + mutation.value.length;
  return mutation.type === "atomic" ? mutation.key.length + mutation.operand.length : 0;
}

/** The keys a mutation may have changed (a stamped key is not known before its commit, so nobody watches it). */
const writtenRange = (mutation: Mutation): KeyRange =>
  mutation.type === "clearRange" ? mutation : singleKey(mutation.key);
