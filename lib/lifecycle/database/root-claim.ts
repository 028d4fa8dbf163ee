/** Roots of databases in one store: none lies inside another's, where it would be part of what the other scans and clears. */
import { tenantryError } from "../../errors/index.js";
import { callTerms } from "../../transaction/index.js";
import type { ControlPlane } from "../control-plane.js";

const reasons = {
  around: "it lies inside the root of another database in the store",
  inside: "another database, or keys that are no database's, lie inside it",
} as const;

/**
 * Takes the root for a database: one get; the first time also one for each element in front of its last, three range
 * reads and a write.
 *
 * @throws DATABASE_OPTION_INVALID when another database's root lies around it or inside it
 */
export async function claimRoot(control: ControlPlane): Promise<void> {
  const found = await control.system((transaction) => transaction.claimRoot(), callTerms("open"));
  if (found !== undefined) throw tenantryError("DATABASE_OPTION_INVALID", { option: "root", reason: reasons[found] });
}
