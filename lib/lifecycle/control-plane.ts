/** The way into the control plane that this level works with. */
import type { ReadTransactionOptions, SystemTransaction } from "../transaction/index.js";

/** Runs transactions of the control plane; the composition root hands it to this level alone. */
export interface ControlPlane {
  system<T>(fn: (transaction: SystemTransaction) => Promise<T>, options?: ReadTransactionOptions): Promise<T>;
}
