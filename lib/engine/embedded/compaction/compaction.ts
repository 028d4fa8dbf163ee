/** Compaction: writes a store's rows to a new file, closely packed, and puts that in the old one's place while it is used. */
import type { CommittedState, StampedMutations } from "../commit/effects.js";
import type { WriteTarget } from "../lmdb/environment.js";
import type { StoreFile } from "../lmdb/store-file.js";
import { inSlices } from "../slices.js";
import type { State } from "../states/state.js";
import type { Draft } from "./draft.js";

/**
 * What came of a compaction.
 *
 * @example
 * ```ts
 * import { type CompactionReport, compactStore } from "tenantry/engine";
 * const { bytesBefore, bytesAfter }: CompactionReport = await compactStore("./data");
 * ```
 */
export interface CompactionReport {
  /** Bytes of the store's file when the compaction began. */
  readonly bytesBefore: number;
  /** Bytes of the file that took its place. */
  readonly bytesAfter: number;
}

/** Bytes of rows copied at a time: commits wait for one such piece at most. */
export const pieceBytes = 262_144;

/** What a compaction asks of its store. */
export interface CompactedStore {
  /** The file in use. */
  readonly file: StoreFile;
  newest(): State;
  /** Runs `act` while no commit is written. */
  exclusively<T>(act: () => Promise<T>): Promise<T>;
  /** Throws when the store may not be written any more. */
  assertWritable(): void;
  putRecord(target: WriteTarget): void;
  /** Goes on with the state of another file: what `place` does puts that in the file's place. */
  moveTo(file: StoreFile, place: () => void): void;
  /** Resolves once no state of `file` is read any more. */
  unused(file: StoreFile): Promise<void>;
}

export class Compaction {
  readonly #store: CompactedStore;
  readonly #draft: Draft;
  readonly #pieceBytes: number;
  #isFollowing = true;
  #failure: { readonly error: unknown } | undefined;

  constructor(store: CompactedStore, draft: Draft, piece: number) {
    this.#store = store;
    this.#draft = draft;
    this.#pieceBytes = piece;
  }

  /** Follows commits that are being written; never rejects. */
  async follow(commits: readonly StampedMutations[], committed: CommittedState): Promise<void> {
    if (!this.#isFollowing || this.#failure !== undefined) return;
    try {
      await this.#draft.follow(commits, committed);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The draft may not have what the store has. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #assertWell(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#store.assertWritable();
  }

  async run(): Promise<CompactionReport> {
    const { file } = this.#store;
    const bytesBefore = file.pages.length;
    try {
      while (!this.#draft.isFilled) {
        await this.#store.exclusively(async () => {
          this.#assertWell();
          await this.#draft.fill(this.#store.newest(), this.#pieceBytes);
        });
      }
      await this.#verify();
      await this.#store.exclusively(() => this.#takePlace());
    } catch (error) {
      this.#isFollowing = false;
      await this.#draft.discard();
      throw error;
    }
    this.#draft.tidy();
    const bytesAfter = this.#draft.file.pages.length;
    await this.#store.unused(file);
    await file.close();
    return { bytesBefore, bytesAfter };
  }

  async #verify(): Promise<void> {
    const steps = this.#draft.verify();
    const whileWell = function* (assertWell: () => void): Generator<void, void> {
      for (const _ of steps) {
        assertWell();
        yield;
      }
    };
    await inSlices(whileWell(() => this.#assertWell()));
  }

  async #takePlace(): Promise<void> {
    await this.#draft.finish((target) => this.#store.putRecord(target));
    this.#assertWell();
    this.#store.moveTo(this.#draft.file, () => this.#draft.takePlace());
    this.#isFollowing = false;
  }
}
