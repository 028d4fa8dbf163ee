/** Latency histograms: how many calls took how long, in a fixed number of buckets. */

/** Buckets per doubling of the latency: a quantile is at most 9 per cent above the true one. */
const perDoubling = 8;
/** The upper end of the first bucket, in milliseconds. */
const firstMs = 0.01;
/** Up to some three minutes; what took longer is in the last. */
const buckets = 24 * perDoubling;

/** Milliseconds in buckets whose widths grow with their values. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(buckets);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(ms: number): void {
    const at = ms <= firstMs ? 0 : Math.min(buckets - 1, Math.ceil(Math.log2(ms / firstMs) * perDoubling));
    this.#counts[at] = Number(this.#counts[at]) + 1;
    this.#total++;
  }

  /** Adds all of another's. */
  merge(other: LatencyHistogram): void {
    for (let at = 0; at < buckets; at++) this.#counts[at] = Number(this.#counts[at]) + Number(other.#counts[at]);
    this.#total += other.#total;
  }

  /** The latency that the fraction `q` of all stays within: the upper end of its bucket; undefined when there is none. */
  quantile(q: number): number | undefined {
    if (this.#total === 0) return undefined;
    let rest = Math.max(1, Math.ceil(q * this.#total));
    for (let at = 0; at < buckets; at++) {
      rest -= Number(this.#counts[at]);
      if (rest <= 0) return firstMs * 2 ** (at / perDoubling);
    }
    return undefined;
  }
}
