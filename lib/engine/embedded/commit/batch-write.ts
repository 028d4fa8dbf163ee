/** Writing what a batch of commits comes to into an environment, in one go or, when it is much, in slices. */
import type { Environment, WriteTarget } from "../lmdb/environment.js";
import { type CommittedState, isLong, type StampedMutations, writeEffects } from "./effects.js";

/**
 * Writes the batch, all or nothing; resolves once it is flushed (when the environment is durable). `through` gives what
 * takes the puts and removes, from what would write them all.
 */
export async function writeBatch(
  environment: Environment,
  commits: readonly StampedMutations[],
  committed: CommittedState,
  through: (target: WriteTarget) => WriteTarget,
): Promise<void> {
  const write = (target: WriteTarget): Generator<void, void> => writeEffects(commits, committed, through(target));
  if (isLong(commits, committed)) await environment.writeLong(write);
  else {
    await environment.write((target) => {
      for (const _ of write(target));
    });
  }
}
