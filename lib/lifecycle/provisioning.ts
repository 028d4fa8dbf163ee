/** Provisioning: a tenant's beginning, once per external key, and through all seeds whatever crashes. */
import { tenantryError } from "../errors/index.js";
import { isAborted } from "../intrinsics/index.js";
import { seedKey } from "../keyspace/index.js";
import { tenantNameBytesMax } from "../limits/index.js";
import { takeOptions } from "../options/index.js";
import type { RepositoryFactory } from "../repository/index.js";
import {
  isExternalKey,
  isTenantName,
  newTenantId,
  parseTenantId,
  type TenantId,
  type TenantRecord,
  tenantProfile,
} from "../tenant/index.js";
import { callTerms, type SystemTransaction, type TransactionRunner } from "../transaction/index.js";
import { controlRows } from "./control-plane.js";
import { assertOperator, type ProvisionOptions, provisionNames } from "./options.js";
import { defined, type Registry, type Said } from "./registry.js";
import { decodeProgress, encodeProgress, type Seed } from "./seed.js";

/** What provisioning works with. */
export interface ProvisioningParts {
  readonly registry: Registry;
  /** Runs seeds: as an operator, since the tenant is nobody else's yet. */
  readonly runner: TransactionRunner;
  readonly repositories: RepositoryFactory;
  readonly seeds: readonly Seed[];
}

/**
 * A tenant whose provisioning failed again.
 *
 * @example
 * ```ts
 * import type { Database, FailedProvisioning } from "tenantry";
 * declare const db: Database;
 * const report = ({ id, error }: FailedProvisioning) => console.error("not provisioned", id, error);
 * (await db.tenants.resumeProvisioning()).failed.forEach(report);
 * ```
 */
export interface FailedProvisioning {
  readonly id: TenantId;
  /** What its seed threw, or what kept it from running. */
  readonly error: unknown;
}

/**
 * What became of tenants whose provisioning was unfinished.
 *
 * @example
 * ```ts
 * import type { Database, ResumedProvisioning } from "tenantry";
 * declare const db: Database;
 * const { done, failed }: ResumedProvisioning = await db.tenants.resumeProvisioning();
 * console.info(`${done.length} finished, ${failed.length} failed`);
 * ```
 */
export interface ResumedProvisioning {
  readonly done: TenantRecord[];
  readonly failed: FailedProvisioning[];
}

export class Provisioning {
  readonly #parts: ProvisioningParts;

  constructor(parts: ProvisioningParts) {
    this.#parts = parts;
  }

  async provision(given: ProvisionOptions): Promise<TenantRecord> {
    const { registry, seeds } = this.#parts;
    const options = takeOptions(given, provisionNames, "provision");
    const { name, externalKey, plan, region, metadata, by, reason, signal } = options;
    if (!isTenantName(name)) throw tenantryError("TENANT_NAME_INVALID", { tenantNameBytesMax });
    if (externalKey !== undefined && !isExternalKey(externalKey)) {
      throw tenantryError("TENANT_PROFILE_INVALID", { part: "externalKey" });
    }
    assertOperator(by, reason);
    const fresh = defined({
      id: options.id === undefined ? newTenantId() : parseTenantId(options.id),
      name,
      state: seeds.length > 0 ? "provisioning" : "active",
      incarnation: 1,
      createdAt: registry.clock.now(),
      revision: 1,
      externalKey,
      ...tenantProfile(plan, region, metadata),
    });
    const record = await registry.control.system(
      async (transaction) =>
        (await this.#existing(transaction, options)) ?? this.#make(transaction, fresh, { by, reason }),
      callTerms("provision", undefined, signal),
    );
    return record.state === "provisioning" ? await this.#complete(record, signal) : record;
  }

  /** Finishes all provisioning that a crash or an error left unfinished; what failed again is in the answer. */
  async resume(signal: AbortSignal | undefined): Promise<ResumedProvisioning> {
    const { control, keys } = this.#parts.registry;
    const done: TenantRecord[] = [];
    const failed: FailedProvisioning[] = [];
    for await (const [key] of controlRows(control, keys.jobs("provisioning"), { signal })) {
      const id = keys.lastTenant(key);
      const record = id === undefined ? undefined : await control.system((transaction) => transaction.getTenant(id));
      if (record?.state !== "provisioning") continue;
      try {
        done.push(await this.#complete(record, signal));
      } catch (error) {
        if (signal !== undefined && isAborted(signal)) throw error;
        failed.push({ id: record.id, error });
      }
    }
    return { done, failed };
  }

  /** The tenant that is there already, for a caller who may have it. */
  async #existing(
    transaction: SystemTransaction,
    { externalKey, id }: ProvisionOptions,
  ): Promise<TenantRecord | undefined> {
    const { keys } = this.#parts.registry;
    if (externalKey !== undefined) {
      const value = await transaction.get(keys.externalKey(externalKey));
      const holder = value === undefined ? undefined : keys.lastTenant(value);
      const record = holder === undefined ? undefined : await transaction.getTenant(holder);
      if (record !== undefined) {
        if (id !== undefined && id !== record.id) throw tenantryError("TENANT_EXISTS", {});
        return record;
      }
    }
    if (id === undefined) return undefined;
    const taken = await transaction.getTenant(id);
    if (taken === undefined) return undefined;
    if (taken.state === "provisioning" && taken.externalKey === externalKey) return taken;
    throw tenantryError("TENANT_EXISTS", {});
  }

  async #make(transaction: SystemTransaction, record: TenantRecord, said: Said): Promise<TenantRecord> {
    const { registry } = this.#parts;
    const sealed = await registry.seal(transaction, record.id, said);
    registry.store(transaction, undefined, record, { ...sealed, operation: "provision", quota: undefined });
    return record;
  }

  /** Runs what is left of the seeds, and opens the tenant. */
  async #complete(record: TenantRecord, signal: AbortSignal | undefined): Promise<TenantRecord> {
    for (const seed of this.#parts.seeds) await this.#sow(record, seed, signal);
    const activation = { operation: "activate", by: undefined, reason: undefined, signal, quota: undefined };
    return await this.#parts.registry.change(record.id, activation, (current) => {
      // Somebody else may have finished it first, and it may have gone on from there.
      if (current.state !== "provisioning") return current;
      return { ...current, state: "active" };
    });
  }

  async #sow(record: TenantRecord, seed: Seed, signal: AbortSignal | undefined): Promise<void> {
    const { runner, repositories } = this.#parts;
    const key = seedKey(seed.name);
    for (let done = false; !done; ) {
      done = await runner.transact(
        record.id,
        async (transaction) => {
          const progress = decodeProgress(await transaction.get(key));
          if (progress.done) return true;
          const scope = repositories.transactionScope(transaction, undefined);
          const position = (await seed.run(scope, record, progress.position)) ?? undefined;
          if (position !== undefined && position === progress.position) {
            throw tenantryError("TENANT_OPTION_INVALID", {
              option: "provisioning.seed",
              reason: "a seed gives back the position it was given",
            });
          }
          transaction.set(key, encodeProgress(position));
          return position === undefined;
        },
        callTerms("seed", undefined, signal),
      );
    }
  }
}
