/** Who is there now: what comes and goes all the time. */

/** What can be on one roster at a time; `place` is the roster's to set. */
export interface Placed {
  place: number;
}

/**
 * A set without an order. Not a `Set`: whenever one grows or shrinks it leaves behind a table that refers to the next,
 * so once such a table is old, all that came later stays until the next full collection, long after it has gone.
 */
export class Roster<T extends Placed> {
  /** Each at its own `place`. */
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Takes in a member that is on no roster. */
  add(member: T): void {
    member.place = this.#members.push(member) - 1;
  }

  /** Lets a member go that is on this one: the last takes its place. */
  delete(member: T): void {
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    this.#members[member.place] = last;
    last.place = member.place;
  }

  /** Those there now, as an array of the caller's own. */
  all(): T[] {
    return [...this.#members];
  }
}
