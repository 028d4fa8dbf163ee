/** Retention: old entries are dropped up to a seal, and a checkpoint vouches for them from then on. */

import { checkpointKey, decodeSeal, entryKey, sealKey } from "../audit/index.js";
import { tenantryError } from "../errors/index.js";
import type { Clock } from "../observe/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import type { TenantId } from "../tenant/index.js";
import { callTerms } from "../transaction/index.js";
import { keyAfter } from "../tuple/index.js";
import { timeGiven } from "./audit-entry.js";
import { type AuditHead, takeHead } from "./sealer.js";
import { entriesRange, type Incarnation, incarnationsOf, isSame, sealsRange, type TrailRows } from "./trail-rows.js";
import type { Verifier } from "./verifier.js";

/**
 * Which entries are dropped.
 *
 * @example
 * ```ts
 * import type { AuditPruneOptions, Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const options: AuditPruneOptions = { before: Date.now() - 365 * 86_400_000 };
 * const dropped = await db.audit.prune(id, options);
 * ```
 */
export interface AuditPruneOptions {
  /** Entries that were sealed before this time: a Date, or milliseconds since 1970. */
  readonly before: Date | number;
  /** An earlier head, by which it shows that the end was cut off: the trail is verified first. */
  readonly head?: AuditHead | undefined;
  readonly signal?: AbortSignal | undefined;
}

const pruneNames = optionNames<AuditPruneOptions>({ before: true, head: true, signal: true });

export class Retention {
  readonly #rows: TrailRows;
  readonly #verifier: Verifier;
  readonly #clock: Clock;

  constructor(rows: TrailRows, verifier: Verifier, clock: Clock) {
    this.#rows = rows;
    this.#verifier = verifier;
    this.#clock = clock;
  }

  /** Drops what may go; how many entries that were. */
  async prune(id: TenantId, options: AuditPruneOptions): Promise<number> {
    const { before, head, signal } = takeOptions(options, pruneNames, "prune");
    const time = timeGiven("before", before);
    // What was tampered with is evidence: it is not swept away.
    const { intact } = await this.#verifier.verify(id, takeHead(head), signal);
    if (!intact) throw tenantryError("AUDIT_TRAIL_BROKEN", {});
    const { record } = await this.#rows.tenant(id, signal);
    let dropped = 0;
    for (const incarnation of incarnationsOf(record)) dropped += await this.#prune(incarnation, time, signal);
    return dropped;
  }

  async #prune(incarnation: Incarnation, time: number, signal: AbortSignal | undefined): Promise<number> {
    let last: Uint8Array | undefined;
    for await (const [, value] of this.#rows.rows(incarnation, sealsRange(), { signal })) {
      if (decodeSeal(value).at >= time) break;
      last = value;
    }
    if (last === undefined) return 0;
    const stored = last;
    const seal = decodeSeal(stored);
    const chain = await this.#rows.currentChain(incarnation);
    return await this.#rows.control.system(
      async (transaction) => {
        const trail = transaction.trailOf(incarnation);
        const checkpoint = await trail.get(checkpointKey());
        const droppedBefore = checkpoint === undefined ? 0 : decodeSeal(checkpoint).count;
        if (droppedBefore >= seal.count) return 0;
        // The verifier has seen it; read again, it is still there at the commit.
        if (!isSame(await trail.get(sealKey(seal.count)), stored)) return 0;
        trail.set(checkpointKey(), chain.encode("checkpoint", seal, this.#clock.now()));
        trail.clearRange({ begin: entriesRange().begin, end: keyAfter(entryKey(seal.stamp)) });
        trail.clearRange({ begin: sealsRange().begin, end: keyAfter(sealKey(seal.count)) });
        return seal.count - droppedBefore;
      },
      callTerms("pruneAudit", undefined, signal),
    );
  }
}
