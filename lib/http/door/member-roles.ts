/** The roles of members, kept for a stated time. */
import type { Database } from "../../database.js";
import { tenantryError } from "../../errors/index.js";
import { membersCachedLongestMs, membersCachedMax } from "../../limits/index.js";
import type { TenantId } from "../../tenant/index.js";

interface Kept {
  readonly roles: readonly string[] | undefined;
  readonly until: number;
}

/** Looks members up, or remembers what it found. */
export class MemberRoles {
  readonly #db: Database;
  readonly #keptMs: number;
  readonly #kept = new Map<string, Kept>();

  /** @throws AUTHENTICATOR_OPTION_INVALID */
  constructor(db: Database, keptMs: number) {
    if (!(keptMs >= 0 && keptMs <= membersCachedLongestMs)) {
      const reason = `not milliseconds from 0 to ${membersCachedLongestMs}`;
      throw tenantryError("AUTHENTICATOR_OPTION_INVALID", { option: "membersCacheMs", reason });
    }
    this.#db = db;
    this.#keptMs = keptMs;
  }

  /** The roles of a member; undefined for who is none. */
  async of(tenant: TenantId, subject: string): Promise<readonly string[] | undefined> {
    const name = `${tenant}${subject}`;
    const now = performance.now();
    const kept = this.#kept.get(name);
    if (kept !== undefined && now < kept.until) return kept.roles;
    const roles = (await this.#db.tenant(tenant).members.get(subject))?.roles;
    if (this.#keptMs > 0) this.#keep(name, { roles, until: now + this.#keptMs });
    return roles;
  }

  #keep(name: string, kept: Kept): void {
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    if (this.#kept.size <= membersCachedMax) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }
}
