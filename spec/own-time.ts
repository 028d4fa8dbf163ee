/** Time in which this thread could go on: what is measured so does not grow when others want the machine's cores. */
import { readFileSync } from "node:fs";

/** The main thread's: on a core, waiting for one, and how often; nanoseconds. */
const schedule = "/proc/self/schedstat";

function waitedMs(): number {
  try {
    return Number(readFileSync(schedule, "utf8").split(" ")[1]) / 1e6;
  } catch {
    // Another system than Linux, or one that does not count: then it is the time that passes.
    return 0;
  }
}

/** Milliseconds since some start, without those in which others had the core that this thread was ready for. */
export const ownTime = (): number => performance.now() - waitedMs();
