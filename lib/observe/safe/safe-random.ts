/** A program's randomness that the library can rely on: numbers are fractions, bytes are as many as asked for. */
import { copiedBytes } from "../../intrinsics/index.js";
import { type Random, systemRandom } from "../random.js";
import type { PortFailures } from "./port-failures.js";

class SafeRandom implements Random {
  readonly #random: Random;
  readonly #failures: PortFailures;

  constructor(random: Random, failures: PortFailures) {
    this.#random = random;
    this.#failures = failures;
  }

  fraction(): number {
    const fraction = this.#failures.called("random", () => this.#random.fraction());
    if (typeof fraction === "number" && fraction >= 0 && fraction < 1) return fraction;
    this.#failures.failed("random");
    return systemRandom.fraction();
  }

  /** Bytes of the library's own: nobody changes them later. */
  bytes(length: number): Uint8Array {
    const bytes: unknown = this.#failures.called("random", () => this.#random.bytes(length));
    const copy = copiedBytes(bytes);
    if (copy?.length === length) return copy;
    this.#failures.failed("random");
    return systemRandom.bytes(length);
  }
}

/** The randomness, safe to be called; the operating system's own is as it is. */
export const safeRandom = (random: Random, failures: PortFailures): Random =>
  random === systemRandom ? random : new SafeRandom(random, failures);
