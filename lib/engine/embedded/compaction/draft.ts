/** The file that is to take a store's place: filled from the first key to the last, and kept up with meanwhile. */
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tenantryError } from "../../../errors/index.js";
import { writeBatch } from "../commit/batch-write.js";
import type { CommittedState, StampedMutations } from "../commit/effects.js";
import type { Checksum } from "../lmdb/checksum.js";
import { Environment, type EnvironmentOptions, type WriteTarget } from "../lmdb/environment.js";
import { verifyFile } from "../lmdb/integrity.js";
import { Damage } from "../lmdb/page-file.js";
import { StoreFile } from "../lmdb/store-file.js";
import { dataFile, flushDirectory, prepareDirectory, readersFile } from "../opening/inspect.js";
import { allKeysEnd, compareBytes, firstKey, keyAfter } from "../reading/bounds.js";
import type { State } from "../states/state.js";

/** Where it is made: in the store's own directory, so that it can take its place in one step. */
const draftPath = (directory: string): string => join(directory, "compacting");

/** Removes what a compaction that was cut short has left. */
export const removeDraft = (directory: string): void => rmSync(draftPath(directory), { recursive: true, force: true });

export class Draft {
  readonly file: StoreFile;
  readonly #directory: string;
  readonly #checksum: Checksum;
  /** The first key that is not copied yet; undefined when all are. */
  #next: Uint8Array | undefined = firstKey;

  /** Begins one for the store in `directory`. */
  constructor(options: EnvironmentOptions, checksum: Checksum) {
    const { directory } = options;
    removeDraft(directory);
    const path = draftPath(directory);
    prepareDirectory(path);
    this.#directory = directory;
    this.#checksum = checksum;
    this.file = new StoreFile(new Environment({ ...options, directory: path, path: directory }), checksum);
  }

  get isFilled(): boolean {
    return this.#next === undefined;
  }

  /** Copies rows of the store's newest state, `bytesMax` of them; no commit is written meanwhile. */
  async fill(newest: State, bytesMax: number): Promise<void> {
    const begin = this.#next;
    if (begin === undefined) return;
    const bounds = { reverse: false, rowsMax: Number.POSITIVE_INFINITY, bytesMax };
    let last: Uint8Array | undefined;
    let damage: { readonly error: unknown } | undefined;
    await this.file.environment.write((target) => {
      try {
        last = newest.visit(begin, allKeysEnd, bounds, (key, keyBegin, keyEnd, value, valueBegin, valueEnd) =>
          target.append(key.subarray(keyBegin, keyEnd), value.subarray(valueBegin, valueEnd)),
        );
      } catch (error) {
        // Of the store, not of the draft.
        damage = { error };
      }
    });
    if (damage !== undefined) throw damage.error;
    this.#next = last && keyAfter(last);
  }

  /** Writes what commits change of the rows that are copied; the others are copied as the commits leave them. */
  follow(commits: readonly StampedMutations[], committed: CommittedState): Promise<void> {
    const next = this.#next;
    const isCopied = (key: Uint8Array): boolean => next === undefined || compareBytes(key, next) < 0;
    return writeBatch(this.file.environment, commits, committed, (target) => ({
      put: (key, value) => {
        if (isCopied(key)) target.put(key, value);
      },
      append: (key, value) => target.append(key, value),
      remove: (key) => {
        if (isCopied(key)) target.remove(key);
      },
    }));
  }

  /** Verifies every page and every row of it, in steps. */
  *verify(): Generator<void, void, undefined> {
    const { environment, pages } = this.file;
    const reader = environment.read();
    try {
      yield* verifyFile(pages, pages.meta(), true, this.#checksum);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      throw tenantryError("STORE_CORRUPT", { path: this.#directory, reason: error.message }, { cause: error });
    } finally {
      reader.done();
    }
  }

  /** Puts the store's own record into it, and makes all of it durable. */
  async finish(putRecord: (target: WriteTarget) => void): Promise<void> {
    await this.file.environment.write(putRecord);
    await this.file.pages.flush();
  }

  /** Puts it in the store's place: from here on whoever opens the store opens this file. */
  takePlace(): void {
    const path = draftPath(this.#directory);
    // Another process that copies the store meanwhile looks for readers of the file that is written from now on.
    renameSync(join(path, readersFile), join(this.#directory, readersFile));
    renameSync(join(path, dataFile), join(this.#directory, dataFile));
    flushDirectory(this.#directory);
  }

  /** Removes the directory it was made in, which is empty now; otherwise the next opening does. */
  tidy(): void {
    try {
      removeDraft(this.#directory);
    } catch {
      // Nothing depends on it.
    }
  }

  async discard(): Promise<void> {
    await this.file.close();
    removeDraft(this.#directory);
  }
}
