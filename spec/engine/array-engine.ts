/** An engine over the store without cleverness. */
import { WatchCount } from "../../lib/engine/embedded/attempt/watches.js";
import { EmbeddedTransaction } from "../../lib/engine/embedded/transaction.js";
import type { Engine } from "../../lib/engine/engine.js";
import { ArrayStore } from "./array-store.js";

export const arrayEngine = (): Engine => {
  const store = new ArrayStore();
  const host = { keyBytesMax: 4_000, now: () => performance.now(), random: Math.random, watchCount: new WatchCount() };
  return {
    name: "array",
    capabilities: { durable: false, multiProcess: false, keyBytesMax: host.keyBytesMax },
    begin: () => new EmbeddedTransaction(store, host),
    close: () => store.close(),
  };
};
