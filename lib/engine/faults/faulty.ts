/** An engine that fails on purpose, reproducibly, in front of any other. */
import { optionNames, takeOptions } from "../../options/index.js";
import type { Engine, EngineCapabilities, EngineTransaction } from "../engine.js";
import { dice } from "./dice.js";
import type { FaultKind, FaultOptions, FaultRates, InjectedFault } from "./fault.js";
import { type FaultHost, FaultyTransaction } from "./faulty-transaction.js";

/**
 * An engine with faults injected.
 *
 * @example
 * ```ts
 * import type { FaultyEngine } from "tenantry/testing";
 * async function calm(engine: FaultyEngine): Promise<void> {
 *   engine.disarm();
 *   await engine.settled();
 * }
 * ```
 */
export interface FaultyEngine extends Engine {
  /** Every fault so far, in the order they were injected. */
  readonly injected: readonly InjectedFault[];
  /** Lets faults happen again. */
  arm(): void;
  /** Stops injecting, so that a test can look at what is left; late commits are still to land. */
  disarm(): void;
  /** Waits until every commit that was to land late has landed or failed. */
  settled(): Promise<void>;
}

const defaultDelayMs = 20;

const faultNames = optionNames<FaultOptions>({ seed: true, rates: true, delayMs: true, onFault: true });
const rateNames = optionNames<FaultRates>({
  conflict: true,
  unknownApplied: true,
  unknownNotApplied: true,
  unknownLate: true,
  tooOld: true,
  futureVersion: true,
  processBehind: true,
  timeout: true,
  slowRead: true,
  watchDrop: true,
  watchSpurious: true,
});

/**
 * Puts an engine before `engine` that behaves as a cluster does on a bad day: conflicts, commits whose outcome nobody
 * knows, reads that are too old or slow, watches that drop. What strikes a transaction follows from `seed`, the order
 * in which transactions begin, and the calls each makes, not from timing.
 *
 * Closing it closes `engine`.
 *
 * @example
 * ```ts
 * import { memory, openEngine } from "tenantry/engine";
 * import { faulty } from "tenantry/testing";
 *
 * const engine = faulty(await openEngine(memory()), {
 *   seed: 42,
 *   rates: { conflict: 0.1, unknownApplied: 0.05, unknownNotApplied: 0.05 },
 * });
 * // … run your code on `engine`, then look at the data without faults:
 * engine.disarm();
 * console.log(engine.injected.length);
 * await engine.close();
 * ```
 */
export function faulty(engine: Engine, options: FaultOptions): FaultyEngine {
  return new Faulty(engine, options);
}

class Faulty implements FaultyEngine, FaultHost {
  readonly name: string;
  readonly capabilities: EngineCapabilities;
  readonly injected: InjectedFault[] = [];
  readonly delayMs: number;
  readonly #engine: Engine;
  readonly #options: FaultOptions;
  readonly #late = new Set<Promise<unknown>>();
  #armed = true;
  #transactions = 0;

  constructor(engine: Engine, given: FaultOptions) {
    const options = takeOptions(given, faultNames, "faulty");
    this.#engine = engine;
    this.#options = { ...options, rates: takeOptions(options.rates, rateNames, "rates") };
    this.name = engine.name;
    // Every read has to be one that can fail, and every outcome one that can be lost.
    this.capabilities = { ...engine.capabilities, readsAtOnce: false, tellsOutcomes: false };
    this.delayMs = options.delayMs ?? defaultDelayMs;
  }

  begin(): EngineTransaction {
    this.#transactions += 1;
    return new FaultyTransaction(this.#transactions, this, dice(this.#options.seed, this.#transactions));
  }

  arm(): void {
    this.#armed = true;
  }

  disarm(): void {
    this.#armed = false;
  }

  async settled(): Promise<void> {
    while (this.#late.size > 0) await Promise.allSettled(this.#late);
  }

  async close(): Promise<void> {
    await this.settled();
    await this.#engine.close();
  }

  beginInner(): EngineTransaction {
    return this.#engine.begin();
  }

  /** Throws the dice. A kind that is off draws a number too, so that changing one rate leaves the others' faults. */
  strikes(kind: FaultKind, roll: () => number): boolean {
    const chance = roll();
    return this.#armed && chance < (this.#options.rates[kind] ?? 0);
  }

  note(fault: InjectedFault): void {
    this.injected.push(fault);
    this.#options.onFault?.(fault);
  }

  keep(late: Promise<unknown>): void {
    this.#late.add(late);
    late.then(
      () => this.#late.delete(late),
      () => this.#late.delete(late),
    );
  }
}
