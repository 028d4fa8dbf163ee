/** An engine that writes down every physical key it is asked for and gives, in front of any other. */
import type { Engine, EngineCapabilities, EngineTransaction } from "../engine.js";
import type { Access } from "./access.js";
import { RecordingTransaction } from "./recording-transaction.js";

/**
 * An engine with every access recorded.
 *
 * @example
 * ```ts
 * import type { RecordingEngine } from "tenantry/testing";
 * async function costOf(engine: RecordingEngine, work: () => Promise<void>): Promise<number> {
 *   engine.take();
 *   await work();
 *   return engine.take().filter(({ kind }) => kind === "asked").length;
 * }
 * ```
 */
export interface RecordingEngine extends Engine {
  /** Every access so far, in the order of the calls (returned keys when they came back). */
  readonly accesses: readonly Access[];
  /** Hands over what was recorded and begins anew. */
  take(): readonly Access[];
}

/**
 * Puts an engine before `engine` that records each physical key and range asked for, returned, written, watched and
 * conflicted on: what proofs of isolation look at. Values are not recorded.
 *
 * Closing it closes `engine`.
 *
 * @example
 * ```ts
 * import { memory, openEngine } from "tenantry/engine";
 * import { recording } from "tenantry/testing";
 *
 * const engine = recording(await openEngine(memory()));
 * const transaction = engine.begin();
 * await transaction.get(new TextEncoder().encode("key"));
 * console.log(engine.take().map(({ kind, operation }) => `${kind} ${operation}`)); // asked get, readConflict get
 * await engine.close();
 * ```
 */
export function recording(engine: Engine): RecordingEngine {
  return new Recording(engine);
}

class Recording implements RecordingEngine {
  readonly name: string;
  readonly capabilities: EngineCapabilities;
  readonly #engine: Engine;
  #accesses: Access[] = [];
  #transactions = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.name = engine.name;
    this.capabilities = engine.capabilities;
  }

  get accesses(): readonly Access[] {
    return this.#accesses;
  }

  take(): readonly Access[] {
    const taken = this.#accesses;
    this.#accesses = [];
    return taken;
  }

  begin(): EngineTransaction {
    this.#transactions += 1;
    const transaction = this.#transactions;
    return new RecordingTransaction(this.#engine.begin(), (access) => this.#accesses.push({ transaction, ...access }));
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
