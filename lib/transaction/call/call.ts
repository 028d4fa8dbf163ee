/** One call of a runner. */
import type { TenantId } from "../../tenant/index.js";
import type { Actor } from "./actor.js";
import type { CallTerms } from "./call-terms.js";

export interface Call {
  readonly kind: "transact" | "read" | "system";
  readonly tenantId: TenantId | undefined;
  readonly terms: CallTerms;
  readonly actor: Actor;
}
