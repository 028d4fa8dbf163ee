/** The registry's writes: a tenant's record with all that finds it and the entry of its trail, in one transaction. */
import {
  AuditKey,
  auditSecretBytes,
  decodeAuditSecret,
  encodeAuditSecret,
  encodeEntry,
  newEntryKey,
  type StoredEntry,
} from "../audit/index.js";
import { tenantryError } from "../errors/index.js";
import { auditSecretKey, type ControlKeys } from "../keyspace/index.js";
import type { Clock, Random } from "../observe/index.js";
import { parseTenantId, type TenantAct, type TenantId, type TenantRecord, tenantStates } from "../tenant/index.js";
import { callTerms, type SystemTransaction } from "../transaction/index.js";
import type { ControlPlane } from "./control-plane.js";
import { assertOperator } from "./options.js";

/** The record without the fields that are undefined. */
export const defined = (record: TenantRecord): TenantRecord =>
  // Those that have to be there are: only others can be undefined.
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as unknown as TenantRecord;

/** All external keys of a tenant. */
export const externalKeysOf = (record: TenantRecord | undefined): ReadonlySet<string> =>
  new Set([...(record?.externalKey === undefined ? [] : [record.externalKey]), ...(record?.externalKeys ?? [])]);

/** Eight bytes, little-endian, as the engines' `max` compares them. */
function clockBytes(ms: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(ms), true);
  return bytes;
}

/** Who does what and why, as the trail keeps it. */
export interface SealedAct {
  readonly subject: Uint8Array | undefined;
  readonly reason: Uint8Array | undefined;
}

/** Adds an entry to the trail of a tenant's present incarnation. */
export function addEntry(transaction: SystemTransaction, tenant: TenantRecord, entry: StoredEntry): void {
  transaction.trailOf(tenant).setVersionstampedKey(newEntryKey(0), encodeEntry(entry));
}

/** Who acts and why, in words. */
export type Said = Pick<TenantAct, "by" | "reason">;

const nothingSaid: Said = { by: undefined, reason: undefined };

/** Changes tenants' records. */
export class Registry {
  readonly control: ControlPlane;
  readonly keys: ControlKeys;
  readonly clock: Clock;
  readonly #random: Random;

  constructor(control: ControlPlane, keys: ControlKeys, clock: Clock, random: Random) {
    this.control = control;
    this.keys = keys;
    this.clock = clock;
    this.#random = random;
  }

  /** Seals who acts and why, under the tenant's secret, which is made when it is first needed. One get, if any. */
  async seal(transaction: SystemTransaction, id: TenantId, { by, reason }: Said): Promise<SealedAct> {
    if (by === undefined && reason === undefined) return { subject: undefined, reason: undefined };
    const own = transaction.actAsTenant(id);
    let secret = decodeAuditSecret(await own.get(auditSecretKey()));
    if (secret === undefined) {
      secret = this.#random.bytes(auditSecretBytes);
      own.set(auditSecretKey(), encodeAuditSecret(secret));
    }
    const key = new AuditKey(secret);
    return {
      subject: by === undefined ? undefined : key.sealSubject(by),
      reason: reason === undefined ? undefined : key.seal("reason", reason),
    };
  }

  /**
   * Changes a tenant's record into what `revise` makes of it; its revision is counted here. A record that `revise`
   * gives back as it was is not written. Two or three gets.
   *
   * @throws TENANT_UNKNOWN, TENANT_MOVE_INVALID, and what `revise` throws: nothing is written then.
   */
  async change(
    id: TenantId,
    act: TenantAct,
    revise: (record: TenantRecord, transaction: SystemTransaction) => TenantRecord | Promise<TenantRecord>,
  ): Promise<TenantRecord> {
    const known = parseTenantId(id);
    assertOperator(act.by, act.reason);
    return await this.control.system(
      async (transaction) => {
        const before = await transaction.getTenant(known);
        if (before === undefined) throw tenantryError("TENANT_UNKNOWN", {});
        const revised = await revise(before, transaction);
        if (revised === before) return before;
        const after = { ...revised, revision: before.revision + 1 };
        if (after.state !== before.state && !tenantStates[before.state].next.includes(after.state)) {
          throw tenantryError("TENANT_MOVE_INVALID", { from: before.state, to: after.state });
        }
        // Nobody can read an erasing entry: the key to it goes with the data.
        const said = after.state === "erased" ? nothingSaid : act;
        const sealed = await this.seal(transaction, known, said);
        this.store(transaction, before, after, { ...sealed, operation: act.operation, quota: act.quota });
        return after;
      },
      callTerms(act.operation, undefined, act.signal),
    );
  }

  /** Stores a record, brings up to date what finds it, and adds the entry to its trail. */
  store(
    transaction: SystemTransaction,
    before: TenantRecord | undefined,
    after: TenantRecord,
    act: SealedAct & Pick<TenantAct, "operation" | "quota">,
  ): void {
    const { keys } = this;
    transaction.putTenant(after);
    if (before !== undefined && before.name !== after.name) transaction.clear(keys.nameKey(before.name, before.id));
    // Also of a record of the first format, which was stored without.
    if (after.name !== "") transaction.set(keys.nameKey(after.name, after.id), new Uint8Array());
    const [had, has] = [externalKeysOf(before), externalKeysOf(after)];
    for (const key of had) if (!has.has(key)) transaction.clear(keys.externalKey(key));
    for (const key of has) if (!had.has(key)) transaction.set(keys.externalKey(key), keys.externalKeyValue(after.id));
    this.#storeJobs(transaction, before, after);
    const now = this.clock.now();
    transaction.atomic("max", keys.metaKey("clock"), clockBytes(now));
    const { subject, reason, operation, quota } = act;
    const moved = { from: before?.state, to: after.state, reason, quota };
    addEntry(transaction, after, { kind: "tenant", at: now, subject, request: undefined, operation, ...moved });
  }

  /**
   * The latest time any process saw when it changed a tenant, and at least this process's own: what periods are counted
   * from, so that a clock that stepped back shortens none. One get.
   */
  async latestTime(transaction: SystemTransaction): Promise<number> {
    const bytes = await transaction.get(this.keys.metaKey("clock"), { snapshot: true });
    const stored = bytes?.length === 8 ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true) : 0n;
    return Math.max(this.clock.now(), Number(stored));
  }

  #storeJobs(transaction: SystemTransaction, before: TenantRecord | undefined, after: TenantRecord): void {
    const { keys } = this;
    const { id } = after;
    // It stays while the tenant is retired: one that was given up half made is not resumed.
    if (after.state === "provisioning") transaction.set(keys.jobKey("provisioning", id), new Uint8Array());
    else if (before?.state === "provisioning" ? after.state === "active" : after.state === "erased") {
      transaction.clear(keys.jobKey("provisioning", id));
    }
    if (before?.eraseAfter !== undefined) transaction.clear(keys.jobKey("erasure", id, before.eraseAfter));
    if (after.eraseAfter !== undefined) transaction.set(keys.jobKey("erasure", id, after.eraseAfter), new Uint8Array());
  }
}
