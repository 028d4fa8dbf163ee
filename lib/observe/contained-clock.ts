/** A contained clock: where a program's own clock throws, or says what is no time, the last time it said goes on. */
import { type Clock, systemClock } from "./clock.js";

/** Readings of one hand of a clock. */
function hand(read: () => number, first: number): () => number {
  let last = first;
  return () => {
    try {
      const time = read();
      if (Number.isFinite(time)) last = time;
    } catch {
      // No time has passed.
    }
    return last;
  };
}

/** A clock that cannot fail. What cannot be waited for by it is waited for by the computer's own. */
export function containedClock(clock: Clock): Clock {
  return {
    now: hand(() => clock.now(), systemClock.now()),
    monotonic: hand(() => clock.monotonic(), 0),
    after: (ms, fn) => {
      try {
        const stop = clock.after(ms, fn);
        return () => {
          try {
            stop();
          } catch {
            // Whoever stopped waiting does not mind being called.
          }
        };
      } catch {
        return systemClock.after(ms, fn);
      }
    },
  };
}
