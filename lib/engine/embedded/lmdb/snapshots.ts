/** The states of the store that can be read: one LMDB reader per commit version, counted, for five seconds at most. */

import type { RowVisitor, ValueVisitor } from "../../engine.js";
import { EngineError } from "../../error.js";
import { versionAgeMax } from "../commit/resolver.js";
import { equalBytes, metadataVersionKey } from "../reading/bounds.js";
import type { Snapshot, VisitBounds } from "../store.js";
import { type Environment, type Reader, readersMax } from "./environment.js";
import type { Meta, PageFile } from "./page-file.js";
import { allocateTogether } from "./row-codec.js";
import type { TreeRows } from "./tree-rows.js";

/** Readers kept though nobody uses them, so that a version handed out can be opened again. */
const idleViewsMax = 1_000;
/** Pages that readers may keep from being used again when nobody uses them: 64 MiB. */
const idlePagesMax = 8_192;
/** Readers at most, some being left to backups. */
const viewsMax = readersMax - 64;
const sweepEveryMs = 1_000;

type RowIterator = Generator<[Uint8Array, Uint8Array], void, undefined>;

/** The state left by the commit at `version`; it answers for every read version up to the next commit's. */
interface View {
  readonly version: number;
  readonly reader: Reader;
  /** The state as the file has it; the reader keeps its pages. */
  readonly state: Meta;
  /** Pages the next commit replaced: this view keeps them. */
  pages: number;
  uses: number;
  expired: boolean;
  readonly iterators: Set<RowIterator>;
  /** The metadata version, once it was read: every transaction of the layers above asks for it. */
  metadata: { readonly value: Uint8Array | undefined } | undefined;
}

/** Where states are read: by LMDB, and from its file. */
export interface SnapshotSource {
  readonly environment: Environment;
  readonly file: PageFile;
  readonly rows: TreeRows;
}

export class Snapshots {
  readonly #source: SnapshotSource;
  readonly #now: () => number;
  /** By version, oldest first; the last is the newest state. Never empty until closed. */
  readonly #views: View[] = [];
  #idlePages = 0;
  #sweep: NodeJS.Timeout | undefined;

  /**
   * `now` is the newest read version. Age is counted from it and not from the clock: as in FoundationDB, nothing
   * grows old while a slow disk holds up the next commit.
   */
  constructor(source: SnapshotSource, now: () => number, version: number) {
    this.#source = source;
    this.#now = now;
    this.advance(version, 0);
  }

  /** Takes LMDB's newest state as that of the commit at `version`, which replaced about `pages` pages. */
  advance(version: number, pages: number): void {
    const last = this.#views.at(-1);
    if (last !== undefined) {
      last.pages = pages;
      this.#idlePages += pages;
    }
    this.#views.push({
      version,
      reader: this.#source.environment.read(),
      // No batch begins before this is done.
      state: this.#source.file.meta(),
      pages: 0,
      uses: 0,
      expired: false,
      iterators: new Set(),
      metadata: undefined,
    });
    this.#drop();
    if (this.#views.length > 1) this.#sweep ??= setTimeout(() => this.#sweepLater(), sweepEveryMs).unref();
  }

  #sweepLater(): void {
    this.#sweep = undefined;
    this.#drop();
    if (this.#views.length > 1) this.#sweep = setTimeout(() => this.#sweepLater(), sweepEveryMs).unref();
  }

  /** Closes the views whose every read version is too old, then unused ones past the bounds, oldest first. */
  #drop(): void {
    const oldest = this.#now() - versionAgeMax;
    let expired = 0;
    while (expired < this.#views.length - 1 && (this.#views[expired + 1]?.version ?? 0) <= oldest) expired += 1;
    // LMDB has room for so many readers: under more commits than that within the window, those in use end early.
    expired = Math.max(expired, this.#views.length - viewsMax);
    for (const view of this.#views.splice(0, expired)) this.#close(view);
    for (let i = 0; i < this.#views.length - 1; ) {
      if (this.#views.length <= idleViewsMax && this.#idlePages <= idlePagesMax) return;
      const view = this.#views[i];
      if (view === undefined || view.uses > 0) i += 1;
      else {
        this.#views.splice(i, 1);
        this.#close(view);
      }
    }
  }

  #close(view: View): void {
    this.#idlePages -= view.pages;
    view.expired = true;
    // A cursor must be closed before its transaction.
    for (const rows of view.iterators) rows.return();
    view.iterators.clear();
    const [oldest] = this.#views;
    if (oldest !== undefined) this.#source.rows.keepFrom(oldest.state);
    view.reader.done();
  }

  /** The newest state, for the store's own reads. */
  newest(): Reader {
    const view = this.#views.at(-1);
    if (view === undefined) throw new EngineError(1_007);
    return view.reader;
  }

  /** The view at a read version. Throws 1007 when it is too old or its state is kept no more. */
  open(version: number): Snapshot {
    if (this.#now() - version > versionAgeMax) throw new EngineError(1_007);
    let low = 0;
    let high = this.#views.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#views[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    const view = this.#views[low - 1];
    if (view === undefined) throw new EngineError(1_007);
    return new ViewSnapshot(this.#source, this.#now, view, version);
  }

  close(): void {
    clearTimeout(this.#sweep);
    for (const view of this.#views.splice(0)) this.#close(view);
  }
}

class ViewSnapshot implements Snapshot {
  readonly version: bigint;
  readonly #source: SnapshotSource;
  readonly #now: () => number;
  readonly #view: View;
  readonly #readVersion: number;
  #released = false;

  constructor(source: SnapshotSource, now: () => number, view: View, version: number) {
    this.#source = source;
    this.#now = now;
    this.#view = view;
    this.#readVersion = version;
    this.version = BigInt(version);
    view.uses += 1;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#assertReadable();
    if (key[0] === 0xff && equalBytes(key, metadataVersionKey)) {
      const value = this.#metadata();
      return value && new Uint8Array(value);
    }
    return this.#source.environment.get(key, this.#view.reader);
  }

  show(key: Uint8Array, visit: ValueVisitor): boolean {
    this.#assertReadable();
    if (key[0] !== 0xff || !equalBytes(key, metadataVersionKey)) {
      return this.#source.environment.show(key, this.#view.reader, visit);
    }
    const value = this.#metadata();
    if (value === undefined) return false;
    visit(value, 0, value.length);
    return true;
  }

  #metadata(): Uint8Array | undefined {
    this.#view.metadata ??= { value: this.#source.environment.get(metadataVersionKey, this.#view.reader) };
    return this.#view.metadata.value;
  }

  *rows(begin: Uint8Array, end: Uint8Array, reverse: boolean): RowIterator {
    this.#assertReadable();
    const { reader, iterators } = this.#view;
    const rows = this.#source.environment.rows(begin, end, reverse, reader, allocateTogether());
    iterators.add(rows);
    try {
      for (;;) {
        const next = rows.next();
        if (next.done === true) break;
        yield next.value;
      }
      if (this.#view.expired) throw new EngineError(1_007);
    } finally {
      iterators.delete(rows);
      rows.return();
    }
  }

  visit(begin: Uint8Array, end: Uint8Array, bounds: VisitBounds, visit: RowVisitor): Uint8Array | undefined {
    this.#assertReadable();
    return this.#source.rows.visit(this.#view.state, begin, end, bounds, visit);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#view.uses -= 1;
  }

  #assertReadable(): void {
    if (this.#view.expired || this.#now() - this.#readVersion > versionAgeMax) throw new EngineError(1_007);
  }
}
