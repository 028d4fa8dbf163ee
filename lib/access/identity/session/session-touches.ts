/** Touches: that sessions were used, written together a moment later. */
import { sessionTouchDelayMs, sessionTouchesMax } from "../../../limits/index.js";
import type { Clock } from "../../../observe/index.js";
import type { TenantId } from "../../../tenant/index.js";
import { callTerms, siblings, type TransactionRunner } from "../../../transaction/index.js";
import { sessionKey } from "./session-keys.js";
import { encodeSession, readSession } from "./session-record.js";

/** The sessions of a database that were used and are not yet written so. */
export class SessionTouches {
  readonly #clock: Clock;
  readonly #waiting = new Map<TenantId, Map<string, { readonly id: Uint8Array; readonly at: number }>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a use. Those of a tenant within `sessionTouchDelayMs` are one transaction; more than fit into it are dropped. */
  add(tenantId: TenantId, runner: TransactionRunner, id: Uint8Array, at: number): void {
    let waiting = this.#waiting.get(tenantId);
    if (waiting === undefined) {
      waiting = new Map();
      this.#waiting.set(tenantId, waiting);
      this.#clock.after(sessionTouchDelayMs, () => void this.#write(tenantId, runner.onBehalfOf(undefined)));
    }
    const name = Buffer.from(id).toString("latin1");
    if (waiting.size < sessionTouchesMax || waiting.has(name)) waiting.set(name, { id, at });
  }

  async #write(tenantId: TenantId, runner: TransactionRunner): Promise<void> {
    const touches = [...(this.#waiting.get(tenantId)?.values() ?? [])];
    this.#waiting.delete(tenantId);
    try {
      await runner.transactOwn(
        tenantId,
        async (transaction) => {
          await siblings(
            touches.map(async ({ id, at }) => {
              const key = sessionKey(id);
              const bytes = await transaction.get(key);
              // One that was revoked meanwhile stays so: its key is under a conflict.
              if (bytes === undefined) return;
              const session = readSession(id, bytes);
              if (session !== undefined && at > session.seenAt)
                transaction.set(key, encodeSession({ ...session, seenAt: at }));
            }),
          );
        },
        callTerms("touchSessions"),
      );
    } catch {
      // The database closes, or the tenant takes no writes: the next use tries again.
    }
  }
}
