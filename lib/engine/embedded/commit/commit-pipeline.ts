/** Group commit: concurrent commits are resolved in order and written together, with one flush for all of them. */
import { tenantryError } from "../../../errors/index.js";
import { EngineError } from "../../error.js";
import type { CommitRequest, CommitResult, KeyRange, Mutation } from "../store.js";
import type { StampedMutations } from "./effects.js";
import { Resolver, singleKey, versionAgeMax } from "./resolver.js";
import type { VersionClock } from "./version-clock.js";
import { putStamp, versionstampOf } from "./versionstamp.js";

/** Writes the commits of a batch, all or none; resolves once they are flushed and can be read. */
export type WriteBatch = (version: number, commits: readonly StampedMutations[]) => Promise<void>;

/** A commit that passed the resolver. */
interface Waiting extends StampedMutations {
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  readonly version: number;
  readonly waiting: Waiting[];
  /** Commits that lost to this batch, or to one before it. */
  readonly losers: (() => void)[];
  mutations: number;
  bytes: number;
}

/** Commits of one batch: their order must fit the two bytes a versionstamp has for it. */
const batchCommitsMax = 10_000;
/** Mutations after which the next commit begins a batch of its own. */
const batchMutationsMax = 20_000;
/** The same for bytes of values: they are held twice while they are written. */
const batchBytesMax = 16_000_000;

export class CommitPipeline {
  readonly #clock: VersionClock;
  readonly #write: WriteBatch;
  readonly #resolver = new Resolver();
  /** What is to be done while no batch is written. */
  readonly #acts: (() => Promise<void>)[] = [];
  /** Oldest first; the first is being written. */
  readonly #batches: Batch[] = [];
  #readVersion: number;
  #running: Promise<void> | undefined;
  #writing = false;
  #closed = false;

  constructor(clock: VersionClock, readVersion: number, write: WriteBatch) {
    this.#clock = clock;
    this.#readVersion = readVersion;
    this.#write = write;
  }

  /** The newest version at which everything committed is flushed. It advances with time, as FoundationDB's does. */
  readVersion(): number {
    if (this.#batches.length === 0) this.#readVersion = this.#clock.now();
    return this.#readVersion;
  }

  commit(request: CommitRequest): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw tenantryError("ENGINE_CLOSED", { engine: "embedded" });
      const { readVersion, readConflicts, writeConflicts } = request;
      const oldest = this.readVersion() - versionAgeMax;
      if (readVersion !== undefined) {
        if (Number(readVersion) < oldest) throw new EngineError(1_007);
        if (this.#resolver.conflicts(readConflicts, Number(readVersion))) {
          this.#lose(() => reject(new EngineError(1_020)));
          return;
        }
      }
      const batch = this.#openBatch();
      const versionstamp = versionstampOf(batch.version, batch.waiting.length);
      this.#resolver.note(writeConflicts, batch.version, oldest);
      this.#resolver.note(stampedKeys(request.mutations, versionstamp), batch.version, oldest);
      const { mutations } = request;
      batch.waiting.push({ mutations, versionstamp, resolve, reject });
      batch.mutations += mutations.length;
      for (const mutation of mutations) if (mutation.type === "set") batch.bytes += mutation.value.length;
      this.#running ??= this.#run();
    });
  }

  /** Runs `act` between two batches: none is written meanwhile. */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw tenantryError("ENGINE_CLOSED", { engine: "embedded" });
      this.#acts.push(() => act().then(resolve, reject));
      this.#running ??= this.#run();
    });
  }

  /** Answers a commit that lost once what it may have lost to can be read: sooner, a retry could only lose again. */
  #lose(answer: () => void): void {
    const last = this.#batches.at(-1);
    if (last === undefined) answer();
    else last.losers.push(answer);
  }

  /** The batch that takes the next commit: never the one being written. */
  #openBatch(): Batch {
    const last = this.#batches.at(-1);
    const writing = this.#writing ? 1 : 0;
    if (
      last !== undefined &&
      this.#batches.length > writing &&
      last.waiting.length < batchCommitsMax &&
      last.mutations < batchMutationsMax &&
      last.bytes < batchBytesMax
    ) {
      return last;
    }
    // From now on until it is flushed, readers read what was there before: at this moment, however long ago the last
    // commit was.
    this.readVersion();
    const batch: Batch = { version: this.#clock.next(), waiting: [], losers: [], mutations: 0, bytes: 0 };
    this.#batches.push(batch);
    return batch;
  }

  async #run(): Promise<void> {
    // Commits issued in the same turn of the event loop go together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (;;) {
      await this.#acts.shift()?.();
      const batch = this.#batches[0];
      if (batch === undefined) {
        if (this.#acts.length === 0) break;
        continue;
      }
      this.#writing = true;
      await this.#writeBatch(batch);
      this.#writing = false;
    }
    this.#running = undefined;
  }

  async #writeBatch(batch: Batch): Promise<void> {
    let failure: { error: unknown } | undefined;
    try {
      await this.#write(batch.version, batch.waiting);
      this.#readVersion = batch.version;
    } catch (error) {
      failure = { error };
    }
    this.#batches.shift();
    const version = BigInt(batch.version);
    for (const { versionstamp, resolve, reject } of batch.waiting) {
      if (failure !== undefined) reject(failure.error);
      else resolve({ version, versionstamp });
    }
    for (const answer of batch.losers) answer();
  }

  /** Resolves once the commits under way are done. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Refuses new commits and waits for those under way. */
  close(): Promise<void> {
    this.#closed = true;
    return this.settled();
  }
}

/** The keys that get their stamp now: the transaction could not name them as its write conflicts. */
function stampedKeys(mutations: readonly Mutation[], versionstamp: Uint8Array): KeyRange[] {
  const ranges: KeyRange[] = [];
  for (const mutation of mutations) {
    if (mutation.type !== "atomic" || mutation.op !== "setVersionstampedKey") continue;
    ranges.push(singleKey(putStamp(mutation.key, versionstamp)));
  }
  return ranges;
}
