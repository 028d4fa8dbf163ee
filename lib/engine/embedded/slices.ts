/** Long work in slices: runs a generator for some milliseconds at a time and lets the event loop turn between. */

/** Time one slice may take: a fifth of what a user notices. */
const sliceMs = 10;

/** Runs `steps`, each of which is short, to the end; gives what it returns. */
export async function inSlices<T>(steps: Iterator<void, T>): Promise<T> {
  let until = performance.now() + sliceMs;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    until = performance.now() + sliceMs;
  }
}
