/** Walks the trees of a store's file and verifies everything in them, without LMDB and so without a crash. */

import { type Checksum, crc, damagedValue, viewFrom } from "./checksum.js";
import { Damage, type LeafNode, type Meta, type PageFile, pageBytes, type Tree, type TreePage } from "./page-file.js";
import { isStoreRecordKey } from "./row-codec.js";

/**
 * What a walk found: everything in its place.
 *
 * @example
 * ```ts
 * import { backupStore, type IntegrityReport } from "tenantry/engine";
 * const { rows, bytes, complete }: IntegrityReport = await backupStore("./data", "./backup");
 * ```
 */
export interface IntegrityReport {
  /** Rows of the store. */
  readonly rows: number;
  /** Bytes of the pages in use. */
  readonly bytes: number;
  /** Whether each row was looked at; otherwise only the pages above them were. */
  readonly complete: boolean;
}

/** Pages between two points at which the walk may pause. */
const stepPages = 16;

/** Free pages a file may lack at its end: more than a transaction leaves there unwritten. */
const unwrittenPagesMax = 2 ** 20;

/** Marks every page that is reached, so that none is reached twice or forgotten. */
class PageSet {
  readonly #bits: Uint8Array;
  readonly #pages: number;
  count = 0;

  constructor(pages: number) {
    this.#pages = pages;
    this.#bits = new Uint8Array(Math.ceil(pages / 8));
  }

  add(page: number): void {
    if (page >= this.#pages) throw new Damage("a page lies past the last one");
    const mask = 1 << (page & 7);
    const byte = this.#bits[page >>> 3] ?? 0;
    if ((byte & mask) !== 0) throw new Damage("a page is used twice");
    this.#bits[page >>> 3] = byte | mask;
    this.count += 1;
  }
}

interface Counts {
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
}

/** A subtree still to be walked: its root, its depth, and the bounds its keys keep. */
interface Pending {
  readonly page: number;
  readonly depth: number;
  readonly low: Uint8Array | undefined;
  readonly high: Uint8Array | undefined;
}

/**
 * Verifies the state `meta` of the file: each page is where its parent says, once; keys ascend within their
 * parents' bounds; every value has its checksum; all counts agree; no page is both used and free. (Some may be
 * neither: lmdb-js now and then loses track of a free one.) Leaf pages are left out unless `everything`. Runs in steps.
 */
export function* verifyFile(
  file: PageFile,
  meta: Meta,
  everything: boolean,
  checksum: Checksum,
): Generator<void, IntegrityReport, undefined> {
  const missing = meta.lastPage + 1 - Math.floor(file.length / pageBytes);
  if (missing > unwrittenPagesMax) throw new Damage("the file is shorter than its store");
  // A file that lacks pages lacks free ones, or is cut short: only the leaf pages tell.
  const leaves = everything || missing > 0;
  const pages = new PageSet(meta.lastPage + 1);
  pages.add(0);
  pages.add(1);
  const { main, free, transaction } = meta;
  yield* walk(file, main, {
    transaction,
    rootIsLast: true,
    leaves,
    pages,
    order: orderOfBytes,
    leaf: (node) => rowPages(file, node, pages, meta, checksum),
  });
  const listed = (node: LeafNode): number => freePages(file, node, pages, meta);
  yield* walk(file, free, { transaction, rootIsLast: false, leaves: true, pages, order: orderOfNumbers, leaf: listed });
  const used = 2 + main.branchPages + main.leafPages + main.overflowPages;
  return { rows: main.entries, bytes: used * pageBytes, complete: leaves };
}

/** The first row of the file, its key with its prefix; undefined when there is none. */
export function firstRow(file: PageFile, { main }: Meta): { key: Uint8Array; stored: Uint8Array } | undefined {
  let next = main.root;
  for (let depth = 1; next !== undefined; depth++) {
    if (depth > main.depth) throw new Damage("a page lies at the wrong depth");
    const page = file.page(next);
    if (page.kind === "leaf") {
      const { key, data } = page.leaf(0);
      return { key: key.slice(), stored: data?.slice() ?? new Uint8Array() };
    }
    next = page.branch(0).child;
  }
  return undefined;
}

/** How a tree is walked. */
interface Walk {
  /** The last transaction: no page is of a later one, or LMDB would take it for its own and write to it. */
  readonly transaction: number;
  /** Whether the last transaction is sure to have written the root. */
  readonly rootIsLast: boolean;
  readonly leaves: boolean;
  readonly pages: PageSet;
  readonly order: Order;
  /** Verifies a node of a leaf; gives the overflow pages it has. */
  readonly leaf: (node: LeafNode) => number;
}

type Order = (a: Uint8Array, b: Uint8Array) => number;
const orderOfBytes: Order = (a, b) => Buffer.compare(a, b);
const orderOfNumbers: Order = (a, b) => numberOf(a) - numberOf(b);

const numberOf = (bytes: Uint8Array): number => {
  if (bytes.length !== 8) throw new Damage("a free list does not have its own key");
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
};

function* walk(file: PageFile, tree: Tree, options: Walk): Generator<void, void, undefined> {
  const { transaction, rootIsLast, leaves, pages, order, leaf } = options;
  const counts: Counts = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
  const pending: Pending[] = [];
  if (tree.root !== undefined) pending.push({ page: tree.root, depth: 1, low: undefined, high: undefined });
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { page: number, depth, low, high } = next;
    pages.add(number);
    if (!leaves && depth === tree.depth && depth > 1) {
      counts.leafPages += 1;
      continue;
    }
    const page = file.page(number);
    if (page.transaction > transaction || (depth === 1 && rootIsLast && page.transaction !== transaction)) {
      throw new Damage("a page is not of the transaction it should be of");
    }
    if ((page.kind === "leaf") !== (depth === tree.depth)) throw new Damage("a page lies at the wrong depth");
    if (page.kind === "branch") {
      counts.branchPages += 1;
      pending.push(...children(page, next, order));
    } else {
      counts.leafPages += 1;
      counts.entries += page.nodes;
      let last = low;
      let inclusive = true;
      for (let i = 0; i < page.nodes; i++) {
        const node = page.leaf(i);
        assertAscending(last, node.key, order, inclusive);
        counts.overflowPages += leaf(node);
        last = node.key;
        inclusive = false;
      }
      if (last !== undefined && high !== undefined && order(last, high) >= 0) {
        throw new Damage("a key lies past its page's bounds");
      }
    }
    if ((counts.branchPages + counts.leafPages) % stepPages === 0) yield;
  }
  const agree =
    counts.branchPages === tree.branchPages &&
    counts.leafPages === tree.leafPages &&
    (!leaves || (counts.overflowPages === tree.overflowPages && counts.entries === tree.entries));
  if (!agree) throw new Damage("the pages and rows are not as many as they should be");
}

