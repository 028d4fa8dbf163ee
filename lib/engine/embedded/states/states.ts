/**
 * The states of the store that can be read: those of every version of the last five seconds. LMDB keeps the newest, each
 * by a read transaction; the older ones are made of them and of the values that were replaced since.
 */
import { oldStateBytesMax, oldValueBytesMax } from "../../../limits/index.js";
import { EngineError } from "../../error.js";
import { versionAgeMax } from "../commit/resolver.js";
import { readersMax } from "../lmdb/environment.js";
import { type Meta, pageBytes } from "../lmdb/page-file.js";
import type { StoreFile } from "../lmdb/store-file.js";
import { inSlices } from "../slices.js";
import type { Snapshot } from "../store.js";
import { fold } from "./folding.js";
import { OldState } from "./old-state.js";
import { OldValues } from "./old-values.js";
import { State } from "./state.js";
import { VersionSnapshot } from "./version-snapshot.js";
import type { WrittenKeys } from "./written-keys.js";

/**
 * States that LMDB keeps where nothing speaks for fewer. With a reader 300 commits back or more, lmdb-js loses its list
 * of free pages after each commit, and the file grows although there are free pages.
 */
const keptMax = 128;
/** The same where the next one to let go has much that was cleared: it is older than five seconds soon. */
const keptLongestMax = 1_024;
const clearedAtOnceBytesMax = 1_048_576;
/** Readers at most, some being left to backups. */
const readersUsedMax = readersMax - 64;
const sweepEveryMs = 1_000;
/** How often commits that wait for room look again. */
const roomPollMs = 20;

/** What older states may take. */
export interface OldStateBounds {
  /** Bytes by which the file may outgrow twice its content. */
  readonly fileBytesMax: number;
  /** Bytes of old values in memory. */
  readonly memoryBytesMax: number;
}

export const oldStateBounds: OldStateBounds = { fileBytesMax: oldStateBytesMax, memoryBytesMax: oldValueBytesMax };

const usedPages = ({ main, free }: Meta): number =>
  main.branchPages + main.leafPages + main.overflowPages + free.branchPages + free.leafPages + free.overflowPages;

export class States {
  readonly #now: () => number;
  readonly #bounds: OldStateBounds;
  readonly #since: number;
  /** By version, oldest first; the last is the newest. Never empty until closed. */
  readonly #kept: State[] = [];
  readonly #values = new OldValues(versionAgeMax / 4);
  /** Pages that the newest state uses, and the most that one has used. */
  #usedPages = 0;
  #usedPagesMax = 0;
  /** Pages that are in no state after the oldest one kept, or not in it either: LMDB is a commit behind. */
  #heldPages = 0;
  /** A state that is let go by its age alone: it has too much that was cleared since. */
  #stuck: State | undefined;
  #folding: Promise<void> | undefined;
  #room: Promise<void> | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * Begins with the newest state of `file`, that of `version`. `now` is the newest read version. Age is counted from it
   * and not from the clock: as in FoundationDB, nothing grows old while a slow disk holds up the next commit.
   */
  constructor(file: StoreFile, now: () => number, version: number, bounds: OldStateBounds) {
    this.#now = now;
    this.#bounds = bounds;
    this.#since = version;
    this.advance(file, version, undefined);
  }

  /** Takes the newest state of `file` as that of the commit at `version`, which wrote `written`. */
  advance(file: StoreFile, version: number, written: WrittenKeys | undefined): void {
    this.#add(new State(file, version, written));
  }

  /** Goes on with the newest state of another file, which has what the newest state has, once `place` is done. */
  moveTo(file: StoreFile, place: () => void): void {
    const state = new State(file, this.newest().version, undefined);
    try {
      place();
    } catch (error) {
      state.close();
      throw error;
    }
    this.#usedPagesMax = 0;
    this.#add(state);
  }

  #add(state: State): void {
    this.#kept.push(state);
    this.#usedPages = usedPages(state.meta);
    this.#usedPagesMax = Math.max(this.#usedPagesMax, this.#usedPages);
    this.#heldPages += state.freedPages;
    this.#letGo();
    if (this.#kept.length > 1) this.#sweep ??= setTimeout(() => this.#sweepLater(), sweepEveryMs).unref();
  }

  #sweepLater(): void {
    this.#sweep = undefined;
    this.#letGo();
    if (this.#kept.length > 1) this.#sweep = setTimeout(() => this.#sweepLater(), sweepEveryMs).unref();
  }

