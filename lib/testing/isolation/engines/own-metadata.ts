/** An engine whose metadata version is the laws' own: on a cluster everybody's databases share one, and change it. */
import type { Engine, EngineTransaction, ValueVisitor } from "../../../engine/index.js";
import { metadataVersionKey } from "../../../keyspace/index.js";
import { equalBytes } from "../../../tuple/index.js";

const shared = metadataVersionKey();

/** Keeps the metadata version under a key of its own, so that what others do there is not seen, and they see nothing. */
export class OwnMetadata implements Engine {
  readonly name: string;
  readonly capabilities: Engine["capabilities"];
  readonly #engine: Engine;
  readonly #key: Uint8Array;

  /** @param key Where it is kept. */
  constructor(engine: Engine, key: Uint8Array) {
    this.#engine = engine;
    this.#key = key;
    this.name = engine.name;
    this.capabilities = engine.capabilities;
  }

  begin(): EngineTransaction {
    const transaction = this.#engine.begin();
    const own = (key: Uint8Array): Uint8Array => (equalBytes(key, shared) ? this.#key : key);
    const get = transaction.get.bind(transaction);
    const atomic = transaction.atomic.bind(transaction);
    const visitKey = transaction.visitKey?.bind(transaction);
    return Object.assign(transaction, {
      get: (key: Uint8Array, snapshot?: boolean) => get(own(key), snapshot),
      atomic: (...[op, key, operand]: Parameters<typeof atomic>) => atomic(op, own(key), operand),
      ...(visitKey && {
        visitKey: (key: Uint8Array, snapshot: boolean, visit: ValueVisitor) => visitKey(own(key), snapshot, visit),
      }),
    });
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
