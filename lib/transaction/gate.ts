/** The gate: what each tenant's state permits, cached for as long as the metadata version stays the same. */
import type { EngineTransaction } from "../engine/index.js";
import { tenantryError } from "../errors/index.js";
import { TenantGuard, type ViolationLog } from "../guard/index.js";
import { type Keyspace, metadataVersionKey } from "../keyspace/index.js";
import { tenantStatesCachedMax } from "../limits/index.js";
import type { Random } from "../observe/index.js";
import { decodeTenantRecord, type TenantId, type TenantRecord, tenantStates } from "../tenant/index.js";
import { equalBytes, keyAfter } from "../tuple/index.js";
import { MarkerSlots, tenantMarkers } from "./run/index.js";
import type { KnownStates } from "./view/index.js";

/** What a process keeps of a tenant between transactions. */
export interface TenantSeat {
  readonly guard: TenantGuard;
  readonly slots: MarkerSlots;
  /** The key of the tenant's record in the registry, and the first key after it. */
  readonly stateKey: Uint8Array;
  readonly stateKeyEnd: Uint8Array;
}

/** A tenant as one transaction sees it. */
export interface Admission {
  readonly seat: TenantSeat;
  /** Undefined for an unknown tenant: it reads as an empty one, and takes no writes. */
  readonly record: TenantRecord | undefined;
  /** The states of entities read so far, by the transactions that have this admission. */
  readonly states: KnownStates;
}

interface KnownTenant extends TenantSeat {
  /** The metadata version under which `admission` was read. */
  version: Uint8Array | undefined;
  admission: Admission | undefined;
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);

/** Admits transactions to tenants. */
export class TenantGate {
  readonly #keyspace: Keyspace;
  readonly #violations: ViolationLog;
  readonly #random: Random;
  readonly #metadataKey = metadataVersionKey();
  /** In the order of last use. */
  readonly #known = new Map<TenantId, KnownTenant>();
  #latest: { readonly id: TenantId; readonly tenant: KnownTenant } | undefined;

  constructor(keyspace: Keyspace, violations: ViolationLog, random: Random) {
    this.#keyspace = keyspace;
    this.#violations = violations;
    this.#random = random;
  }

  /** Without a transaction: what does not depend on the tenant's state. */
  seat(id: TenantId): TenantSeat {
    return this.#tenant(id);
  }

  /**
   * For whoever is not verified to come from the tenant: nothing is remembered of being asked, so that ids that somebody
   * made up push nobody out.
   */
  stranger(id: TenantId): TenantGuard {
    return this.#known.get(id)?.guard ?? new TenantGuard(this.#keyspace.tenant(id), this.#violations);
  }

  /** The tenant as the last transaction saw it. */
  known(id: TenantId): TenantRecord | undefined {
    return this.#tenant(id).admission?.record;
  }

  /**
   * Lets a transaction in. One snapshot read of the metadata version; only when that changed, one of the tenant's
   * record. What was read is right at the transaction's read version, whatever changes later: {@link admitWrites}.
   *
   * @param operator Whether an operator asks, whom more states let in.
   * @throws TENANT_UNAVAILABLE when the tenant's state permits no reads.
   */
  async admit(engine: EngineTransaction, id: TenantId, operator: boolean): Promise<Admission> {
    const tenant = this.#tenant(id);
    const version = await engine.get(this.#metadataKey, true);
    let { admission } = tenant;
    if (admission === undefined || !isSame(version, tenant.version)) {
      admission = meet(tenant, version, await engine.get(tenant.stateKey, true));
    }
    const { record } = admission;
    if (record !== undefined && !permitted(record, operator).reads) throw tenantryError("TENANT_UNAVAILABLE", {});
    return admission;
  }

  /** As {@link admit}, at once, by the same reads; undefined where the engine's take their time, or it would throw. */
  admitSync(engine: EngineTransaction, id: TenantId): Admission | undefined {
    if (engine.visitKey === undefined) return undefined;
    const tenant = this.#tenant(id);
    let { admission } = tenant;
    let known = tenant.version === undefined;
    let version: Uint8Array | undefined;
    engine.visitKey(this.#metadataKey, true, (bytes, begin, end) => {
      const seen = bytes.subarray(begin, end);
      known = isSame(seen, tenant.version);
      if (!known || admission === undefined) version = new Uint8Array(seen);
    });
    if (!known || admission === undefined) {
      let record: Uint8Array | undefined;
      engine.visitKey(tenant.stateKey, true, (bytes, begin, end) => {
        record = new Uint8Array(bytes.subarray(begin, end));
      });
      admission = meet(tenant, version, record);
    }
    const { record } = admission;
    return record === undefined || permitted(record, false).reads ? admission : undefined;
  }

  /** The guard of the audit trail of a tenant's present incarnation. */
  trail({ id, incarnation }: Pick<TenantRecord, "id" | "incarnation">): TenantGuard {
    return new TenantGuard(this.#keyspace.trail(id, incarnation), this.#violations);
  }

  #tenant(id: TenantId): KnownTenant {
    if (this.#latest?.id === id) return this.#latest.tenant;
    let tenant = this.#known.get(id);
    if (tenant === undefined) {
      tenant = this.#meet(id);
      if (this.#known.size >= tenantStatesCachedMax) {
        for (const oldest of this.#known.keys()) {
          this.#known.delete(oldest);
          break;
        }
      }
    } else this.#known.delete(id);
    this.#known.set(id, tenant);
    this.#latest = { id, tenant };
    return tenant;
  }

  #meet(id: TenantId): KnownTenant {
    const guard = new TenantGuard(this.#keyspace.tenant(id), this.#violations);
    const stateKey = this.#keyspace.control.registryKey(id);
    return {
      guard,
      slots: new MarkerSlots(tenantMarkers(guard), this.#random),
      stateKey,
      stateKeyEnd: keyAfter(stateKey),
      version: undefined,
      admission: undefined,
    };
  }
}

/** Takes what was read for what is known of a tenant. */
function meet(tenant: KnownTenant, version: Uint8Array | undefined, bytes: Uint8Array | undefined): Admission {
  const record = bytes === undefined ? undefined : decodeTenantRecord(bytes);
  const admission = { seat: tenant, record, states: new Map() };
  tenant.version = version;
  tenant.admission = admission;
  return admission;
}

/** What a tenant's state permits its users, or an operator. */
function permitted({ state }: TenantRecord, operator: boolean): { readonly reads: boolean; readonly writes: boolean } {
  const rules = tenantStates[state];
  return operator ? { reads: rules.operatorReads, writes: rules.operatorWrites } : rules;
}

/**
 * Lets an admitted transaction write: puts the tenant's record under a read conflict without reading it, so that a
 * suspension committed meanwhile makes the transaction fail, and the changes of ten thousand other tenants don't.
 *
 * @throws TENANT_UNAVAILABLE for an unknown tenant and for one whose state permits no writes.
 */
export function admitWrites({ seat, record }: Admission, engine: EngineTransaction, operator: boolean): void {
  if (record === undefined || !permitted(record, operator).writes) throw tenantryError("TENANT_UNAVAILABLE", {});
  engine.addReadConflictRange(seat.stateKey, seat.stateKeyEnd);
}
