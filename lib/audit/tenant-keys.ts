/** The audit keys of tenants that a process holds, and how each comes to be. */
import { auditKeysCachedMax } from "../limits/index.js";
import type { Random } from "../observe/index.js";
import type { TenantRecord } from "../tenant/index.js";
import { type Operation, type TenantTransaction, valueAt } from "../transaction/index.js";
import { AuditKey, auditSecretBytes, decodeAuditSecret, encodeAuditSecret } from "./tenant-key.js";

/** Keys by tenant and incarnation: what was moved or restored has the secret it was stored with. */
export class AuditKeys {
  /** In the order of last use. */
  readonly #kept = new Map<string, AuditKey>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * The key of a tenant. Cached, or one get of `at` in the caller's transaction, which writes a fresh secret there when
   * there is none: two that do so at once conflict.
   */
  *of(tenant: TenantRecord, transaction: TenantTransaction, at: Uint8Array): Operation<AuditKey> {
    const name = `${tenant.id} ${tenant.incarnation}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined) {
      this.#keep(name, kept);
      return kept;
    }
    const stored = decodeAuditSecret(yield* valueAt(at));
    if (stored !== undefined) {
      const key = new AuditKey(stored);
      this.#keep(name, key);
      return key;
    }
    const secret = this.#random.bytes(auditSecretBytes);
    const key = new AuditKey(secret);
    transaction.set(at, encodeAuditSecret(secret));
    transaction.afterCommit(() => this.#keep(name, key));
    return key;
  }

  #keep(name: string, key: AuditKey): void {
    this.#kept.delete(name);
    this.#kept.set(name, key);
    if (this.#kept.size <= auditKeysCachedMax) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      break;
    }
  }
}
