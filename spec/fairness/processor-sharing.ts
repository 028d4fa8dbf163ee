/** Generalised processor sharing, the fluid that a fair queue is measured against: by hand, step by step. */

interface Item {
  readonly id: number;
  left: number;
}

/** All flows with work run at once, each by its weight. Its clock counts the work done. */
export class ProcessorSharing {
  clock = 0;
  /** When it began with each item, and when it was done with it. */
  readonly begun = new Map<number, number>();
  readonly done = new Map<number, number>();
  readonly #flows = new Map<string, { readonly weight: number; readonly items: Item[] }>();

  /** An item of 1, or of what a flow turned out to cost besides. */
  arrive(name: string, weight: number, id: number, work = 1): void {
    const flow = this.#flows.get(name) ?? { weight, items: [] };
    this.#flows.set(name, flow);
    flow.items.push({ id, left: work });
  }

  /** What is not done yet. */
  get backlog(): number {
    return [...this.#flows.values()].flatMap(({ items }) => items).reduce((sum, { left }) => sum + left, 0);
  }

  advance(work: number): void {
    let left = work;
    while (left > 1e-9) {
      const active = [...this.#flows.values()].filter(({ items }) => items.length > 0);
      if (active.length === 0) return;
      const weights = active.reduce((sum, { weight }) => sum + weight, 0);
      for (const { items } of active) this.#began(items[0]);
      // As long as none is done with its first item, all go on at the same pace.
      const step = Math.min(left, ...active.map(({ items, weight }) => ((items[0]?.left ?? 0) * weights) / weight));
      this.clock += step;
      left -= step;
      for (const { items, weight } of active) {
        const [first] = items;
        if (first === undefined) continue;
        first.left -= (step * weight) / weights;
        if (first.left > 1e-9) continue;
        this.done.set(first.id, this.clock);
        items.shift();
      }
    }
  }

  #began(item: Item | undefined): void {
    if (item !== undefined && !this.begun.has(item.id)) this.begun.set(item.id, this.clock);
  }
}
