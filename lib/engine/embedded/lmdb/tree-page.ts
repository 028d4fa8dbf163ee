/** One page of a B+tree of LMDB's file, as it was read: its nodes, with every offset checked before it is used. */

/** Bytes of a page in the stores of this engine. */
export const pageBytes = 8_192;

/** What is wrong with a file. */
export class Damage extends Error {}

/** Bytes in front of a page's content. */
export const headerBytes = 24;
const nodeHeaderBytes = 8;
const branchPage = 1;
const leafPage = 2;
/** Flag of a node whose value lies on overflow pages: their place takes this many bytes. */
const overflowNode = 1;
const overflowPlaceBytes = 24;

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

/** Memory for a page, valid as such until another is read into it. */
export class TreePage {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(pageBytes);
  readonly view = new DataView(this.bytes.buffer, this.bytes.byteOffset, pageBytes);
  /** The same bytes, for parts that copy themselves when they are sliced, as a Buffer's do not. */
  readonly #plain = new Uint8Array(this.bytes.buffer, this.bytes.byteOffset, pageBytes);
  #number = 0;
  #transaction = 0;
  #isLeaf = false;
  #nodes = 0;
  #upper = 0;

  get number(): number {
    return this.#number;
  }

  /** The transaction that wrote it. */
  get transaction(): number {
    return this.#transaction;
  }

  get kind(): "branch" | "leaf" {
    return this.#isLeaf ? "leaf" : "branch";
  }

  /** How many nodes it has: one at least. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Takes what was read into `bytes` for the page `number`. */
  opened(number: number): this {
    const { view } = this;
    if (this.uint64(0) !== number) throw new Damage("a page does not have its own number");
    const flags = view.getUint16(18, true);
    const [lower, upper] = [view.getUint16(20, true), view.getUint16(22, true)];
    if (flags !== branchPage && flags !== leafPage) throw new Damage("a page is neither a branch nor a leaf");
    if (lower % 2 !== 0 || lower === 0 || lower > upper || upper > pageBytes - headerBytes) {
      throw new Damage("a page's bounds do not fit");
    }
    this.#number = number;
    this.#transaction = this.uint64(8);
    this.#isLeaf = flags === leafPage;
    this.#nodes = lower >>> 1;
    this.#upper = upper;
    return this;
  }

  uint64(at: number): number {
    const value = this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32;
    if (!Number.isSafeInteger(value)) throw new Damage("a number in it is out of bounds");
    return value;
  }

  /** Where a node begins. */
  node(index: number): number {
    const at = headerBytes + this.view.getUint16(headerBytes + index * 2, true);
    if (at + nodeHeaderBytes > pageBytes || at < headerBytes + this.#upper) {
      throw new Damage("a node lies outside its page");
    }
    return at;
  }

  /** Where the key of the node at `at` begins. */
  keyBegin(at: number): number {
    return at + nodeHeaderBytes;
  }

  /** Where it ends, and a leaf's value begins. */
  keyEnd(at: number): number {
    const end = at + nodeHeaderBytes + this.view.getUint16(at + 6, true);
    if (end > pageBytes) throw new Damage("a key lies outside its page");
    return end;
  }

  /** Where the value of a leaf's node ends; undefined when it lies on overflow pages. */
  dataEnd(at: number, keyEnd: number): number | undefined {
    const flags = this.view.getUint16(at + 4, true);
    if (flags === overflowNode) return undefined;
    if (flags !== 0) throw new Damage("a node is of an unknown kind");
    const end = keyEnd + this.view.getUint32(at, true);
    if (end > pageBytes) throw new Damage("a value lies outside its page");
    return end;
  }

  /** Length of the value of a leaf's node. */
  dataBytes(at: number): number {
    return this.view.getUint32(at, true);
  }

  /** The overflow pages of a leaf's node that has them. */
  overflow(keyEnd: number): OverflowPages {
    if (keyEnd + overflowPlaceBytes > pageBytes) throw new Damage("a value's place lies outside its page");
    return { page: this.uint64(keyEnd), transaction: this.uint64(keyEnd + 8), pages: this.uint64(keyEnd + 16) };
  }

  /** The page under a branch's node. */
  child(at: number): number {
    return this.view.getUint32(at, true) + this.view.getUint16(at + 4, true) * 2 ** 32;
  }

  /** A node of a branch page; its key shares the page's memory. */
  branch(index: number): BranchNode {
    const at = this.node(index);
    return { key: this.#plain.subarray(this.keyBegin(at), this.keyEnd(at)), child: this.child(at) };
  }

  /** A node of a leaf page; its bytes share the page's memory. */
  leaf(index: number): LeafNode {
    const at = this.node(index);
    const from = this.keyEnd(at);
    const key = this.#plain.subarray(this.keyBegin(at), from);
    const dataBytes = this.dataBytes(at);
    const end = this.dataEnd(at, from);
    if (end === undefined) return { key, dataBytes, data: undefined, overflow: this.overflow(from) };
    return { key, dataBytes, data: this.#plain.subarray(from, end), overflow: undefined };
  }
}