/** The children of the branch page just read, last first, each with the bounds of its keys. */
function children(page: TreePage, parent: Pending, order: Order): Pending[] {
  const found: Pending[] = [];
  let low = parent.low;
  let child = page.branch(0).child;
  for (let i = 1; i < page.nodes; i++) {
    const node = page.branch(i);
    const key = node.key.slice();
    assertAscending(low, key, order, false);
    found.push({ page: child, depth: parent.depth + 1, low, high: key });
    low = key;
    child = node.child;
  }
  if (low !== undefined && parent.high !== undefined && order(low, parent.high) >= 0) {
    throw new Damage("a key lies past its page's bounds");
  }
  found.push({ page: child, depth: parent.depth + 1, low, high: parent.high });
  return found.reverse();
}

function assertAscending(last: Uint8Array | undefined, key: Uint8Array, order: Order, orEqual: boolean): void {
  if (last === undefined) return;
  const difference = order(last, key);
  if (difference > 0 || (difference === 0 && !orEqual)) throw new Damage("keys are out of order");
}

/** Verifies a row's checksum; gives the overflow pages of its value. */
function rowPages(file: PageFile, node: LeafNode, pages: PageSet, meta: Meta, checksum: Checksum): number {
  const stored = node.data ?? overflowData(file, node, pages, meta);
  const { key } = node;
  const rule = isStoreRecordKey(key) ? crc : checksum;
  if (!rule.holds(viewFrom(key), 1, key.length, viewFrom(stored), 0, stored.length)) throw new Damage(damagedValue);
  return node.overflow?.pages ?? 0;
}

function overflowData(file: PageFile, { overflow, dataBytes }: LeafNode, pages: PageSet, meta: Meta): Uint8Array {
  if (overflow === undefined || overflow.transaction > meta.transaction) throw new Damage("a value is nowhere");
  for (let page = 0; page < overflow.pages; page++) pages.add(overflow.page + page);
  return file.overflow(overflow, dataBytes);
}

/** Takes in the pages that a free list names; gives the overflow pages of the list itself. */
function freePages(file: PageFile, node: LeafNode, pages: PageSet, meta: Meta): number {
  const list = node.data ?? overflowData(file, node, pages, meta);
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  const count = list.length >= 8 ? Number(view.getBigUint64(0, true)) : -1;
  if (count < 0 || (count + 1) * 8 > list.length) throw new Damage("a free list is not as long as it says");
  // lmdb-js writes holes as 0, and n pages in a row as -n and the first.
  let run = 1;
  for (let i = 1; i <= count; i++) {
    const entry = Number(view.getBigInt64(i * 8, true));
    if (entry < 0) run = -entry;
    else if (entry > 0) {
      if (entry + run > meta.lastPage + 1) throw new Damage("a free list names a page past the last one");
      for (let page = 0; page < run; page++) pages.add(entry + page);
      run = 1;
    }
  }
  return node.overflow?.pages ?? 0;
}
