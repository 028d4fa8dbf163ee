/** An engine whose time goes by how often it is asked: what depends on the database's time is the same in every scene. */
import type { Engine, EngineTransaction } from "../../../engine/index.js";

/** Between one transaction that asks for the time and the next: read versions count microseconds. */
const step = 100_000n;

/** Puts versions of its own in place of the read versions that transactions ask for; what they read stays as it is. */
export class SteadyTime implements Engine {
  readonly name: string;
  readonly capabilities: Engine["capabilities"];
  readonly #engine: Engine;
  #now = 0n;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.name = engine.name;
    this.capabilities = engine.capabilities;
  }

  /** Goes on from a time that is later than any before, and the same whatever came before. */
  restart(): void {
    this.#now = step * 1_000_000n;
  }

  begin(): EngineTransaction {
    let version: bigint | undefined;
    const getReadVersion = async (): Promise<bigint> => {
      version ??= this.#now += step;
      return version;
    };
    return Object.assign(this.#engine.begin(), { getReadVersion });
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
