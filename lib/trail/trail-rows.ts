/** Rows of audit trails, of any number, in transactions of a bounded size; and what every reader of a trail asks first. */
import {
  AuditChain,
  AuditKey,
  type ChainPoint,
  type ChainSeal,
  chainBegin,
  checkpointKey,
  decodeAuditSecret,
  decodeSeal,
  entryKey,
  trailParts,
} from "../audit/index.js";
import { tenantryError } from "../errors/index.js";
import { own } from "../intrinsics/index.js";
import { auditSecretKey } from "../keyspace/index.js";
import type { ControlPlane } from "../lifecycle/index.js";
import type { CursorKeyring } from "../repository/index.js";
import { parseTenantId, type TenantId, type TenantRecord } from "../tenant/index.js";
import { callTerms, type RelativeRange, type TenantTransaction } from "../transaction/index.js";
import { equalBytes, keyAfter, pack, tupleRange } from "../tuple/index.js";

/** One incarnation of a tenant: a trail is in as many parts. */
export type Incarnation = Pick<TenantRecord, "id" | "incarnation">;

/** A row of a trail, its key relative to the trail. */
export type TrailRow = readonly [key: Uint8Array, value: Uint8Array];

const partRange = (part: number): RelativeRange => tupleRange(pack([part]));

/** All entries. */
export const entriesRange = (): RelativeRange => partRange(trailParts.entries);

/** All seals. */
export const sealsRange = (): RelativeRange => partRange(trailParts.seals);

/** The entries after a place in the chain. */
export const entriesAfter = ({ stamp }: Pick<ChainPoint, "stamp">): RelativeRange => {
  const { begin, end } = entriesRange();
  return { begin: stamp.length === 0 ? begin : keyAfter(entryKey(stamp)), end };
};

/** The last seal of a trail, or its checkpoint, or its beginning, as stored; conflicts with whoever writes another. */
export async function lastSeal(trail: TenantTransaction): Promise<Uint8Array | undefined> {
  const { rows } = await trail.getRange(sealsRange(), { limit: 1, reverse: true });
  return rows[0]?.[1] ?? (await trail.get(checkpointKey()));
}

/** Whether two values, or their absences, are the same. */
export const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);

/** The ways into trails that sealing, verifying and reading share. */
export class TrailRows {
  readonly control: ControlPlane;
  readonly #keyring: CursorKeyring;

  constructor(control: ControlPlane, keyring: CursorKeyring) {
    this.control = control;
    this.#keyring = keyring;
  }

  /** The tenant's record, and the key of its audit trail unless that was erased. @throws TENANT_UNKNOWN */
  async tenant(
    id: TenantId,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly record: TenantRecord; readonly key: AuditKey | undefined }> {
    const known = parseTenantId(id);
    return await this.control.system(
      async (transaction) => {
        const record = await transaction.getTenant(known);
        if (record === undefined) throw tenantryError("TENANT_UNKNOWN", {});
        const secret = decodeAuditSecret(await transaction.actAsTenant(known).get(auditSecretKey()));
        return { record, key: secret === undefined ? undefined : new AuditKey(secret) };
      },
      callTerms("audit", undefined, signal),
    );
  }

  /** The chain under the key that seals now. */
  async currentChain({ id, incarnation }: Incarnation): Promise<AuditChain> {
    return new AuditChain(await this.#keyring.current(), id, incarnation);
  }

  /** The seal of stored bytes, when it was made with a key that is known. */
  async vouched(
    role: "seal" | "checkpoint",
    { id, incarnation }: Incarnation,
    bytes: Uint8Array,
  ): Promise<{ readonly seal: ChainSeal; readonly chain: AuditChain } | undefined> {
    let seal: ChainSeal;
    try {
      seal = decodeSeal(bytes);
    } catch {
      return undefined;
    }
    const key = await this.#keyring.find(seal.keyId);
    if (key === undefined) return undefined;
    const chain = new AuditChain(key, id, incarnation);
    return chain.vouches(role, bytes) ? { seal, chain } : undefined;
  }

  /** What {@link lastSeal} finds. */
  lastSeal(incarnation: Incarnation, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    return this.control.system(
      (transaction) => lastSeal(transaction.trailOf(incarnation)),
      callTerms("audit", undefined, signal),
    );
  }

  /** The place a trail is sealed up to. @throws AUDIT_TRAIL_BROKEN when what is stored of it is not to be believed. */
  async sealedUpTo(incarnation: Incarnation, stored: Uint8Array | undefined): Promise<ChainPoint & Partial<ChainSeal>> {
    if (stored === undefined) return chainBegin;
    const vouched =
      (await this.vouched("seal", incarnation, stored)) ?? (await this.vouched("checkpoint", incarnation, stored));
    if (vouched === undefined) throw tenantryError("AUDIT_TRAIL_BROKEN", {});
    return vouched.seal;
  }

  /** Rows of a range of a trail, in the order of their keys or the reverse. */
  async *rows(
    incarnation: Incarnation,
    range: RelativeRange,
    options: { readonly reverse?: boolean | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<TrailRow, undefined, undefined> {
    const reverse = own(options, "reverse") === true;
    const signal = own(options, "signal");
    let { begin, end } = range;
    for (;;) {
      const part = { begin, end };
      const { rows, more } = await this.control.system(
        (transaction) => transaction.trailOf(incarnation).getRange(part, { snapshot: true, reverse, limit: 1_000 }),
        callTerms("audit", undefined, signal),
      );
      yield* rows;
      const last = rows.at(-1);
      if (!more || last === undefined) return;
      if (reverse) end = last[0];
      else begin = keyAfter(last[0]);
    }
  }
}

/** All incarnations a tenant has had, the first one first. */
export const incarnationsOf = ({ id, incarnation }: TenantRecord): Incarnation[] =>
  Array.from({ length: incarnation }, (_, at) => ({ id, incarnation: at + 1 }));
