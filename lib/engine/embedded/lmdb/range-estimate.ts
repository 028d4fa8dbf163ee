/** Sizes and split points of ranges, from the branch pages of a store's file: bounded work however large the range. */
import { Damage, type Meta, type PageFile } from "./page-file.js";
import { storedKey, valueBytesOf } from "./row-codec.js";

/** Subtrees looked at before the rest is taken to be like them. */
const unitsMax = 1_024;
/** Subtrees made into split points at most. */
const splitUnitsMax = 16_384;
/** Subtrees whose shape, and leaf pages whose rows, stand for all. */
const samples = 16;

/** A subtree: its root page, and the key its keys begin at (undefined: the store's first). */
interface Unit {
  readonly page: number;
  readonly low: Uint8Array | undefined;
}

/** A range as subtrees of one depth, in order. */
export interface RangeShape {
  readonly units: readonly Unit[];
  /** Leaf pages in one of them, on average; 1 when they are leaf pages. */
  readonly leavesPerUnit: number;
  /** Bytes of keys and values on a leaf page, on average. */
  readonly bytesPerLeaf: number;
}

/**
 * The shape of `[begin, end)`, in subtrees of at most `unitBytes` where that takes no more than the bound of them.
 * Read while a reader keeps the pages of `meta`.
 */
export function rangeShape(
  file: PageFile,
  meta: Meta,
  begin: Uint8Array,
  end: Uint8Array,
  unitBytes: number,
): RangeShape {
  const root = meta.main.root;
  if (root === undefined || Buffer.compare(begin, end) >= 0) return { units: [], leavesPerUnit: 1, bytesPerLeaf: 0 };
  const [low, high] = [storedKey(begin), storedKey(end)];
  let units: Unit[] = [{ page: root, low: undefined }];
  let depth = 1;
  let shape = describe(file, units, meta.main.depth - depth);
  while (depth < meta.main.depth) {
    const small = shape.leavesPerUnit * shape.bytesPerLeaf <= unitBytes;
    if (units.length >= (small ? samples : unitBytes < Number.POSITIVE_INFINITY ? splitUnitsMax : unitsMax)) break;
    units = units.flatMap((unit) => children(file, unit, low, high));
    depth += 1;
    shape = describe(file, units, meta.main.depth - depth);
  }
  return shape;
}

/** The subtrees right under `unit` that hold keys of `[low, high)`. */
function children(file: PageFile, unit: Unit, low: Uint8Array, high: Uint8Array): Unit[] {
  const page = file.page(unit.page);
  if (page.kind !== "branch") throw new Damage("a page lies at the wrong depth");
  const found: Unit[] = [];
  for (let i = 0; i < page.nodes; i++) {
    const { key, child } = page.branch(i);
    const from = i === 0 ? unit.low : key.slice();
    if (from !== undefined && Buffer.compare(from, high) >= 0) break;
    // The one before ends where this one begins.
    if (from !== undefined && Buffer.compare(from, low) <= 0) found.pop();
    found.push({ page: child, low: from });
  }
  return found;
}

/** Averages over some of the units, which lie `levels` above the leaves. */
function describe(file: PageFile, units: readonly Unit[], levels: number): RangeShape {
  let sampled = some(units).map(({ page }) => page);
  let leavesPerUnit = 1;
  for (let level = 0; level < levels; level++) {
    const below: number[] = [];
    for (const number of sampled) {
      const page = file.page(number);
      if (page.kind !== "branch") throw new Damage("a page lies at the wrong depth");
      for (let i = 0; i < page.nodes; i++) below.push(page.branch(i).child);
    }
    leavesPerUnit *= below.length / Math.max(sampled.length, 1);
    sampled = some(below);
  }
  let bytes = 0;
  for (const number of sampled) bytes += leafBytes(file, number);
  return { units, leavesPerUnit, bytesPerLeaf: bytes / Math.max(sampled.length, 1) };
}

/** Evenly spaced ones of many. */
function some<T>(items: readonly T[]): T[] {
  if (items.length <= samples) return [...items];
  const step = items.length / samples;
  return Array.from({ length: samples }, (_, i) => items[Math.floor(i * step)]).filter((item) => item !== undefined);
}

function leafBytes(file: PageFile, number: number): number {
  const page = file.page(number);
  if (page.kind !== "leaf") throw new Damage("a page lies at the wrong depth");
  let bytes = 0;
  for (let i = 0; i < page.nodes; i++) {
    const { key, dataBytes } = page.leaf(i);
    bytes += key.length - 1 + valueBytesOf(dataBytes);
  }
  return bytes;
}
