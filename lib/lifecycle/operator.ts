/** Operators: the way into a tenant whose state shuts others out, with an entry in its trail. */

import { tenantryError } from "../errors/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import { parseTenantId, type TenantId, tenantStates } from "../tenant/index.js";
import { callTerms } from "../transaction/index.js";
import { assertOperator } from "./options.js";
import { addEntry, type Registry } from "./registry.js";

/**
 * Who goes into a tenant as an operator, and why: both are audited.
 *
 * @example
 * ```ts
 * import type { Database, OperatorEntrance, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const entrance: OperatorEntrance = { by: "ann@ops", reason: "incident 12: duplicate invoices" };
 * const tenant = await db.operator(id, entrance);
 * ```
 */
export interface OperatorEntrance {
  /** 1 to 512 bytes of UTF-8. */
  readonly by: string;
  /** 1 to 1,024 bytes of UTF-8. */
  readonly reason: string;
  readonly signal?: AbortSignal | undefined;
}

const entranceNames = optionNames<OperatorEntrance>({ by: true, reason: true, signal: true });

/**
 * Writes down that an operator goes in; only then may it be. Gives who that is.
 *
 * @throws TENANT_UNKNOWN, TENANT_OPTION_INVALID, TENANT_UNAVAILABLE for an erased tenant.
 */
export async function enterAsOperator(registry: Registry, id: TenantId, entrance: OperatorEntrance): Promise<string> {
  const known = parseTenantId(id);
  const { by, reason, signal } = takeOptions(entrance, entranceNames, "operator");
  // Given as options that may be absent, they are asked for here.
  assertOperator(by ?? "", reason ?? "");
  await registry.control.system(
    async (transaction) => {
      const tenant = await transaction.getTenant(known);
      if (tenant === undefined) throw tenantryError("TENANT_UNKNOWN", {});
      if (!tenantStates[tenant.state].operatorReads) throw tenantryError("TENANT_UNAVAILABLE", {});
      const sealed = await registry.seal(transaction, known, { by, reason });
      addEntry(transaction, tenant, {
        kind: "operator",
        at: registry.clock.now(),
        request: undefined,
        operation: "enter",
        ...sealed,
      });
    },
    callTerms("operator", undefined, signal),
  );
  return by;
}
