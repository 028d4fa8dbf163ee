/** The embedded engine: begins transactions over a store and closes it. */
import { markOwn, tenantryError } from "../../errors/index.js";
import type { Engine, EngineCapabilities, EngineTransaction } from "../engine.js";
import { WatchCount } from "./attempt/watches.js";
import { storeKeyBytesMax } from "./lmdb/environment.js";
import type { Store } from "./store.js";
import { EmbeddedTransaction, type TransactionHost } from "./transaction.js";

export class EmbeddedEngine implements Engine {
  readonly name: string;
  readonly capabilities: EngineCapabilities;
  readonly #store: Store;
  readonly #release: () => Promise<void>;
  readonly #host: TransactionHost;
  #closing: Promise<void> | undefined;

  /** `release` gives up this engine's share of the store. */
  constructor(name: string, durable: boolean, store: Store, release: () => Promise<void>) {
    this.name = name;
    this.capabilities = {
      durable,
      multiProcess: false,
      keyBytesMax: storeKeyBytesMax,
      retriesAtOnce: true,
      readsAtOnce: true,
      tellsOutcomes: true,
    };
    this.#store = store;
    this.#release = release;
    this.#host = {
      keyBytesMax: storeKeyBytesMax,
      now: () => performance.now(),
      random: Math.random,
      watchCount: new WatchCount(),
    };
  }

  begin(): EngineTransaction {
    if (this.#closing !== undefined) throw tenantryError("ENGINE_CLOSED", { engine: this.name });
    return new EmbeddedTransaction(this.#store, this.#host);
  }

  close(): Promise<void> {
    this.#closing ??= this.#release().finally(() => this.#host.watchCount.cancel());
    return this.#closing;
  }

  static {
    markOwn(EmbeddedEngine.prototype);
  }
}
