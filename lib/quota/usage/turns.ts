/** Turns: a number for each transaction, so that those which run at once begin with slots of their own. */
import type { Random } from "../../observe/index.js";

export class Turns {
  #turn: number;

  /** Begins anywhere: other processes do, too. */
  constructor(random: Random) {
    this.#turn = Math.floor(random.fraction() * 1_000_000);
  }

  next(): number {
    this.#turn = (this.#turn + 1) % 1_000_000_000;
    return this.#turn;
  }
}
