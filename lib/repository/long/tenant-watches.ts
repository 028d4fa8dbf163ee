/** How many watches each tenant holds in this process, so that one tenant does not use up what the engine has for all. */
import { tenantryError } from "../../errors/index.js";
import { watchesPerTenantMax } from "../../limits/index.js";
import type { TenantId } from "../../tenant/index.js";

/** Shared by the repositories of one database. */
export class TenantWatches {
  /** Of those that hold any. */
  readonly #held = new Map<TenantId, number>();

  /**
   * Counts one watch more of a tenant's, until the function it gives is called; again, that does nothing.
   *
   * @throws TENANT_WATCHES_TOO_MANY
   */
  take(id: TenantId): () => void {
    const held = this.#held.get(id) ?? 0;
    if (held >= watchesPerTenantMax) throw tenantryError("TENANT_WATCHES_TOO_MANY", { watchesPerTenantMax });
    this.#held.set(id, held + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#held.get(id) ?? 1) - 1;
      if (left > 0) this.#held.set(id, left);
      else this.#held.delete(id);
    };
  }
}
