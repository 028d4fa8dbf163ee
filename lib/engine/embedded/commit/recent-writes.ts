/** An ordered map of recently written keys and ranges to the version that wrote them last. */

interface Leaf {
  readonly keys: string[];
  readonly versions: number[];
  /** The newest version in the leaf. */
  newest: number;
}

const leafEntriesMax = 256;

const emptyLeaf = (): Leaf => ({ keys: [], versions: [], newest: 0 });

/** First index in `keys` whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Keys (as latin1 strings, whose order is that of their bytes) in sorted leaves of bounded size, each knowing its
 * newest version: inserting and looking up cost a few comparisons, and a wide range is answered leaf by leaf.
 */
class SortedVersions {
  readonly #leaves: Leaf[] = [emptyLeaf()];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Index of the last leaf that begins at or below `key` (0 when none does). */
  #leafAt(key: string): number {
    let low = 0;
    let high = this.#leaves.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#leaves[middle]?.keys[0] ?? "") <= key) low = middle;
      else high = middle;
    }
    return low;
  }

  set(key: string, version: number): void {
    const index = this.#leafAt(key);
    const leaf = this.#leaves[index] ?? emptyLeaf();
    const at = lowerBound(leaf.keys, key);
    if (version > leaf.newest) leaf.newest = version;
    if (leaf.keys[at] === key) {
      leaf.versions[at] = version;
      return;
    }
    this.#size += 1;
    if (at === leaf.keys.length) {
      leaf.keys.push(key);
      leaf.versions.push(version);
    } else {
      leaf.keys.splice(at, 0, key);
      leaf.versions.splice(at, 0, version);
    }
    if (leaf.keys.length > leafEntriesMax) this.#split(index, leaf, at);
  }

  #split(index: number, leaf: Leaf, at: number): void {
    // Ascending keys leave full leaves behind them; others halve them.
    const half = at === leafEntriesMax ? leafEntriesMax : leafEntriesMax >>> 1;
    const keys = leaf.keys.splice(half);
    const versions = leaf.versions.splice(half);
    this.#leaves.splice(index + 1, 0, { keys, versions, newest: newestOf(versions) });
    leaf.newest = newestOf(leaf.versions);
  }

  /** Whether a key in `[begin, end)` has a version above `version`. */
  anyAfter(begin: string, end: string, version: number): boolean {
    let index = this.#leafAt(begin);
    let at = lowerBound(this.#leaves[index]?.keys ?? [], begin);
    for (;;) {
      const leaf = this.#leaves[index];
      if (leaf === undefined) return false;
      if (leaf.newest > version) {
        for (; at < leaf.keys.length; at++) {
          if ((leaf.keys[at] ?? "") >= end) return false;
          if ((leaf.versions[at] ?? 0) > version) return true;
        }
      }
      index += 1;
      at = 0;
      if ((this.#leaves[index]?.keys[0] ?? end) >= end) return false;
    }
  }

  /** The version at exactly `key`, or 0. */
  at(key: string): number {
    const leaf = this.#leaves[this.#leafAt(key)] ?? emptyLeaf();
    const at = lowerBound(leaf.keys, key);
    return leaf.keys[at] === key ? (leaf.versions[at] ?? 0) : 0;
  }

  /** The version of the last key at or below `key`, or 0. */
  before(key: string): number {
    const leaf = this.#leaves[this.#leafAt(key)] ?? emptyLeaf();
    const at = lowerBound(leaf.keys, key);
    return leaf.versions[leaf.keys[at] === key ? at : at - 1] ?? 0;
  }

  /** Forgets the keys in `[begin, end)`. */
  deleteRange(begin: string, end: string): void {
    let index = this.#leafAt(begin);
    for (;;) {
      const leaf = this.#leaves[index];
      if (leaf === undefined || (leaf.keys[0] ?? begin) >= end) return;
      const from = lowerBound(leaf.keys, begin);
      const to = lowerBound(leaf.keys, end);
      leaf.keys.splice(from, to - from);
      leaf.versions.splice(from, to - from);
      this.#size -= to - from;
      if (leaf.keys.length === 0 && this.#leaves.length > 1) this.#leaves.splice(index, 1);
      else index += 1;
    }
  }
}

const newestOf = (versions: readonly number[]): number => Math.max(0, ...versions);

/**
 * The writes of one stretch of time. Versions only grow, so the last write of a key is its newest: single keys are
 * an ordered map, ranges a step function (a boundary holds the version of what follows it).
 */
export class RecentWrites {
  readonly #points = new SortedVersions();
  readonly #steps = new SortedVersions();
  #newest = 0;

  /** The newest version noted; 0 when there is none. */
  get newest(): number {
    return this.#newest;
  }

  /** How many keys and boundaries are held. */
  get size(): number {
    return this.#points.size + this.#steps.size;
  }

  addKey(key: string, version: number): void {
    this.#newest = version;
    this.#points.set(key, version);
  }

  /** `begin` lies before `end`. */
  addRange(begin: string, end: string, version: number): void {
    this.#newest = version;
    const after = this.#steps.before(end);
    this.#steps.deleteRange(begin, end);
    this.#steps.set(begin, version);
    this.#steps.set(end, after);
  }

  /** Whether `key` was written after `version`. */
  keyWrittenAfter(key: string, version: number): boolean {
    if (this.#newest <= version) return false;
    return this.#points.at(key) > version || (this.#steps.size > 0 && this.#steps.before(key) > version);
  }

  /** Whether anything in `[begin, end)` was written after `version`. */
  rangeWrittenAfter(begin: string, end: string, version: number): boolean {
    if (this.#newest <= version || begin >= end) return false;
    if (this.#points.anyAfter(begin, end, version)) return true;
    return this.#steps.size > 0 && (this.#steps.before(begin) > version || this.#steps.anyAfter(begin, end, version));
  }
}
