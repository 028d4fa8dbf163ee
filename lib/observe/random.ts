/** The port for randomness: jitter, and the ids of idempotency markers. */
import { randomFillSync } from "node:crypto";

/**
 * Where random numbers and bytes come from; replace it to make retries deterministic in tests.
 *
 * @example
 * ```ts
 * import type { Random } from "tenantry";
 * let counter = 0;
 * const predictable: Random = { fraction: () => 0.5, bytes: (length) => new Uint8Array(length).fill(counter++) };
 * ```
 */
export interface Random {
  /** A number in `[0, 1)`, for jitter; not for secrets. */
  fraction(): number;
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

// Filling a small array costs a call into OpenSSL each time; one pool serves some hundred ids.
const poolBytes = 4_096;

class SystemRandom implements Random {
  #pool: Uint8Array | undefined;
  #used = 0;

  fraction(): number {
    return Math.random();
  }

  bytes(length: number): Uint8Array {
    if (length > poolBytes) return randomFillSync(new Uint8Array(length));
    if (this.#pool === undefined || this.#used + length > poolBytes) {
      this.#pool = randomFillSync(new Uint8Array(poolBytes));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return this.#pool.slice(start, this.#used);
  }
}

/** The operating system's randomness for bytes, `Math.random` for jitter. */
export const systemRandom: Random = new SystemRandom();
