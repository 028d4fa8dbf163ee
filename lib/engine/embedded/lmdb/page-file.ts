/** Reads LMDB's file without LMDB: meta pages, branch and leaf pages, with every offset checked before it is used. */
import { closeSync, fstatSync, fsync, openSync, readSync } from "node:fs";
import { promisify } from "node:util";

/** Bytes of a page in the stores of this engine. */
export const pageBytes = 8_192;

const flushFile = promisify(fsync);

/** What is wrong with a file. */
export class Damage extends Error {}

const headerBytes = 24;
const pagesMax = Number.MAX_SAFE_INTEGER / pageBytes;
const magic = 0xbeefc0de;
const dataVersion = 2;
const noPage = 2n ** 64n - 1n;
const nodeHeaderBytes = 8;
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

/** A node of a branch page: a child, and the key its keys begin at (empty in a page's first node). */
export interface BranchNode {
  readonly key: Uint8Array;
  readonly child: number;
}

/** A node of a leaf page; `data` is undefined when the value lies on overflow pages. */
export interface LeafNode {
  readonly key: Uint8Array;
  readonly dataBytes: number;
  readonly data: Uint8Array | undefined;
  readonly overflow: OverflowPages | undefined;
}

/** Where a long value lies, and the transaction that wrote it. */
export interface OverflowPages {
  readonly page: number;
  readonly pages: number;
  readonly transaction: number;
}

/** A page as read: valid until the next one is read. */
export interface Page {
  readonly number: number;
  readonly transaction: number;
  readonly kind: "branch" | "leaf";
  readonly nodes: number;
}

export class PageFile {
  readonly #fd: number;
  readonly #bytes = new Uint8Array(pageBytes);
  readonly #view = new DataView(this.#bytes.buffer);

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

  #read(page: number): void {
    if (page >= pagesMax) throw new Damage("the number of a page is out of bounds");
    let read = 0;
    while (read < pageBytes) {
      const got = readSync(this.#fd, this.#bytes, read, pageBytes - read, page * pageBytes + read);
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
    this.#read(page);
    const view = this.#view;
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
      lastPage: this.#uint64(at + 120),
      transaction: this.#uint64(at + 128),
    };
  }

  #tree(at: number): Tree {
    const root = this.#view.getBigUint64(at + 40, true);
    return {
      depth: this.#view.getUint16(at + 6, true),
      branchPages: this.#uint64(at + 8),
      leafPages: this.#uint64(at + 16),
      overflowPages: this.#uint64(at + 24),
      entries: this.#uint64(at + 32),
      root: root === noPage ? undefined : this.#uint64(at + 40),
    };
  }

  #uint64(at: number): number {
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Damage("a number in it is out of bounds");
    return Number(value);
  }

  /** Reads a branch or leaf page. */
  page(number: number): Page {
    this.#read(number);
    const view = this.#view;
    if (this.#uint64(0) !== number) throw new Damage("a page does not have its own number");
    const flags = view.getUint16(18, true);
    const [lower, upper] = [view.getUint16(20, true), view.getUint16(22, true)];
    if (flags !== 1 && flags !== 2) throw new Damage("a page is neither a branch nor a leaf");
    if (lower % 2 !== 0 || lower === 0 || lower > upper || upper > pageBytes - headerBytes) {
      throw new Damage("a page's bounds do not fit");
    }
    const kind = flags === 1 ? "branch" : "leaf";
    return { number, transaction: this.#uint64(8), kind, nodes: lower >>> 1 };
  }

  /** Where a node of the page just read begins. */
  #node(index: number): number {
    const at = headerBytes + this.#view.getUint16(headerBytes + index * 2, true);
    if (at + nodeHeaderBytes > pageBytes || at < headerBytes + this.#view.getUint16(22, true)) {
      throw new Damage("a node lies outside its page");
    }
    return at;
  }

  #key(at: number): Uint8Array {
    const end = at + nodeHeaderBytes + this.#view.getUint16(at + 6, true);
    if (end > pageBytes) throw new Damage("a key lies outside its page");
    return this.#bytes.subarray(at + nodeHeaderBytes, end);
  }

  /** A node of the branch page just read; its key shares the page's memory. */
  branch(index: number): BranchNode {
    const at = this.#node(index);
    const child = this.#view.getUint32(at, true) + this.#view.getUint16(at + 4, true) * 2 ** 32;
    return { key: this.#key(at), child };
  }

  /** A node of the leaf page just read; its bytes share the page's memory. */
  leaf(index: number): LeafNode {
    const at = this.#node(index);
    const key = this.#key(at);
    const dataBytes = this.#view.getUint32(at, true);
    const flags = this.#view.getUint16(at + 4, true);
    const from = at + nodeHeaderBytes + key.length;
    if (flags === 1) {
      if (from + 24 > pageBytes) throw new Damage("a value's place lies outside its page");
      return {
        key,
        dataBytes,
        data: undefined,
        overflow: { page: this.#uint64(from), transaction: this.#uint64(from + 8), pages: this.#uint64(from + 16) },
      };
    }
    if (flags !== 0) throw new Damage("a node is of an unknown kind");
    if (from + dataBytes > pageBytes) throw new Damage("a value lies outside its page");
    return { key, dataBytes, data: this.#bytes.subarray(from, from + dataBytes), overflow: undefined };
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
