/** A heap: the first of many by some order, of which any may move or be taken out. Pure. */

/** Something with a place in one heap at a time. */
export interface Heaped {
  /** Kept by the heap it is in; -1 while it is in none. */
  place: number;
}

/** A binary heap whose items know their places. */
export class Heap<T extends Heaped> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #items: T[] = [];

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get first(): T | undefined {
    return this.#items.length === 0 ? undefined : this.#items[0];
  }

  /** Puts an item where it belongs: one that is in no heap, or one of this heap whose order has changed. */
  put(item: T): void {
    if (item.place < 0) this.#rise(item, this.#items.push(item) - 1);
    else this.#settle(item, item.place);
  }

  /** Takes out one of its items. */
  remove(item: T): void {
    const { place } = item;
    item.place = -1;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) this.#settle(last, place);
  }

  // No index is beyond the end: to V8, a read there is a reason to compile all of this anew, each time.

  #settle(item: T, place: number): void {
    if (this.#rise(item, place) === place) this.#sink(item, place);
  }

  /** Moves an item up to where it belongs; its place there. */
  #rise(item: T, from: number): number {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      const above = this.#items[parent] as T;
      if (!this.#isBefore(item, above)) break;
      this.#set(above, place);
      place = parent;
    }
    this.#set(item, place);
    return place;
  }

  /** Moves an item down to where it belongs. */
  #sink(item: T, from: number): void {
    const items = this.#items;
    let place = from;
    for (let child = 2 * place + 1; child < items.length; child = 2 * place + 1) {
      if (child + 1 < items.length && this.#isBefore(items[child + 1] as T, items[child] as T)) child++;
      const below = items[child] as T;
      if (!this.#isBefore(below, item)) break;
      this.#set(below, place);
      place = child;
    }
    this.#set(item, place);
  }

  #set(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
