/** The override book: what operators set for tenants, kept in the tenants' records. */
import { givenName, tenantryError } from "../../errors/index.js";
import { quotaOverridesMax } from "../../limits/index.js";
import {
  type OperatorOptions,
  operatorAct,
  parseTenantId,
  type QuotaOverride,
  type QuotaOverrides,
  ratePrefix,
  type TenantAct,
  type TenantId,
  type TenantRecord,
} from "../../tenant/index.js";
import { readOverride } from "./override.js";
import type { PlanBook } from "./plan-book.js";

/** The registry of tenants, as far as overrides need it. */
export interface TenantRecords {
  get(id: TenantId): Promise<TenantRecord | undefined>;
  /** One transaction, with an entry in the tenant's trail; a record that `revise` gives back as it was is not written. */
  change(id: TenantId, act: TenantAct, revise: (record: TenantRecord) => TenantRecord): Promise<TenantRecord>;
}

const none: QuotaOverrides = Object.freeze({});

const isSame = (a: QuotaOverride | undefined, b: QuotaOverride): boolean => JSON.stringify(a) === JSON.stringify(b);

function unknownResource(resource: string): Error {
  const isRate = resource.startsWith(ratePrefix);
  const name = isRate ? resource.slice(ratePrefix.length) : resource;
  return tenantryError("QUOTA_UNKNOWN", { kind: isRate ? "rate" : "resource", name });
}

export class OverrideBook {
  readonly #book: PlanBook;
  readonly #records: () => TenantRecords;

  constructor(book: PlanBook, records: () => TenantRecords) {
    this.#book = book;
    this.#records = records;
  }

  async list(id: TenantId): Promise<QuotaOverrides> {
    const record = await this.#records().get(parseTenantId(id));
    if (record === undefined) throw tenantryError("TENANT_UNKNOWN", {});
    return record.quotaOverrides ?? none;
  }

  async set(
    id: TenantId,
    resource: string,
    given: unknown,
    options: OperatorOptions | undefined,
  ): Promise<QuotaOverrides> {
    if (!this.#book.has(resource)) throw unknownResource(givenName(resource));
    const limit = readOverride(resource, given);
    const act = operatorAct("setOverride", options, { resource, limit });
    return await this.#change(id, act, (was) => {
      if (Object.hasOwn(was, resource) && isSame(was[resource], limit)) return was;
      const overrides = { ...was, [resource]: limit };
      if (Object.keys(overrides).length > quotaOverridesMax) {
        throw tenantryError("QUOTA_OVERRIDES_TOO_MANY", { quotaOverridesMax });
      }
      return overrides;
    });
  }

  async clear(id: TenantId, resource: string, options: OperatorOptions | undefined): Promise<QuotaOverrides> {
    const act = operatorAct("clearOverride", options, { resource, limit: undefined });
    return await this.#change(id, act, (was) => {
      if (!Object.hasOwn(was, resource)) {
        if (this.#book.has(resource)) return was;
        throw unknownResource(givenName(resource));
      }
      const { [resource]: _, ...others } = was;
      return others;
    });
  }

  async #change(
    id: TenantId,
    act: TenantAct,
    revise: (overrides: QuotaOverrides) => QuotaOverrides,
  ): Promise<QuotaOverrides> {
    const { quotaOverrides = none } = await this.#records().change(id, act, (record) => {
      if (record.state === "erased") throw tenantryError("TENANT_MOVE_INVALID", { from: "erased", to: "erased" });
      const { quotaOverrides: was = none, ...rest } = record;
      const overrides = revise(was);
      if (overrides === was) return record;
      return Object.keys(overrides).length === 0 ? rest : { ...rest, quotaOverrides: overrides };
    });
    return quotaOverrides;
  }
}
