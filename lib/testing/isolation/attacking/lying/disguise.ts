/** A disguise: the arguments of one call as the actor gives them, and what is done to them meanwhile. */
import type { Move } from "../../../generate/attack.js";
import { callback } from "./callbacks.js";
import { change, copied } from "./copies.js";
import type { Ground } from "./ground.js";
import { lies } from "./lies.js";
import { type OptionGround, withOption } from "./options.js";

/** What disguises are made with. */
export interface Grounds extends Omit<Ground, "onChange">, OptionGround {
  /** Notes that the actor has thrown this. */
  thrown(error: unknown): void;
}

const isFunction = (value: unknown): value is (...args: readonly unknown[]) => unknown => typeof value === "function";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Copies of values, with a lie about one of what is in them; the copies themselves when there is none to lie about. */
function lied(values: readonly unknown[], { lie: name, at, variant }: Move, ground: Ground): unknown[] {
  if (name === undefined) return values.map((value) => copied(value));
  const lie = lies[name];
  let places = 0;
  for (const value of values) {
    copied(value, (part) => {
      if (lie.about(part)) places += 1;
      return part;
    });
  }
  let place = 0;
  return values.map((value) =>
    copied(value, (part) => {
      if (!lie.about(part) || place++ !== at % places) return part;
      return lie.tell(part as never, variant, ground);
    }),
  );
}

export class Disguise {
  readonly args: readonly unknown[];
  /** Whether there is no doubt what was given: the answer is as it would be without the disguise, or a refusal. */
  readonly faithful: boolean;
  readonly #move: Move;
  readonly #changes: (() => void)[] = [];
  readonly #clear: () => void;
  #changed = false;

  /** @param kept How many of the first arguments stay as they are. */
  constructor(given: readonly unknown[], kept: number, move: Move, grounds: Grounds) {
    const ground: Ground = { ...grounds, onChange: (fn) => this.#changes.push(fn) };
    const disguise = (answer: unknown): unknown => lied([answer], move, ground)[0];
    const standIn = (arg: unknown): unknown =>
      isFunction(arg) ? callback(arg, move.callback, move.variant, { ...grounds, disguise }) : arg;
    const all = [...given.slice(0, kept), ...lied(given.slice(kept), move, ground).map(standIn)];
    const { option } = move;
    [this.args, this.#clear] = option === undefined ? [all, () => {}] : withOption(all, option, grounds);
    this.#move = move;
    this.faithful = (move.lie === undefined || lies[move.lie].faithful) && move.callback === undefined;
  }

  /** Changes the arguments, if that is what the actor does; at once, or when it is time. */
  async meanwhile(): Promise<void> {
    const { changed } = this.#move;
    if (changed === undefined) return;
    if (changed === "soon") await undefined;
    if (changed === "later") await nextTurn();
    this.change();
  }

  /** Changes the arguments now. */
  change(): void {
    if (this.#changed || this.#move.changed === undefined) return;
    this.#changed = true;
    for (const arg of this.args) change(arg);
    for (const fn of this.#changes) fn();
  }

  /** Takes back what every object has meanwhile. */
  clear(): void {
    this.#clear();
  }
}
