/** The audit trails of a database: sealing, verifying and reading them, and dropping what is old. */
import { canonicalBytes } from "../audit/index.js";
import type { Clock } from "../observe/index.js";
import { takeOptions } from "../options/index.js";
import { type CursorSeal, type OperationOptions, operationNames } from "../repository/index.js";
import type { AnyEntity, Infer } from "../schema/index.js";
import { isTenantId, type TenantId, type TenantRecord } from "../tenant/index.js";
import type { AuditEntry, AuditFilter, AuditPage, AuditPageOptions } from "./audit-entry.js";
import type { Denials, DeniedAttempt } from "./denials.js";
import { Entries } from "./entries.js";
import { type AuditPruneOptions, Retention } from "./retention.js";
import { type AuditHead, Sealer, takeHead } from "./sealer.js";
import type { TrailRows } from "./trail-rows.js";
import { type AuditReport, type AuditVerifyOptions, Verifier, verifyNames } from "./verifier.js";

/** What the trails of a database are put together from. */
export interface AuditTrailsParts {
  readonly rows: TrailRows;
  readonly seal: CursorSeal;
  readonly clock: Clock;
  readonly entities: Iterable<AnyEntity>;
  readonly denials: Denials;
  /** Whether what the library refuses is written down. */
  readonly hears: boolean;
  readonly tenants: () => AsyncIterable<TenantRecord>;
}

/**
 * The audit trails of all tenants. Whoever holds it sees who did what in every tenant: keep it, and the `Database`, to the
 * parts of a program that run the service.
 *
 * Entries are written with the changes they are about: the moves of tenants always, changes of records and denied
 * attempts where `open` was given `audit`. A trail outlives its tenant's erasure; what it says of people does not. All
 * calls reject with `TENANT_UNKNOWN` for an id the registry does not have.
 *
 * @example
 * ```ts
 * import type { AuditHead, Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * declare const kept: { load(): Promise<AuditHead>; store(head: AuditHead): Promise<void> };
 * const { intact, findings } = await db.audit.verify(id, { head: await kept.load() });
 * if (!intact) console.error("tampered with", findings);
 * await kept.store(await db.audit.seal(id));
 * ```
 */
export class AuditTrails {
  readonly #rows: TrailRows;
  readonly #sealer: Sealer;
  readonly #verifier: Verifier;
  readonly #retention: Retention;
  readonly #entries: Entries;
  readonly #denials: Denials;
  readonly #hears: boolean;
  readonly #tenants: () => AsyncIterable<TenantRecord>;

  /** @internal */
  constructor({ rows, seal, clock, entities, denials, hears, tenants }: AuditTrailsParts) {
    this.#rows = rows;
    this.#sealer = new Sealer(rows, clock);
    this.#verifier = new Verifier(rows);
    this.#retention = new Retention(rows, this.#verifier, clock);
    this.#entries = new Entries(rows, seal, entities);
    this.#denials = denials;
    this.#hears = hears;
    this.#tenants = tenants;
  }

  /**
   * Chains the entries that are not yet, a thousand in a transaction, and gives how far that came: to be called on a
   * schedule, the heads kept where whoever can write the database cannot. What is not sealed yet could be changed without
   * a trace.
   *
   * @throws `AUDIT_TRAIL_BROKEN` when the last seal is not to be believed, `AUDIT_TRAIL_CORRUPT` for a row that is no
   *   entry: verify it.
   */
  async seal(id: TenantId, options?: OperationOptions): Promise<AuditHead> {
    const { signal } = takeOptions(options, operationNames, "seal");
    return await this.#sealer.seal(id, signal);
  }

  /** Seals the trails of all tenants, erased ones too, one after another. A trail that cannot be sealed ends it. */
  sealAll(options?: OperationOptions): AsyncGenerator<AuditHead, undefined, undefined> {
    return this.#sealAll(takeOptions(options, operationNames, "sealAll").signal);
  }

  async *#sealAll(signal: AbortSignal | undefined): AsyncGenerator<AuditHead, undefined, undefined> {
    for await (const { id } of this.#tenants()) yield await this.#sealer.seal(id, signal);
  }

  /**
   * Goes over a trail from its beginning, or its checkpoint, and says what was removed, altered, reordered, swapped, added
   * or cut off. That the end was cut off, or all of it written anew with the key, shows by the `head` of an earlier
   * `seal`. Reads all of the trail.
   *
   * @throws `AUDIT_OPTION_INVALID` for the head of another tenant.
   */
  async verify(id: TenantId, options?: AuditVerifyOptions): Promise<AuditReport> {
    const { head, signal } = takeOptions(options, verifyNames, "verify");
    return await this.#verifier.verify(id, takeHead(head), signal);
  }

  /**
   * The entries a filter asks for, in the order they were committed. Times are found by seals; the rest is looked at entry
   * by entry, one range read per thousand at most.
   *
   * @throws `AUDIT_OPTION_INVALID`, `RECORD_ID_INVALID` for an `id` that is none of the entity's.
   */
  entries(id: TenantId, filter?: AuditFilter): AsyncGenerator<AuditEntry, undefined, undefined> {
    return this.#entries.list(id, filter);
  }

  /** A page of what `entries` finds. @throws `PAGE_SIZE_INVALID`, `CURSOR_INVALID`, and what `entries` does. */
  page(id: TenantId, options: AuditPageOptions): Promise<AuditPage> {
    return this.#entries.page(id, options);
  }

  /**
   * Drops entries that were sealed before a time, and leaves a checkpoint from which the rest can be verified; gives how
   * many those were. Verifies the trail first.
   *
   * @throws `AUDIT_TRAIL_BROKEN` when it is not intact: what was tampered with is not swept away. `AUDIT_OPTION_INVALID`.
   */
  prune(id: TenantId, options: AuditPruneOptions): Promise<number> {
    return this.#retention.prune(id, options);
  }

  /**
   * What the digest of a record is in this tenant's trail, in hexadecimal, to be compared with that of an entry: as it
   * comes from a repository, to the order of its fields. Undefined while the tenant's trail has no key, and once it is
   * erased.
   */
  async digest<E extends AnyEntity>(id: TenantId, entity: E, record: Infer<E>): Promise<string | undefined> {
    const { key } = await this.#rows.tenant(id, undefined);
    return key === undefined ? undefined : Buffer.from(key.digest(entity.name, canonicalBytes(record))).toString("hex");
  }

  /**
   * Writes down that something was refused, as `open`'s own policies do: at once counted (`tenantry.denials`), in the
   * trail within a second, at most ten kinds of attempts a second told apart. Never throws; a tenant that does not exist
   * has no trail.
   */
  deny(id: TenantId, attempt: DeniedAttempt): void {
    this.#denials.deny(id, attempt);
  }

  /**
   * As `deny`, for what is refused in front of a tenant, where `open` was asked to write such things down. `id` is who was
   * verified to ask; an attempt of nobody's is only counted.
   *
   * @internal
   */
  hear(id: unknown, attempt: DeniedAttempt): void {
    if (this.#hears) this.#denials.deny(isTenantId(id) ? id : undefined, attempt);
  }
}
