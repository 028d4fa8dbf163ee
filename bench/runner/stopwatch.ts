/** How long work takes: by the clock, or, where other programs share the machine, by the processor's. */

const wallTime = (): number => performance.now();

/** Milliseconds that this process's threads, all together, have run. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

let now = wallTime;

/**
 * Measures processor time from now on. What waits, as durable writes do, then looks faster than it is; between reads
 * the ratios are those of an idle machine.
 */
export function useProcessorTime(): void {
  now = processorTime;
}

/** Milliseconds that `work` takes. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begun = now();
  await work();
  return now() - begun;
}

/** Operations per second of `work`, which returns how many it did. */
export async function perSecond(work: () => Promise<number>): Promise<number> {
  const begun = now();
  const operations = await work();
  return (operations * 1_000) / (now() - begun);
}

/** As `perSecond`, by the processor's time whatever was said: for work that waits for nothing. */
export async function perProcessorSecond(work: () => Promise<number>): Promise<number> {
  const begun = processorTime();
  const operations = await work();
  return (operations * 1_000) / (processorTime() - begun);
}
