/** The clock port: wall time for what is stored, monotonic time for what is measured, and waiting. */

/**
 * Time as the library sees it; replace it to make retries and time buckets deterministic in tests.
 *
 * @example
 * ```ts
 * import type { Clock } from "tenantry";
 * const hasty: Clock = {
 *   now: () => Date.now(),
 *   monotonic: () => performance.now(),
 *   after(ms, fn) {
 *     const timer = setTimeout(fn, ms / 100);
 *     return () => clearTimeout(timer);
 *   },
 * };
 * ```
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970; may step. */
  now(): number;
  /** Milliseconds since some start; never steps back, has fractions. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds, unless the returned function is called first. */
  after(ms: number, fn: () => void): () => void;
}

/** The computer's own clock. Its timers do not keep the process alive on their own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};
