/** Reads LMDB's file without LMDB: meta pages, branch and leaf pages, with every offset checked before it is used. */
import { closeSync, fstatSync, fsync, openSync, readSync } from "node:fs";
import { promisify } from "node:util";
import { Damage, headerBytes, type OverflowPages, pageBytes, TreePage } from "./tree-page.js";

export { Damage, type LeafNode, pageBytes, TreePage } from "./tree-page.js";

const flushFile = promisify(fsync);

const pagesMax = Number.MAX_SAFE_INTEGER / pageBytes;
const magic = 0xbeefc0de;
const dataVersion = 2;
const noPage = 2n ** 64n - 1n;
const metaPage = 8;
/** Flags of the free tree; the tree of rows has none. */
const integerKeys = 0x08;

/** One B+tree of the file, as its meta page describes it. */
export interface Tree {
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** undefined: the tree is empty. */
  readonly root: number | undefined;
}

/** A committed state of the file. */
export interface Meta {
  readonly transaction: number;
  readonly lastPage: number;
  /** The tree of pages that can be used again. */
  readonly free: Tree;
  /** The tree of rows. */
  readonly main: Tree;
}

export class PageFile {
  readonly #fd: number;
  readonly #page = new TreePage();

  constructor(path: string) {
    this.#fd = openSync(path, "r");
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Length of the file, in bytes. */
  get length(): number {
    return fstatSync(this.#fd).size;
  }

  /** Waits until everything written to the file is on the disk. */
  flush(): Promise<void> {
    return flushFile(this.#fd);
  }

  #read(page: number, { bytes }: TreePage): void {
    if (page >= pagesMax) throw new Damage("the number of a page is out of bounds");
    let read = 0;
    while (read < pageBytes) {
      const got = readSync(this.#fd, bytes, read, pageBytes - read, page * pageBytes + read);
      if (got === 0) throw new Damage("the file ends before one of its pages");
      read += got;
    }
  }

  /** The newest committed state. Throws when the meta pages are not those of a store of this engine. */
  meta(): Meta {
    const [even, odd] = [this.#meta(0), this.#meta(1)];
    const newest = odd.transaction > even.transaction ? odd : even;
    const behind = Math.abs(odd.transaction - even.transaction);
    if (even.transaction % 2 !== 0 || (odd.transaction % 2 !== 1 && odd.transaction !== 0) || behind > 1) {
      throw new Damage("the meta pages do not follow one another");
    }
    return newest;
  }

  #meta(page: number): Meta {
    this.#read(page, this.#page);
    const { view } = this.#page;
    const at = headerBytes;
    if (view.getUint32(at, true) !== magic) throw new Damage("it does not begin as an LMDB file does");
    if ((view.getUint32(at + 4, true) & 0xffff) !== dataVersion) throw new Damage("it has another LMDB data version");
    if (view.getUint32(at + 24, true) !== pageBytes) throw new Damage("it has another page size");
    if (view.getUint16(at + 28, true) !== integerKeys || view.getUint16(at + 76, true) !== 0) {
      throw new Damage("its trees are of another kind");
    }
    if (view.getUint16(18, true) !== metaPage) throw new Damage("a meta page is none");
    return {
      free: this.#tree(at + 24),
      main: this.#tree(at + 72),
      lastPage: this.#page.uint64(at + 120),
      transaction: this.#page.uint64(at + 128),
    };
  }

  #tree(at: number): Tree {
    const { view } = this.#page;
    const root = view.getBigUint64(at + 40, true);
    return {
      depth: view.getUint16(at + 6, true),
      branchPages: this.#page.uint64(at + 8),
      leafPages: this.#page.uint64(at + 16),
      overflowPages: this.#page.uint64(at + 24),
      entries: this.#page.uint64(at + 32),
      root: root === noPage ? undefined : this.#page.uint64(at + 40),
    };
  }

  /** Pages that the transaction of `meta` replaced: of no use to its state, and in use by the ones before. */
  freedPages({ free, transaction }: Meta): number {
    let page = free.root === undefined ? undefined : this.page(free.root);
    for (let depth = 1; page?.kind === "branch"; depth++) {
      if (depth >= free.depth) throw new Damage("a page lies at the wrong depth");
      page = this.page(page.child(page.node(page.nodes - 1)));
    }
    if (page === undefined) return 0;
    const node = page.node(page.nodes - 1);
    // The list of a transaction, under its number: how many there are, and each of them.
    if (page.uint64(page.keyBegin(node)) !== transaction) return 0;
    return page.dataBytes(node) / 8 - 1;
  }

  /** Reads a branch or leaf page, into memory of the file's own unless some is given. */
  page(number: number, into: TreePage = this.#page): TreePage {
    this.#read(number, into);
    return into.opened(number);
  }

  /** The bytes of a value on overflow pages. Leaves the page just read as it is. */
  overflow({ page, pages, transaction }: OverflowPages, dataBytes: number): Uint8Array {
    if (headerBytes + dataBytes > pages * pageBytes) throw new Damage("a value does not fit its pages");
    const bytes = new Uint8Array(headerBytes + dataBytes);
    let read = 0;
    while (read < bytes.length) {
      const got = readSync(this.#fd, bytes, read, bytes.length - read, page * pageBytes + read);
      if (got === 0) throw new Damage("the file ends before one of its values");
      read += got;
    }
    const view = new DataView(bytes.buffer);
    const own = view.getBigUint64(0, true) === BigInt(page) && view.getBigUint64(8, true) === BigInt(transaction);
    if (!own || view.getUint16(18, true) !== 4 || view.getUint32(20, true) !== pages) {
      throw new Damage("a value's pages are not its own");
    }
    return bytes.subarray(headerBytes);
  }
}
