/** Rows shown in place from the pages of a store's file: a call into LMDB for each row would cost more than decoding it. */
import { tenantryError } from "../../../errors/index.js";
import type { RowVisitor } from "../../engine.js";
import type { VisitBounds } from "../store.js";
import { BranchCache } from "./branch-cache.js";
import { type Checksum, checksumBytes, damagedValue, viewFrom } from "./checksum.js";
import { Damage, type Meta, type PageFile, TreePage } from "./page-file.js";
import { storedKey } from "./row-codec.js";

/** Memory for so many leaves is kept for the next visit: more than that would not stay in the processor's cache. */
const idleLeavesMax = 16;

/** Compares the bytes of a page from `begin` to `end` with a key. */
function compareIn(bytes: Uint8Array, begin: number, end: number, key: Uint8Array): number {
  const length = end - begin;
  const common = Math.min(length, key.length);
  for (let i = 0; i < common; i++) {
    const difference = Number(bytes[begin + i]) - Number(key[i]);
    if (difference !== 0) return difference;
  }
  return length - key.length;
}

/** First node of a page, from node `low` on, whose key is not below `key`. */
function lowerBound(page: TreePage, key: Uint8Array, from: number): number {
  let low = from;
  let high = page.nodes;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = page.node(middle);
    if (compareIn(page.bytes, page.keyBegin(at), page.keyEnd(at), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A branch or leaf on the way from the root, and the node of it that was taken. */
interface Step {
  readonly page: TreePage;
  node: number;
}

/**
 * Rows of a store's file. The caller keeps the pages of the state it reads, by a reader of LMDB's: then nothing in
 * them changes.
 */
export class TreeRows {
  readonly #file: PageFile;
  readonly #path: string;
  readonly #checksum: Checksum;
  readonly #branches: BranchCache;
  readonly #idleLeaves: TreePage[] = [];

  /** @param path What errors name. */
  constructor(file: PageFile, path: string, checksum: Checksum) {
    this.#file = file;
    this.#path = path;
    this.#checksum = checksum;
    this.#branches = new BranchCache(file);
  }

  /** Tells, before any earlier state's pages can be written anew, which state is the oldest that has a reader. */
  keepFrom({ transaction }: Meta): void {
    this.#branches.keepFrom(transaction);
  }

  /**
   * Shows rows of `[begin, end)` in key order, or from the end backwards, until the bounds are reached. The last one's
   * key when they were, undefined at the range's end.
   */
  visit(
    state: Meta,
    begin: Uint8Array,
    end: Uint8Array,
    bounds: VisitBounds,
    visit: RowVisitor,
  ): Uint8Array | undefined {
    // Taken while in use: what the visitor does may visit rows itself.
    const steps: Step[] = [];
    try {
      return this.#walk(steps, state, storedKey(begin), storedKey(end), bounds, visit);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      throw tenantryError("STORE_CORRUPT", { path: this.#path, reason: error.message }, { cause: error });
    } finally {
      for (const { page } of steps) this.#letGo(page);
    }
  }

  #walk(
    steps: Step[],
    state: Meta,
    low: Uint8Array,
    high: Uint8Array,
    { reverse, rowsMax, bytesMax }: VisitBounds,
    visit: RowVisitor,
  ): Uint8Array | undefined {
    const { root } = state.main;
    if (root === undefined) return undefined;
    let leaf = this.#descend(steps, root, state, (page) => {
      // The child before the first that begins at the bound or past it: its own first key may lie anywhere before.
      const node = lowerBound(page, reverse ? high : low, 1);
      if (reverse || node === page.nodes) return node - 1;
      const at = page.node(node);
      return compareIn(page.bytes, page.keyBegin(at), page.keyEnd(at), low) === 0 ? node : node - 1;
    });
    let from = reverse ? 0 : lowerBound(leaf, low, 0);
    let to = reverse ? lowerBound(leaf, high, 0) : leaf.nodes;
    let rows = 0;
    let bytes = 0;
    for (;;) {
      // Only the page in which the range ends has rows of others.
      const isLast = reverse ? !this.#isWithin(leaf, 0, low, true) : !this.#isWithin(leaf, leaf.nodes - 1, high, false);
      if (isLast && reverse) from = lowerBound(leaf, low, 0);
      else if (isLast) to = lowerBound(leaf, high, from);
      for (let i = from; i < to; i++) {
        const at = leaf.node(reverse ? from + to - 1 - i : i);
        const keyBegin = leaf.keyBegin(at) + 1;
        const keyEnd = leaf.keyEnd(at);
        const dataEnd = leaf.dataEnd(at, keyEnd);
        const length = leaf.dataBytes(at) - checksumBytes;
        rows += 1;
        bytes += 8 + keyEnd - keyBegin + length;
        const isEnough = rows >= rowsMax || bytes >= bytesMax;
        if (dataEnd === undefined) {
          const stored = this.#file.overflow(leaf.overflow(keyEnd), length + checksumBytes);
          this.#verify(leaf, keyBegin, keyEnd, viewFrom(stored), 0, stored.length);
          visit(leaf.bytes, keyBegin, keyEnd, stored, 0, length);
        } else {
          this.#verify(leaf, keyBegin, keyEnd, leaf.view, keyEnd, dataEnd);
          visit(leaf.bytes, keyBegin, keyEnd, leaf.bytes, keyEnd, dataEnd - checksumBytes);
        }
        if (isEnough) return new Uint8Array(leaf.bytes.subarray(keyBegin, keyEnd));
      }
      if (isLast) return undefined;
      const next = this.#neighbour(steps, state, reverse);
      if (next === undefined) return undefined;
      leaf = next;
      from = 0;
      to = leaf.nodes;
    }
  }

  #verify(leaf: TreePage, keyBegin: number, keyEnd: number, stored: DataView, begin: number, end: number): void {
    if (!this.#checksum.holds(leaf.view, keyBegin, keyEnd, stored, begin, end)) throw new Damage(damagedValue);
  }

  /** Whether a node's key lies below `bound`, or (`orAbove`) at it or above. */
  #isWithin(page: TreePage, node: number, bound: Uint8Array, orAbove: boolean): boolean {
    const at = page.node(node);
    return compareIn(page.bytes, page.keyBegin(at), page.keyEnd(at), bound) < 0 !== orAbove;
  }

  /** Goes down from a page to a leaf; `choose` says by which node of each branch. */
  #descend(steps: Step[], number: number, state: Meta, choose: (page: TreePage) => number): TreePage {
    for (let next = number; ; ) {
      const isLeaf = steps.length + 1 === state.main.depth;
      const page = isLeaf ? this.#leaf(next) : this.#branches.take(next, state.transaction);
      if ((page.kind === "leaf") !== isLeaf) throw new Damage("a page lies at the wrong depth");
      const step = { page, node: 0 };
      steps.push(step);
      if (isLeaf) return page;
      step.node = choose(page);
      next = page.child(page.node(step.node));
    }
  }

  /** The leaf after the one at the end of `steps`, or before it; undefined when there is none. */
  #neighbour(steps: Step[], state: Meta, reverse: boolean): TreePage | undefined {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      const node = step.node + (reverse ? -1 : 1);
      if (step.page.kind === "branch" && node >= 0 && node < step.page.nodes) {
        step.node = node;
        steps.push(step);
        const child = step.page.child(step.page.node(node));
        return this.#descend(steps, child, state, (page) => (reverse ? page.nodes - 1 : 0));
      }
      this.#letGo(step.page);
    }
    return undefined;
  }

  #leaf(number: number): TreePage {
    return this.#file.page(number, this.#idleLeaves.pop() ?? new TreePage());
  }

  #letGo(page: TreePage): void {
    if (page.kind === "leaf" && this.#idleLeaves.length < idleLeavesMax) this.#idleLeaves.push(page);
  }
}
