/** The commit of an attempt: what it sends to the store, and what becomes of its stamp and its watches. */
import { EngineError } from "../../error.js";
import type { CommitResult, Store } from "../store.js";
import type { Attempt } from "./attempt.js";
import { joinRanges, rangesBytes } from "./conflict-ranges.js";
import { type CommitWrites, everything } from "./writes.js";

/** No version: nothing was written, or nothing is committed. */
export const noVersion = -1n;

export class Committer {
  readonly #store: Store;
  readonly #attempt: Attempt;
  readonly #writes: CommitWrites;
  /** Made when somebody asks for the stamp. */
  #stamp: Promise<Uint8Array> | undefined;
  #settleStamp: (result: Uint8Array | EngineError) => void = () => {};
  #version: bigint | undefined;

  constructor(store: Store, attempt: Attempt, writes: CommitWrites) {
    this.#store = store;
    this.#attempt = attempt;
    this.#writes = writes;
  }

  /** The version of the commit, {@link noVersion} when it wrote nothing; undefined when there was none. */
  get version(): bigint | undefined {
    return this.#version;
  }

  /** The stamp the commit gives; not to be asked for once that was begun. */
  stamp(): Promise<Uint8Array> {
    const stamp = this.#untilCommitted();
    // Asked for before the commit and often left alone when that fails.
    stamp.catch(() => {});
    return stamp;
  }

  async #untilCommitted(): Promise<Uint8Array> {
    this.#attempt.throwIfCommitting();
    this.#stamp ??= this.#promiseStamp();
    return this.#attempt.untilEnd(this.#stamp);
  }

  #promiseStamp(): Promise<Uint8Array> {
    const stamp = new Promise<Uint8Array>((resolve, reject) => {
      this.#settleStamp = (result) => (result instanceof EngineError ? reject(result) : resolve(result));
    });
    stamp.catch(() => {});
    return stamp;
  }

  async commit(): Promise<void> {
    const attempt = this.#attempt;
    attempt.throwIfDeferred();
    attempt.throwIfCommitting();
    attempt.throwIfEnded();
    attempt.commitStarted = true;
    attempt.release();
    attempt.watches.arrived();
    attempt.throwIfReadFailed();
    await attempt.untilEnd(this.#run());
  }

  async #run(): Promise<void> {
    const { watches } = this.#attempt;
    try {
      const result = await this.#send();
      this.#version = result?.version ?? noVersion;
      if (this.#stamp !== undefined) this.#settleStamp(result?.versionstamp ?? new EngineError(2021));
      watches.store(this.#store);
    } catch (error) {
      watches.fail(error instanceof EngineError ? error.fdbCode : 4100);
      if (this.#stamp !== undefined) this.#settleStamp(new EngineError(2020));
      throw error;
    }
  }

  /** Undefined when there is nothing to write. */
  #send(): Promise<CommitResult> | undefined {
    const { readVersion, readConflicts, options } = this.#attempt;
    const writes = this.#writes;
    if (this.#attempt.hasWrites) writes.addPending(this.#attempt.view.writes, everything);
    if (writes.isEmpty) return undefined;
    const conflicts = joinRanges(readConflicts);
    if (writes.bytes + rangesBytes(conflicts) > options.sizeLimitBytes) throw new EngineError(2101);
    const writeConflicts = joinRanges(writes.conflicts);
    const { mutations } = writes;
    // Whoever waits for the commit need not hold them.
    this.#attempt.readConflicts = [];
    writes.clear();
    return this.#store.commit({
      readVersion: readVersion ?? (conflicts.length > 0 ? this.#store.readVersion() : undefined),
      readConflicts: conflicts,
      writeConflicts,
      mutations,
    });
  }
}
