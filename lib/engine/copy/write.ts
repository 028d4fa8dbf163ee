/** One transaction of a copy at its target. */
import { copyAttemptsMax } from "../../limits/index.js";
import type { Engine, EngineTransaction } from "../engine.js";
import { beginAgain } from "./begin-again.js";

/** Commits what `write` writes, and tries again where that may help: it has to bear being written twice. */
export async function commitTo(to: Engine, write: (transaction: EngineTransaction) => Promise<void>): Promise<void> {
  const transaction = to.begin();
  for (let attempt = 1; ; attempt += 1) {
    try {
      await write(transaction);
      await transaction.commit();
      return;
    } catch (error) {
      if (attempt >= copyAttemptsMax) throw error;
      await beginAgain(transaction, error);
    }
  }
}
