/** The verifier: goes over a trail from its beginning, and says what does not fit its seals. */

import { chainBegin, checkpointKey, sealKey } from "../audit/index.js";
import { tenantryError } from "../errors/index.js";
import { auditVerifyAttemptsMax } from "../limits/index.js";
import { optionNames } from "../options/index.js";
import type { TenantId } from "../tenant/index.js";
import { callTerms } from "../transaction/index.js";
import { compareBytes, equalBytes, keyAfter } from "../tuple/index.js";
import { type AuditHead, headOf } from "./sealer.js";
import { entriesRange, type Incarnation, incarnationsOf, isSame, sealsRange, type TrailRows } from "./trail-rows.js";
import { type AuditFinding, Peekable, skipDropped, VerifyingPass } from "./verifying-pass.js";

/**
 * How a trail is verified.
 *
 * @example
 * ```ts
 * import type { AuditHead, AuditVerifyOptions, Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * declare const kept: AuditHead;
 * const options: AuditVerifyOptions = { head: kept, signal: AbortSignal.timeout(60_000) };
 * const { intact } = await db.audit.verify(id, options);
 * ```
 */
export interface AuditVerifyOptions {
  /** What an earlier `seal` gave: by it, it shows that the end was cut off, or all of it written anew. */
  readonly head?: AuditHead | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const verifyNames = optionNames<AuditVerifyOptions>({ head: true, signal: true });

/**
 * What came of verifying a trail.
 *
 * @example
 * ```ts
 * import type { AuditReport, Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const { intact, findings, unsealed }: AuditReport = await db.audit.verify(id);
 * if (!intact) console.error("the audit trail was tampered with", findings);
 * if (unsealed.entries > 1_000) await db.audit.seal(id);
 * ```
 */
export interface AuditReport {
  /** Whether nothing was found. */
  readonly intact: boolean;
  readonly findings: readonly AuditFinding[];
  /** Entries that were verified. */
  readonly verified: number;
  /** Entries that were dropped by retention, as checkpoints vouch for. */
  readonly dropped: number;
  /** The tail that no seal covers yet: of it nothing can be told. */
  readonly unsealed: { readonly entries: number; readonly since: number | undefined };
  /** How far the trail is sealed; undefined when not at all. */
  readonly head: AuditHead | undefined;
}

interface Verified {
  readonly findings: AuditFinding[];
  readonly verified: number;
  readonly dropped: number;
  readonly unsealed: number;
  readonly since: number | undefined;
  readonly head: AuditHead | undefined;
}

export class Verifier {
  readonly #rows: TrailRows;

  constructor(rows: TrailRows) {
    this.#rows = rows;
  }

  async verify(id: TenantId, head: AuditHead | undefined, signal: AbortSignal | undefined): Promise<AuditReport> {
    const { record } = await this.#rows.tenant(id, signal);
    if (head !== undefined && (head.tenant !== record.id || !(head.incarnation <= record.incarnation))) {
      throw tenantryError("AUDIT_OPTION_INVALID", { option: "head", reason: "not of this tenant" });
    }
    const parts: Verified[] = [];
    for (const incarnation of incarnationsOf(record)) {
      const own = head?.incarnation === incarnation.incarnation ? head : undefined;
      parts.push(await this.#verify(incarnation, own, signal));
    }
    const findings = parts.flatMap((part) => part.findings);
    const sum = (of: (part: Verified) => number): number => parts.reduce((total, part) => total + of(part), 0);
    return {
      intact: findings.length === 0,
      findings,
      verified: sum((part) => part.verified),
      dropped: sum((part) => part.dropped),
      unsealed: { entries: sum((part) => part.unsealed), since: parts.find(({ since }) => since !== undefined)?.since },
      head: parts.at(-1)?.head,
    };
  }

  async #verify(
    incarnation: Incarnation,
    head: AuditHead | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Verified> {
    const checkpoint = (): Promise<Uint8Array | undefined> =>
      this.#rows.control.system(
        (transaction) => transaction.trailOf(incarnation).get(checkpointKey()),
        callTerms("verifyAudit", undefined, signal),
      );
    for (let attempt = 1; ; attempt++) {
      const before = await checkpoint();
      const verified = await this.#pass(incarnation, before, head, signal);
      const after = await checkpoint();
      // Entries dropped meanwhile would look removed.
      if (isSame(before, after) || attempt >= auditVerifyAttemptsMax) return verified;
    }
  }

  async #pass(
    incarnation: Incarnation,
    checkpoint: Uint8Array | undefined,
    head: AuditHead | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Verified> {
    const vouched =
      checkpoint === undefined ? undefined : await this.#rows.vouched("checkpoint", incarnation, checkpoint);
    const begin = vouched?.seal ?? chainBegin;
    // Read before any entry: what a seal stands for was there before it.
    const last = await this.#lastSealKey(incarnation, signal);
    const entries = new Peekable(this.#rows.rows(incarnation, entriesRange(), { signal }));
    const pass = new VerifyingPass(incarnation, begin, entries, head);
    if (checkpoint !== undefined && vouched === undefined) pass.find("checkpoint");
    if (vouched !== undefined) await skipDropped(entries, begin, pass);
    let sealed = vouched === undefined ? undefined : headOf(incarnation, begin);
    const seals = { begin: keyAfter(sealKey(begin.count)), end: last === undefined ? undefined : keyAfter(last) };
    if (seals.end !== undefined && compareBytes(seals.begin, seals.end) < 0) {
      const range = { begin: seals.begin, end: seals.end };
      /** Where the seal stands that the next one has to name; undefined behind one that cannot be believed. */
      let before: number | undefined = begin.count;
      for await (const [key, value] of this.#rows.rows(incarnation, range, { signal })) {
        const found = await this.#rows.vouched("seal", incarnation, value);
        if (found === undefined || !equalBytes(key, sealKey(found.seal.count))) {
          pass.find("seal");
          before = undefined;
        } else {
          const { previous } = found.seal;
          if (previous !== undefined && before !== undefined && previous !== before)
            pass.find("seal", found.seal.stamp);
          before = found.seal.count;
          await pass.goTo(found.seal, found.chain);
          sealed = headOf(incarnation, found.seal);
        }
      }
    }
    await pass.finish();
    const { findings, verified, unsealed, since } = pass;
    return { findings, verified, dropped: begin.count, unsealed, since, head: sealed };
  }

  #lastSealKey(incarnation: Incarnation, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    return this.#rows.control.system(
      async (transaction) => {
        const { rows } = await transaction.trailOf(incarnation).getRange(sealsRange(), { limit: 1, reverse: true });
        return rows[0]?.[0];
      },
      callTerms("verifyAudit", undefined, signal),
    );
  }
}
