/** The tenants of a database: provisioning them, looking them up, listing them. */
import { tenantryError } from "../errors/index.js";
import { tenantNameBytesMax, tenantsListedAtOnceMax } from "../limits.js";
import { isTenantName, newTenantId, parseTenantId, type TenantId, type TenantRecord } from "../tenant/index.js";
import type { ControlPlane } from "./control-plane.js";

/**
 * What a new tenant needs.
 *
 * @example
 * ```ts
 * import { type Database, parseTenantId } from "tenantry";
 * declare const db: Database;
 * const id = parseTenantId("7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f0a");
 * await db.tenants.provision({ name: "France", id });
 * ```
 */
export interface ProvisionOptions {
  /** For people: 1 to 256 bytes of UTF-8; need not be unique. */
  readonly name: string;
  /** An id of your own, as of a service that has its tenants already; a new random one unless given. */
  readonly id?: TenantId | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Which tenants to list.
 *
 * @example
 * ```ts
 * import { type Database, type TenantId } from "tenantry";
 * declare const db: Database;
 * declare const last: TenantId;
 * for await (const { id, name } of db.tenants.list({ after: last, limit: 20 })) console.log(id, name);
 * ```
 */
export interface ListTenantsOptions {
  /** Begins after this tenant. */
  readonly after?: TenantId | undefined;
  /** Tenants at most. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The registry of a database's tenants. Whoever holds it sees all of them: keep it, and the `Database`, to the parts
 * of a program that run the service, and give the others a `Tenant`.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * declare const db: Database;
 * const { id } = await db.tenants.provision({ name: "France" });
 * for await (const tenant of db.tenants.list()) console.log(tenant.id, tenant.name, tenant.state);
 * ```
 */
export class Tenants {
  readonly #control: ControlPlane;
  readonly #now: () => number;

  constructor(control: ControlPlane, now: () => number) {
    this.#control = control;
    this.#now = now;
  }

  /**
   * Makes a tenant; it can be used at once, from every process. One get.
   *
   * @throws `TENANT_NAME_INVALID` when the name is not 1 to 256 bytes of well-formed text, `TENANT_EXISTS` when the
   *   id given is taken, also by a retired tenant.
   */
  async provision({ name, id, signal }: ProvisionOptions): Promise<TenantRecord> {
    if (!isTenantName(name)) throw tenantryError("TENANT_NAME_INVALID", { tenantNameBytesMax });
    const record: TenantRecord = {
      id: id === undefined ? newTenantId() : parseTenantId(id),
      name,
      state: "active",
      incarnation: 1,
      createdAt: this.#now(),
      revision: 1,
    };
    await this.#control.system(
      async (transaction) => {
        if ((await transaction.getTenant(record.id)) !== undefined) throw tenantryError("TENANT_EXISTS", {});
        transaction.putTenant(record);
      },
      { signal, label: { operation: "provision" } },
    );
    return record;
  }

  /** What the registry knows of a tenant; undefined when there is none of this id. One get. */
  async get(id: TenantId, options?: { readonly signal?: AbortSignal | undefined }): Promise<TenantRecord | undefined> {
    const known = parseTenantId(id);
    return this.#control.system((transaction) => transaction.getTenant(known), {
      signal: options?.signal,
      label: { operation: "getTenant" },
    });
  }

  /**
   * The tenants in the order of their ids, of any number. One range read per thousand, each of its own point in
   * time: one provisioned meanwhile may be among them.
   */
  async *list({
    after,
    limit = Number.POSITIVE_INFINITY,
    signal,
  }: ListTenantsOptions = {}): AsyncGenerator<TenantRecord, undefined, undefined> {
    let last = after === undefined ? undefined : parseTenantId(after);
    let remaining = limit;
    while (remaining > 0) {
      const from = last;
      const size = Math.min(remaining, tenantsListedAtOnceMax);
      const records = await this.#control.system(
        (transaction) => transaction.listTenants({ after: from, limit: size }),
        { signal, label: { operation: "listTenants" } },
      );
      yield* records;
      last = records.at(-1)?.id;
      if (records.length < size || last === undefined) return;
      remaining -= records.length;
    }
  }
}
