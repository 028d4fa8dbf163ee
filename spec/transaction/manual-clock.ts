/** A clock whose timers fire when told to, and which says what was asked of it. */
import type { Clock } from "../../lib/observe/index.js";

export interface Timer {
  readonly ms: number;
  /** False once it fired or was stopped. */
  readonly live: boolean;
  fire(): void;
}

export interface ManualClock extends Clock {
  /** All timers there were, in their order. */
  readonly timers: readonly Timer[];
  time: number;
}

/** @param firesAtOnce Timers that need no telling: they fire in the next turn of the event loop. */
export function manualClock(firesAtOnce: (ms: number) => boolean = () => false): ManualClock {
  const timers: Timer[] = [];
  const clock: ManualClock = {
    timers,
    time: 1_700_000_000_000,
    now: () => clock.time,
    monotonic: () => clock.time,
    after(ms, fn) {
      const timer = {
        ms,
        live: true,
        fire() {
          if (!timer.live) return;
          timer.live = false;
          fn();
        },
      };
      timers.push(timer);
      if (firesAtOnce(ms)) setImmediate(timer.fire);
      return () => {
        timer.live = false;
      };
    },
  };
  return clock;
}

/** Timers that are still to fire. */
export const liveTimers = ({ timers }: ManualClock): number[] => timers.filter(({ live }) => live).map(({ ms }) => ms);
