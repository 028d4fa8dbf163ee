/** The values that commits of the last seconds replaced: with them, a newer state of the store answers for older ones. */
import { compareBytes, keyAfter } from "../reading/bounds.js";
import { OldStretch, type OldValue } from "./old-stretch.js";

export type { OldValue } from "./old-stretch.js";

/** Blocks grow from the one to the other: a few commits take little memory, many take few blocks. */
const blockBytesMin = 65_536;
const blockBytesMax = 4_194_304;

export class OldValues {
  /** Oldest first. Old ones are let go whole. */
  readonly #stretches: OldStretch[] = [];
  readonly #stretchVersions: number;
  #bytes = 0;

  /** `stretchVersions` is how many versions one block of memory spans at most. */
  constructor(stretchVersions: number) {
    this.#stretchVersions = stretchVersions;
  }

  /** Memory it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Notes what `key` had until the commit at `version`: the bytes of `value` from `begin` to `end`, or nothing. Versions
   * never go down; a key may come twice at one of them, with the same value.
   */
  add(version: number, key: Uint8Array, value: Uint8Array | undefined, begin = 0, end = value?.length ?? 0): void {
    const bytes = OldStretch.needs(key.length, end - begin);
    let last = this.#stretches.at(-1);
    if (last === undefined || !last.fits(bytes) || version - last.since > this.#stretchVersions) {
      const block = last === undefined ? blockBytesMin : Math.min(2 * last.bytes, blockBytesMax);
      last = new OldStretch(version, Math.max(block, bytes));
      this.#stretches.push(last);
      this.#bytes += last.bytes;
    }
    last.add(version, key, value, begin, end);
  }

  /** Forgets what is of no use to read versions from `oldest` on. */
  forget(oldest: number): void {
    for (let first = this.#stretches[0]; first !== undefined && first.last <= oldest; first = this.#stretches[0]) {
      this.#bytes -= first.bytes;
      this.#stretches.shift();
    }
  }

  /** What `key` had at `version`; undefined when no commit noted since has replaced that. */
  find(key: Uint8Array, version: number): OldValue | undefined {
    for (const stretch of this.#stretches) {
      const found = stretch.last > version ? stretch.find(key, version) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** What the keys of `[begin, end)` that were written since `version` had then, in key order or backwards. */
  *range(begin: Uint8Array, end: Uint8Array, version: number, reverse: boolean): Generator<OldValue, void, undefined> {
    const stretches = this.#stretches.filter(({ last }) => last > version);
    const bound = reverse ? end : begin;
    const heads = stretches.map((stretch) => stretch.next(bound, version, reverse));
    for (;;) {
      let first: OldValue | undefined;
      for (const head of heads) {
        // Of one key, the oldest counts.
        if (head !== undefined && (first === undefined || isBefore(head.key, first.key, reverse))) first = head;
      }
      if (first === undefined || (reverse ? compareBytes(first.key, begin) < 0 : compareBytes(first.key, end) >= 0)) {
        return;
      }
      yield first;
      const { key } = first;
      const next = reverse ? key : keyAfter(key);
      for (const [i, head] of heads.entries()) {
        if (head !== undefined && compareBytes(head.key, key) === 0) {
          heads[i] = stretches[i]?.next(next, version, reverse);
        }
      }
    }
  }
}

const isBefore = (a: Uint8Array, b: Uint8Array, reverse: boolean): boolean =>
  reverse ? compareBytes(a, b) > 0 : compareBytes(a, b) < 0;
