/** The tenants of a database: making them, finding them, and moving them through their states. */
import { tenantryError } from "../errors/index.js";
import { externalKeysMax, tenantNameBytesMax } from "../limits/index.js";
import { takeOptions } from "../options/index.js";
import { type CursorSeal, type OperationOptions, operationNames } from "../repository/index.js";
import {
  isExternalKey,
  isTenantName,
  type OperatorOptions,
  operatorAct,
  parseTenantId,
  type TenantAct,
  type TenantId,
  type TenantRecord,
  tenantProfile,
} from "../tenant/index.js";
import { callTerms, type SystemTransaction, type TransactionRunner } from "../transaction/index.js";
import { Directory } from "./directory.js";
import {
  changesNames,
  type EraseOptions,
  type ListTenantsOptions,
  type ProvisionOptions,
  type RetireOptions,
  type SuspendOptions,
  suspendNames,
  type TenantChanges,
  type TenantPage,
  type TenantPageOptions,
} from "./options.js";
import { Provisioning, type ProvisioningParts, type ResumedProvisioning } from "./provisioning.js";
import { defined, externalKeysOf, type Registry } from "./registry.js";
import { Retirement, unretired } from "./retirement.js";

/** What the tenants of a database are put together from. */
export interface TenantsParts extends Omit<ProvisioningParts, "runner"> {
  readonly runner: TransactionRunner;
  readonly seal: CursorSeal;
}

/** Changes that were taken: all of them are there, so that nothing inherited is read in their place. */
type Changes = { readonly [K in keyof TenantChanges]-?: TenantChanges[K] };

const unchanged = { plan: undefined, region: undefined, metadata: undefined };

/**
 * The registry of a database's tenants. Whoever holds it sees all of them: keep it, and the `Database`, to the parts
 * of a program that run the service, and give the others a `Tenant`.
 *
 * A change of a tenant is one transaction, seen at once by every process, and leaves an entry in the tenant's audit
 * trail. Moving a tenant into the state it is in does nothing. All changes reject with `TENANT_UNKNOWN`,
 * `TENANT_ID_INVALID`, `TENANT_OPTION_INVALID`, and with `TENANT_MOVE_INVALID` for a state that the present one does not
 * lead to.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * declare const db: Database;
 * const { id } = await db.tenants.provision({ name: "France", externalKey: "cus_4711", plan: "team" });
 * await db.tenants.suspend(id, { reads: true, by: "ann@ops", reason: "invoice overdue" });
 * await db.tenants.resume(id);
 * for await (const tenant of db.tenants.list({ plan: "team" })) console.log(tenant.id, tenant.name, tenant.state);
 * ```
 */
export class Tenants {
  readonly #registry: Registry;
  readonly #directory: Directory;
  readonly #provisioning: Provisioning;
  readonly #retirement: Retirement;

  /** @internal */
  constructor({ registry, seal, runner, ...parts }: TenantsParts) {
    this.#registry = registry;
    this.#directory = new Directory(registry, seal);
    this.#provisioning = new Provisioning({ ...parts, registry, runner: runner.asOperator("provisioning") });
    this.#retirement = new Retirement(registry);
  }

  /**
   * Makes a tenant: at once where the database has no seeds; else its state is `provisioning` until all of them have
   * run, each applied once. When this fails on the way, the tenant stays in that state, and provisioning again with its
   * `externalKey` or `id`, or `resumeProvisioning`, goes on. With an `externalKey` that is taken, gives the tenant that
   * has it, as it is by now. One get for each of `externalKey` and `id`.
   *
   * @throws `TENANT_NAME_INVALID`, `TENANT_PROFILE_INVALID`, `TENANT_EXISTS` when the id given is taken, also by an
   *   erased tenant, and what a seed throws.
   */
  provision(options: ProvisionOptions): Promise<TenantRecord> {
    return this.#provisioning.provision(options);
  }

  /**
   * Finishes what was left of provisioning by a crash or an error: to be called when a service starts, or now and then.
   * One tenant's failure does not stop the others.
   */
  async resumeProvisioning(options?: OperationOptions): Promise<ResumedProvisioning> {
    const { signal } = takeOptions(options, operationNames, "resumeProvisioning");
    return await this.#provisioning.resume(signal);
  }

