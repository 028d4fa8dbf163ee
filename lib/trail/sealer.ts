/** The sealer: chains the entries of a trail in the order of their stamps, after they were written. */

import { type AuditChain, type ChainPoint, entryStamp, sealKey } from "../audit/index.js";
import { auditSealEntriesMax } from "../limits/index.js";
import type { Clock } from "../observe/index.js";
import { optionNames, takeNamed } from "../options/index.js";
import type { TenantId } from "../tenant/index.js";
import { callTerms } from "../transaction/index.js";
import { entriesAfter, type Incarnation, incarnationsOf, isSame, lastSeal, type TrailRows } from "./trail-rows.js";

/**
 * How far a tenant's trail is sealed: plain data, to be kept where whoever can write the database cannot.
 *
 * @example
 * ```ts
 * import type { AuditHead, Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * declare const archive: { append(line: string): Promise<void> };
 * const head: AuditHead = await db.audit.seal(id);
 * await archive.append(JSON.stringify(head));
 * ```
 */
export interface AuditHead {
  readonly tenant: TenantId;
  readonly incarnation: number;
  /** Entries sealed so far. */
  readonly entries: number;
  /** What the chain has come to, in hexadecimal. */
  readonly link: string;
}

const headNames = optionNames<AuditHead>({ tenant: true, incarnation: true, entries: true, link: true });

/** A copy of a head that was kept somewhere. @throws OPTIONS_INVALID */
export const takeHead = (head: AuditHead | undefined): AuditHead | undefined =>
  head === undefined ? undefined : takeNamed(head, headNames, "head");

export const headOf = ({ id, incarnation }: Incarnation, { count, link }: ChainPoint): AuditHead => ({
  tenant: id,
  incarnation,
  entries: count,
  link: Buffer.from(link).toString("hex"),
});

/** What a batch goes on from. */
interface SealedSoFar {
  readonly stored: Uint8Array | undefined;
  readonly point: ChainPoint;
  readonly chain: AuditChain;
}

export class Sealer {
  readonly #rows: TrailRows;
  readonly #clock: Clock;

  constructor(rows: TrailRows, clock: Clock) {
    this.#rows = rows;
    this.#clock = clock;
  }

  async seal(id: TenantId, signal: AbortSignal | undefined): Promise<AuditHead> {
    const { record } = await this.#rows.tenant(id, signal);
    let head: AuditHead | undefined;
    for (const incarnation of incarnationsOf(record)) head = await this.#seal(incarnation, signal);
    // There is a first incarnation.
    return head ?? (await this.#seal(record, signal));
  }

  async #seal(incarnation: Incarnation, signal: AbortSignal | undefined): Promise<AuditHead> {
    for (;;) {
      // Keys are looked up outside of transactions: that may take one of its own.
      const stored = await this.#rows.lastSeal(incarnation, signal);
      const point = await this.#rows.sealedUpTo(incarnation, stored);
      const chain = await this.#rows.currentChain(incarnation);
      const sealed = await this.#sealSome(incarnation, { stored, point, chain }, signal);
      if (sealed !== undefined && !sealed.more) return headOf(incarnation, sealed.point);
    }
  }

  /**
   * What was committed up to the transaction's read version is there, and whatever commits later has a later stamp: so
   * nothing can come in between. Entries are read without a conflict, the last seal with one: of two sealers one finds
   * that the other was there, and gets undefined.
   */
  #sealSome(
    incarnation: Incarnation,
    { stored, point, chain }: SealedSoFar,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly point: ChainPoint; readonly more: boolean } | undefined> {
    return this.#rows.control.system(
      async (transaction) => {
        const trail = transaction.trailOf(incarnation);
        if (!isSame(await lastSeal(trail), stored)) return undefined;
        const { rows, more } = await trail.getRange(entriesAfter(point), {
          limit: auditSealEntriesMax,
          snapshot: true,
        });
        if (rows.length === 0) return { point, more: false };
        let sealed = point;
        for (const [key, value] of rows) sealed = chain.next(sealed, entryStamp(key), value);
        trail.set(sealKey(sealed.count), chain.encode("seal", sealed, this.#clock.now(), point.count));
        return { point: sealed, more };
      },
      callTerms("sealAudit", undefined, signal),
    );
  }
}