  /** Lets go what no read version needs any more, then turns states that LMDB should not keep into old values. */
  #letGo(): void {
    const oldest = this.#now() - versionAgeMax;
    let expired = 0;
    while (expired < this.#kept.length - 1 && (this.#kept[expired + 1]?.version ?? 0) <= oldest) expired += 1;
    for (let i = 0; i < expired; i++) this.#closeOldest();
    this.#values.forget(oldest);
    if (this.#isClosed || this.#folding !== undefined || !this.#keepsTooMuch) return;
    const folding = (): void => {
      this.#folding = undefined;
    };
    this.#folding = inSlices(this.#fold()).then(folding, folding);
  }

  /** Bytes by which the file outgrows `contents` times the most that it has held: where they do, it is too large. */
  #grown(contents: number): number {
    return (this.#usedPages + this.#heldPages - contents * this.#usedPagesMax) * pageBytes;
  }

  /** Whether so many pages are held that the file grows beyond its bound, what LMDB leaves unused being the rest of it. */
  get #isHigh(): boolean {
    return this.#grown(1) > this.#bounds.fileBytesMax;
  }

  get #keepsTooMuch(): boolean {
    const [oldest] = this.#kept;
    if (oldest === undefined || this.#kept.length === 1) return false;
    return this.#kept.length > keptMax || oldest.file !== this.newest().file || this.#isHigh;
  }

  *#fold(): Generator<void, void, undefined> {
    while (this.#keepsTooMuch) {
      const [oldest, next] = this.#kept;
      if (oldest === undefined || next === undefined || oldest === this.#stuck || this.#isClosed) return;
      const { memoryBytesMax } = this.#bounds;
      const most = memoryBytesMax - this.#values.bytes;
      // What was cleared lies on the pages that the commit replaced.
      const bytes = next.written?.hasRanges === true ? next.freedPages * pageBytes : 0;
      const isPatient = !this.#isHigh && this.#kept.length <= keptLongestMax && oldest.file === this.newest().file;
      if (bytes > clearedAtOnceBytesMax && isPatient) return;
      // Until all is noted. What cannot be read, or is too much, is kept as it is.
      this.#stuck = oldest;
      if (bytes > most || !(yield* fold(oldest, next, this.#values, memoryBytesMax))) return;
      this.#stuck = undefined;
      this.#closeOldest();
    }
  }

  #closeOldest(): void {
    const closed = this.#kept.shift();
    const [oldest] = this.#kept;
    if (closed === undefined) return;
    this.#heldPages -= closed.freedPages;
    if (oldest?.file === closed.file) oldest.file.rows.keepFrom(oldest.meta);
    closed.close();
  }

  /** Whether a commit may come: old values have room, in memory and in the file. */
  get #hasRoom(): boolean {
    if (this.#isClosed) return true;
    if (this.#values.bytes >= this.#bounds.memoryBytesMax) return false;
    if (this.#stuck === undefined || this.#stuck.isClosed || this.#folding !== undefined) return true;
    return this.#grown(2) <= this.#bounds.fileBytesMax && this.#kept.length < readersUsedMax;
  }

  /** Resolves once a commit may come; undefined: at once. */
  room(): Promise<void> | undefined {
    if (this.#room === undefined && this.#hasRoom) return undefined;
    this.#room ??= this.#untilRoom();
    return this.#room;
  }

  async #untilRoom(): Promise<void> {
    while (!this.#hasRoom) {
      await new Promise((resolve) => setTimeout(resolve, roomPollMs));
      if (!this.#isClosed) this.#letGo();
    }
    this.#room = undefined;
  }

  /** Resolves once no state of `file`, which is not that of the newest, is kept. */
  async unused(file: StoreFile): Promise<void> {
    while (this.#kept[0]?.file === file) {
      this.#letGo();
      await this.#folding;
      if (this.#kept[0]?.file === file) await new Promise((resolve) => setTimeout(resolve, roomPollMs));
    }
  }

  /** Resolves once the states that LMDB should not keep are let go, when there are many; undefined: at once. */
  folded(): Promise<void> | undefined {
    return this.#isHigh || this.#kept.length > 2 * keptMax ? this.#folding : undefined;
  }

  /** The newest state, for the store's own reads. */
  newest(): State {
    const state = this.#kept.at(-1);
    if (state === undefined) throw new EngineError(1_007);
    return state;
  }

  /** The view at a read version. Throws 1007 when it is too old, or from before the store was opened. */
  open(version: number): Snapshot {
    return new VersionSnapshot(this, version);
  }

  /** What answers for a read version. */
  at(version: number): State | OldState {
    this.assertFresh(version);
    let low = 0;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#kept[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    const state = this.#kept[low - 1];
    if (state !== undefined) return state;
    const [oldest] = this.#kept;
    if (oldest === undefined || version < this.#since) throw new EngineError(1_007);
    return new OldState(version, oldest, this.#values);
  }

  /** Throws 1007 when a read version is too old. */
  assertFresh(version: number): void {
    if (this.#now() - version > versionAgeMax) throw new EngineError(1_007);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#sweep);
    while (this.#kept.length > 0) this.#closeOldest();
  }
}
