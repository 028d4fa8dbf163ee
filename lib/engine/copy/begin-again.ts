/** How a transaction of a copy is tried again. */
import { isTenantryError } from "../../errors/index.js";
import type { EngineTransaction } from "../engine.js";

/** A read version that has grown too old, and a cluster that was upgraded: a fresh beginning is all it takes. */
const fresh: ReadonlySet<number> = new Set([1007, 1039]);

/** Makes a transaction ready for another try: at once, or after a wait. Throws `error` when none can help. */
export async function beginAgain(transaction: EngineTransaction, error: unknown): Promise<void> {
  if (isTenantryError(error, "ENGINE") && fresh.has(error.details.fdbCode)) transaction.reset();
  else await transaction.onError(error);
}
