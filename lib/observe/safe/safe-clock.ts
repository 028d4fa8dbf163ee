/** A program's clock that the library can rely on: every time is a number, measured time steps never back, timers end. */
import { type Clock, systemClock } from "../clock.js";
import { PortFailures } from "./port-failures.js";

class SafeClock implements Clock {
  readonly #clock: Clock;
  readonly #failures: PortFailures;
  /** The latest that was measured, and when that was by the computer's clock; what is measured next is no earlier. */
  #latest = Number.NEGATIVE_INFINITY;
  #seenAt = 0;

  constructor(clock: Clock, failures: PortFailures) {
    this.#clock = clock;
    this.#failures = failures;
  }

  /** Whole milliseconds since 1970; by the computer's clock when the program's shows none. */
  now(): number {
    const now = this.#failures.called("clock", () => this.#clock.now());
    if (typeof now === "number" && now >= 0 && now <= Number.MAX_SAFE_INTEGER) return Math.floor(now);
    this.#failures.failed("clock");
    return systemClock.now();
  }

  /** While the program's clock measures nothing, as much later as the computer's says. */
  monotonic(): number {
    let time = this.#failures.called("clock", () => this.#clock.monotonic());
    if (!(typeof time === "number" && Math.abs(time) <= Number.MAX_SAFE_INTEGER)) {
      this.#failures.failed("clock");
      const now = systemClock.monotonic();
      time = this.#latest === Number.NEGATIVE_INFINITY ? now : this.#latest + now - this.#seenAt;
    }
    if (time > this.#latest) {
      this.#latest = time;
      this.#seenAt = systemClock.monotonic();
    }
    return this.#latest;
  }

  /** Calls `fn` once at most, never before it returns, and never once stopped; by the computer's clock when it has to. */
  after(ms: number, fn: () => void): () => void {
    let isOver = false;
    let isSet = false;
    const once = (): void => {
      if (isOver) return;
      isOver = true;
      fn();
    };
    const stop: unknown = this.#failures.called("clock", () =>
      this.#clock.after(ms, () => (isSet ? once() : queueMicrotask(once))),
    );
    isSet = true;
    const stopTimer = typeof stop === "function" ? () => Reflect.apply(stop, undefined, []) : undefined;
    const stopOwn = stopTimer === undefined ? systemClock.after(ms, once) : undefined;
    if (stopTimer === undefined) this.#failures.failed("clock");
    return () => {
      isOver = true;
      stopOwn?.();
      if (stopTimer !== undefined) this.#failures.called("clock", stopTimer);
    };
  }
}

/** The time of a clock of which nothing else is used, likewise. */
export function safeTime(clock: Pick<Clock, "now">): () => number {
  if (clock === systemClock) return systemClock.now;
  const safe = new SafeClock({ ...systemClock, now: () => clock.now() }, new PortFailures(undefined));
  return () => safe.now();
}

/** The clock, safe to be called; the computer's own is as it is. */
export const safeClock = (clock: Clock, failures: PortFailures): Clock =>
  clock === systemClock ? clock : new SafeClock(clock, failures);
