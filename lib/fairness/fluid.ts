/** The fluid: how turns would be shared out if a turn could be cut as fine as one likes. Pure. */
import { Heap, type Heaped } from "./heap.js";

/** What of one flow is in the fluid. */
export interface Share extends Heaped {
  weight: number;
  /** The virtual time at which nothing of it is left. */
  end: number;
}

/**
 * Generalised processor sharing (Parekh and Gallager, 1993): all flows with work run at once, each by its weight. Virtual
 * time is how much a flow of weight 1 has got; it passes the faster the fewer there are.
 */
export class Fluid {
  readonly #shares = new Heap<Share>((a, b) => a.end < b.end);
  #weight = 0;
  #now = 0;

  /** The virtual time. */
  get now(): number {
    return this.#now;
  }

  /** Says until which virtual time a share has work, in place of what was said before. */
  put(share: Share, end: number): void {
    if (end <= this.#now) {
      this.remove(share);
      return;
    }
    if (share.place < 0) this.#weight += share.weight;
    share.end = end;
    this.#shares.put(share);
  }

  /** Says that a share has no work. */
  remove(share: Share): void {
    if (share.place < 0) return;
    this.#shares.remove(share);
    this.#weight = this.#shares.first === undefined ? 0 : this.#weight - share.weight;
  }

  /** Does so much work, shared out among all that have any; what nobody wants is lost. */
  advance(work: number): void {
    let left = work;
    for (let first = this.#shares.first; first !== undefined; first = this.#shares.first) {
      const needed = (first.end - this.#now) * this.#weight;
      if (needed > left) {
        this.#now += left / this.#weight;
        return;
      }
      left -= needed;
      this.#now = first.end;
      this.remove(first);
    }
  }
}
