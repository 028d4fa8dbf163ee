/** The store of the embedded engine, on LMDB: puts snapshots, commits and watches together. */
import { tenantryError } from "../../errors/index.js";
import { EngineError } from "../error.js";
import { writeBatch } from "./commit/batch-write.js";
import { CommitPipeline } from "./commit/commit-pipeline.js";
import type { CommittedState, StampedMutations } from "./commit/effects.js";
import { singleKey } from "./commit/resolver.js";
import { VersionClock } from "./commit/version-clock.js";
import { type CompactedStore, Compaction, type CompactionReport, pieceBytes } from "./compaction/compaction.js";
import { Draft } from "./compaction/draft.js";
import { checksumOfFormat } from "./lmdb/checksum.js";
import { Environment, type WriteTarget } from "./lmdb/environment.js";
import { pageBytes } from "./lmdb/page-file.js";
import { allocateTogether, storeRecordKey } from "./lmdb/row-codec.js";
import { StoreFile } from "./lmdb/store-file.js";
import { decodeStoreRecord, encodeStoreRecord, type StoreRecord, storeFormat } from "./lmdb/store-record.js";
import { estimatedBytes, splitPoints } from "./range-sizes.js";
import { inSlices } from "./slices.js";
import { type OldStateBounds, oldStateBounds, States } from "./states/states.js";
import { WrittenKeys } from "./states/written-keys.js";
import type { CommitRequest, CommitResult, KeyRange, Mutation, Snapshot, Store, StoreWatch } from "./store.js";
import { Watches } from "./watches.js";

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
  #file: StoreFile;
  readonly #clock: VersionClock;
  readonly #states: States;
  readonly #pipeline: CommitPipeline;
  readonly #watches: Watches;
  readonly #format: number;
  readonly #options: LmdbStoreOptions;
  /** For the keys that commits wrote: those of many share a block. */
  readonly #keyMemory = allocateTogether();
  /** As the last commit left it. */
  #fileBytes: number;
  #closing: Promise<void> | undefined;
  #compaction: Compaction | undefined;
  #compacting: Promise<CompactionReport> | undefined;

  private constructor(environment: Environment, { format, version }: StoreRecord, options: LmdbStoreOptions) {
    this.#file = new StoreFile(environment, checksumOfFormat(format));
    this.#format = format;
    this.#options = options;
    this.#fileBytes = this.#file.pages.length;
    this.#clock = new VersionClock(version);
    this.#pipeline = new CommitPipeline(this.#clock, version, (at, commits) => this.#write(at, commits));
    this.#states = new States(
      this.#file,
      () => this.#pipeline.readVersion(),
      version,
      options.bounds ?? oldStateBounds,
    );
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
    if (this.#fileBytes > this.#options.mapBytes / 2) this.#assertRoom(request);
    return this.#pipeline.commit(request);
  }

  /** Throws `STORE_FULL` when the rows a commit adds may pass the store's largest size. Clearing makes room. */
  #assertRoom({ mutations }: CommitRequest): void {
    const added = mutations.reduce((sum, mutation) => sum + addedBytes(mutation), 0);
    const { mapBytes } = this.#options;
    const { branchPages, leafPages, overflowPages } = this.#file.pages.meta().main;
    const used = (branchPages + leafPages + overflowPages) * pageBytes;
    if (added === 0 || used + 2 * added <= mapBytes) return;
    throw tenantryError("STORE_FULL", { path: this.#file.environment.path, mapBytes });
  }

  watch(key: Uint8Array, expected: Uint8Array | undefined): StoreWatch {
    return this.#watches.watch(key, expected);
  }

  estimatedRangeSizeBytes(begin: Uint8Array, end: Uint8Array): number {
    return estimatedBytes(this.#states.newest(), begin, end);
  }

  rangeSplitPoints(begin: Uint8Array, end: Uint8Array, chunkBytes: number): Uint8Array[] {
    return splitPoints(this.#states.newest(), begin, end, chunkBytes);
  }

  /** Runs `act` while the pages of the newest state, and of later ones, stay as they are. */
  whileKept<T>(act: () => Promise<T>): Promise<T> {
    return this.#file.whileKept(act);
  }

  /** Writes the store to a new file, closely packed, and goes on with that; `piece` bytes of rows at a time. */
  compact(piece: number = pieceBytes): Promise<CompactionReport> {
    this.#compacting ??= this.#compact(piece).finally(() => {
      this.#compaction = undefined;
      this.#compacting = undefined;
    });
    return this.#compacting;
  }

  async #compact(piece: number): Promise<CompactionReport> {
    const { directory, mapBytes, flush } = this.#options;
    const durable = flush === "commit";
    this.#assertWritable();
    const draft = new Draft({ directory, mapBytes, durable }, checksumOfFormat(this.#format));
    const store: CompactedStore = {
      file: this.#file,
      newest: () => this.#states.newest(),
      exclusively: (act) => this.#pipeline.exclusively(act),
      assertWritable: () => this.#assertWritable(),
      putRecord: (target) => this.#putRecord(target, this.#states.newest().version),
      moveTo: (file, place) => {
        this.#states.moveTo(file, place);
        this.#file = file;
        this.#fileBytes = file.pages.length;
      },
      unused: (file) => this.#states.unused(file),
    };
    this.#compaction = new Compaction(store, draft, piece);
    return await this.#compaction.run();
  }

  /** Throws when another process has taken the lock, or a write struck while a state was put in place, or it closes. */
  #assertWritable(): void {
    const { path } = this.#file.environment;
    if (this.#closing !== undefined) throw tenantryError("ENGINE_CLOSED", { engine: "embedded" });
    this.#file.environment.assertWell();
    if (!this.#options.held()) {
      throw tenantryError("STORE_FAILED", { path, reason: "another process took the store's lock" });
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
    await this.#compacting?.catch(() => {});
    const version = this.#clock.now();
    try {
      // Each commit noted its own version: should this not be written, only read versions are forgotten.
      if (this.#options.held())
        await this.#file.environment.write((target) => this.#putRecord(target, version)).catch(() => {});
      if (this.#options.flush === "close") await this.#file.pages.flush();
    } finally {
      await this.#file.close();
    }
  }

  #putRecord(target: WriteTarget, version: number): void {
    target.put(storeRecordKey, encodeStoreRecord({ format: this.#format, version }));
  }

  async #write(version: number, commits: readonly StampedMutations[]): Promise<void> {
    const { environment } = this.#file;
    if (!this.#options.held()) {
      throw tenantryError("STORE_FAILED", { path: environment.path, reason: "another process took the store's lock" });
    }
    const folded = this.#states.folded();
    if (folded !== undefined) await folded;
    const written = await inSlices(WrittenKeys.of(commits, this.#keyMemory));
    const { reader } = this.#states.newest();
    const committed: CommittedState = {
      get: (key) => environment.get(key, reader),
      keys: (begin, end) => environment.keys(begin, end, reader, allocateTogether()),
    };
    const compaction = this.#compaction;
    const followed = compaction?.follow(commits, committed);
    try {
      await writeBatch(environment, commits, committed, (target) => {
        this.#putRecord(target, version);
        return target;
      });
    } catch (error) {
      compaction?.fail(error);
      throw error;
    } finally {
      if (followed !== undefined) await followed;
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