  /** What the registry knows of a tenant; undefined when there is none of this id. One get. */
  async get(id: TenantId, options?: OperationOptions): Promise<TenantRecord | undefined> {
    const { signal } = takeOptions(options, operationNames, "get");
    const known = parseTenantId(id);
    return await this.#registry.control.system(
      (transaction) => transaction.getTenant(known),
      callTerms("getTenant", undefined, signal),
    );
  }

  /** The tenant that another system knows by this key; undefined when there is none. Two gets. */
  async findByExternalKey(key: string, options?: OperationOptions): Promise<TenantRecord | undefined> {
    const { signal } = takeOptions(options, operationNames, "findByExternalKey");
    return await this.#directory.byExternalKey(key, signal);
  }

  /**
   * The tenants a filter asks for, of any number, in the order of their ids, or with `namePrefix` of their names. One
   * range read per thousand, each of its own point in time: one provisioned meanwhile may be among them. A name prefix
   * is answered by an index and costs a get for each tenant besides; plan and state are looked at tenant by tenant.
   */
  list(options?: ListTenantsOptions): AsyncGenerator<TenantRecord, undefined, undefined> {
    return this.#directory.list(options);
  }

  /**
   * A page of the tenants a filter asks for, in the order of `list`.
   *
   * @throws `PAGE_SIZE_INVALID`, `TENANT_OPTION_INVALID`, `CURSOR_INVALID` for a cursor that is a day old, of another
   *   filter or principal, or none.
   */
  page(options: TenantPageOptions): Promise<TenantPage> {
    return this.#directory.page(options);
  }

  /** Gives a tenant another name. */
  async rename(id: TenantId, name: string, options?: OperatorOptions): Promise<TenantRecord> {
    return await this.#update(id, { name, ...unchanged }, operatorAct("rename", options));
  }

  /**
   * Changes name, plan, region or metadata; policies that go by the plan see it with the next transaction.
   *
   * @throws `TENANT_NAME_INVALID`, `TENANT_PROFILE_INVALID`.
   */
  async update(id: TenantId, changes: TenantChanges, options?: OperatorOptions): Promise<TenantRecord> {
    const { name, plan, region, metadata } = takeOptions(changes, changesNames, "update changes");
    return await this.#update(id, { name, plan, region, metadata }, operatorAct("update", options));
  }

  /**
   * Adds a key that another system knows the tenant by, beside those it has, 32 at most; does nothing when it has it. One
   * get more than other changes.
   *
   * @throws `TENANT_KEY_TAKEN` when another tenant has it, `TENANT_PROFILE_INVALID`.
   */
  async addExternalKey(id: TenantId, key: string, options?: OperatorOptions): Promise<TenantRecord> {
    return await this.#changeKeys(id, key, operatorAct("addExternalKey", options), async (record, transaction) => {
      if (externalKeysOf(record).has(key)) return record;
      const { keys } = this.#registry;
      if ((await transaction.get(keys.externalKey(key))) !== undefined) throw tenantryError("TENANT_KEY_TAKEN", {});
      const externalKeys = [...(record.externalKeys ?? []), key];
      if (externalKeys.length > externalKeysMax)
        throw tenantryError("TENANT_PROFILE_INVALID", { part: "externalKeys" });
      return { ...record, externalKeys };
    });
  }

  /** Takes an external key from a tenant; does nothing when it has no such key. The key is free for others then. */
  async removeExternalKey(id: TenantId, key: string, options?: OperatorOptions): Promise<TenantRecord> {
    return await this.#changeKeys(id, key, operatorAct("removeExternalKey", options), (record) => {
      if (!externalKeysOf(record).has(key)) return record;
      const externalKeys = record.externalKeys?.filter((other) => other !== key);
      return defined({
        ...record,
        externalKey: record.externalKey === key ? undefined : record.externalKey,
        externalKeys: externalKeys?.length === 0 ? undefined : externalKeys,
      });
    });
  }

  /** Stops a tenant: nobody reads or writes its data but an operator, who may read. With `reads`, everybody may read. */
  async suspend(id: TenantId, options?: SuspendOptions): Promise<TenantRecord> {
    const { reads, by, reason, signal } = takeOptions(options, suspendNames, "suspend");
    const act = { operation: "suspend", by, reason, signal, quota: undefined };
    return await this.#move(id, reads === true ? "readOnly" : "suspended", act);
  }

  /** Shuts a tenant to everybody but operators, who may read and write it ({@link Database.operator}). */
  async quarantine(id: TenantId, options?: OperatorOptions): Promise<TenantRecord> {
    return await this.#move(id, "quarantined", operatorAct("quarantine", options));
  }

  /** Makes a suspended, quarantined or retired tenant active again; not one that was retired half made. */
  async resume(id: TenantId, options?: OperatorOptions): Promise<TenantRecord> {
    return await this.#move(id, "active", operatorAct("resume", options));
  }

  /**
   * Retires a tenant: nobody uses it any more, and after the grace period `eraseDue` erases it. Until then `resume` takes
   * it back. The period is counted from the latest time that any process's clock has shown here, so that a clock that
   * stepped back does not shorten it.
   */
  retire(id: TenantId, options?: RetireOptions): Promise<TenantRecord> {
    return this.#retirement.retire(id, options);
  }

  /**
   * Erases a retired tenant for good: everything in its range of keys in one clear range, with the keys under which its
   * audit trail names people. Its id stays taken; name, external key and profile are gone; the trail stays.
   *
   * @throws `TENANT_GRACE_UNENDED` before the grace period has ended, unless `withinGrace` is given.
   */
  erase(id: TenantId, options?: EraseOptions): Promise<TenantRecord> {
    return this.#retirement.erase(id, options);
  }

  /**
   * Erases the retired tenants whose grace period has ended, and gives their ids: to be called daily, say. Each is a
   * transaction of its own; after a crash the next call goes on.
   */
  eraseDue(options?: OperatorOptions): Promise<TenantId[]> {
    return this.#retirement.eraseDue(options);
  }

  #move(id: TenantId, state: TenantRecord["state"], act: TenantAct): Promise<TenantRecord> {
    const { keys } = this.#registry;
    return this.#registry.change(id, act, async (record, transaction) => {
      if (record.state === state) return record;
      const { state: from } = record;
      // Only its seeds' end opens a tenant for the first time.
      const unfinished =
        from === "provisioning" ||
        (from === "retired" && (await transaction.get(keys.jobKey("provisioning", record.id))) !== undefined);
      if (unfinished) throw tenantryError("TENANT_MOVE_INVALID", { from, to: state });
      return { ...unretired(record), state };
    });
  }

  async #changeKeys(
    id: TenantId,
    key: string,
    act: TenantAct,
    revise: (record: TenantRecord, transaction: SystemTransaction) => TenantRecord | Promise<TenantRecord>,
  ): Promise<TenantRecord> {
    if (!isExternalKey(key)) throw tenantryError("TENANT_PROFILE_INVALID", { part: "externalKey" });
    return await this.#registry.change(id, act, (record, transaction) => {
      if (record.state === "erased") throw tenantryError("TENANT_MOVE_INVALID", { from: "erased", to: "erased" });
      return revise(record, transaction);
    });
  }

  #update(id: TenantId, changes: Changes, act: TenantAct): Promise<TenantRecord> {
    const { name, plan, region, metadata } = changes;
    if (name !== undefined && !isTenantName(name)) throw tenantryError("TENANT_NAME_INVALID", { tenantNameBytesMax });
    const checked = tenantProfile(plan ?? undefined, region ?? undefined, metadata ?? undefined);
    return this.#registry.change(id, act, (record) => {
      if (record.state === "erased") throw tenantryError("TENANT_MOVE_INVALID", { from: "erased", to: "erased" });
      const { plan: planWas, region: regionWas, metadata: metadataWas, ...rest } = record;
      return defined({
        ...rest,
        name: name ?? record.name,
        plan: plan === null ? undefined : (checked.plan ?? planWas),
        region: region === null ? undefined : (checked.region ?? regionWas),
        metadata: metadata === null ? undefined : (checked.metadata ?? metadataWas),
      });
    });
  }
}
