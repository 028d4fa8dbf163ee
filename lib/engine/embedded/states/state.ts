/** A state of the store that LMDB keeps: what one commit left, held by a read transaction. */
import type { RowVisitor, ValueVisitor } from "../../engine.js";
import { EngineError } from "../../error.js";
import type { Reader } from "../lmdb/environment.js";
import type { Meta } from "../lmdb/page-file.js";
import { allocateTogether } from "../lmdb/row-codec.js";
import type { StoreFile } from "../lmdb/store-file.js";
import { equalBytes, metadataVersionKey } from "../reading/bounds.js";
import type { VisitBounds } from "../store.js";
import type { WrittenKeys } from "./written-keys.js";

export type RowIterator = Generator<[Uint8Array, Uint8Array], void, undefined>;

export class State {
  /** The commit's version; the state answers for every read version up to the next commit's. */
  readonly version: number;
  /** What the commit wrote; undefined: nothing. */
  readonly written: WrittenKeys | undefined;
  readonly file: StoreFile;
  readonly reader: Reader;
  /** The state as the file has it; the reader keeps its pages. */
  readonly meta: Meta;
  /** Pages that the commit replaced: the states before it keep them. */
  readonly freedPages: number;
  readonly #iterators = new Set<RowIterator>();
  /** The metadata version, once it was read: every transaction of the layers above asks for it. */
  #metadata: { readonly value: Uint8Array | undefined } | undefined;
  #isClosed = false;

  /** Takes the file's newest state; none is written until this is done. */
  constructor(file: StoreFile, version: number, written: WrittenKeys | undefined) {
    this.version = version;
    this.written = written;
    this.file = file;
    this.reader = file.environment.read();
    this.meta = file.pages.meta();
    this.freedPages = file.pages.freedPages(this.meta);
  }

  /** Whether its pages may have been used again. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
    // A cursor must be closed before its transaction.
    for (const rows of this.#iterators) rows.return();
    this.#iterators.clear();
    this.reader.done();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (key[0] === 0xff && equalBytes(key, metadataVersionKey)) {
      const value = this.#metadataVersion();
      return value && new Uint8Array(value);
    }
    return this.file.environment.get(key, this.reader);
  }

  show(key: Uint8Array, visit: ValueVisitor): boolean {
    if (key[0] !== 0xff || !equalBytes(key, metadataVersionKey)) {
      return this.file.environment.show(key, this.reader, visit);
    }
    const value = this.#metadataVersion();
    if (value === undefined) return false;
    visit(value, 0, value.length);
    return true;
  }

  #metadataVersion(): Uint8Array | undefined {
    this.#metadata ??= { value: this.file.environment.get(metadataVersionKey, this.reader) };
    return this.#metadata.value;
  }

  *rows(begin: Uint8Array, end: Uint8Array, reverse: boolean): RowIterator {
    const rows = this.file.environment.rows(begin, end, reverse, this.reader, allocateTogether());
    this.#iterators.add(rows);
    try {
      for (;;) {
        const next = rows.next();
        if (next.done === true) break;
        yield next.value;
      }
      if (this.#isClosed) throw new EngineError(1_007);
    } finally {
      this.#iterators.delete(rows);
      rows.return();
    }
  }

  visit(begin: Uint8Array, end: Uint8Array, bounds: VisitBounds, visit: RowVisitor): Uint8Array | undefined {
    return this.file.rows.visit(this.meta, begin, end, bounds, visit);
  }
}
