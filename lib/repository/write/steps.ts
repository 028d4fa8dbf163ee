/** Steps: work in batches, each a transaction that can be taken again: it stores how far it came, or does nothing twice. */
import { isTenantryError } from "../../errors/index.js";
import { BatchSize, isTooMuch } from "../long/batch-size.js";
import type { WriteContext } from "../tenant-reader.js";

/** Runs one transaction. */
export type Transact = <T>(fn: (context: WriteContext) => Promise<T>) => Promise<T>;

/**
 * Takes steps until one is done: each goes on from where the one before came to, past `rows` rows at most, fewer when it is too much for a transaction or others write what it reads.
 */
export async function takeSteps<S extends { readonly done: boolean }>(
  transact: Transact,
  step: (context: WriteContext, rows: number) => Promise<S>,
  onStep: (done: S) => void | Promise<void>,
): Promise<void> {
  const size = new BatchSize();
  for (;;) {
    let attempts = 0;
    let taken: S | undefined;
    try {
      await transact(async (context) => {
        attempts += 1;
        taken = undefined;
        // Others wrote what it read, or it grew too old: the less it reads, the sooner it is through.
        if (attempts > 1) size.shrink();
        taken = await step(context, size.rows);
      });
    } catch (error) {
      // Taken again, a step with a lost outcome goes on from its place, or finds that it is done. What the step itself
      // has thrown is no outcome, whatever it says.
      if (taken !== undefined && isTenantryError(error, "TRANSACTION_OUTCOME_UNKNOWN")) continue;
      if (!(isTooMuch(error) && size.shrink())) throw error;
      continue;
    }
    if (taken === undefined) continue;
    if (attempts === 1) size.grow();
    await onStep(taken);
    if (taken.done) return;
  }
}
