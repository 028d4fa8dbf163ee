/** The policy that takes tokens for every call of a tenant, before its transaction begins. */
import type { TenantId, TenantRecord } from "../../tenant/index.js";
import type { CallPolicy, TenantCall } from "../../transaction/index.js";
import type { PlanBook } from "../plan/plan-book.js";
import type { Rates } from "./rates.js";

const namesOf = { read: ["calls", "reads"], transact: ["calls", "writes"] } as const;

/** Finds out what a tenant's record is; undefined when it is unknown or out of use. */
export type Meet = (id: TenantId) => Promise<TenantRecord | undefined>;

export class RatePolicy implements CallPolicy {
  readonly name = "quota";
  readonly #book: PlanBook;
  readonly #rates: Rates;
  readonly #meet: Meet;

  constructor(book: PlanBook, rates: Rates, meet: Meet) {
    this.#book = book;
    this.#rates = rates;
    this.#meet = meet;
  }

  enter(call: TenantCall): undefined | Promise<undefined> {
    const waiting = call.tenant === undefined ? this.#enterUnmet(call) : this.#take(call, call.tenant);
    return waiting?.then(() => undefined);
  }

  /** A tenant that this process has not met. One that is not there has no limits: the call finds out itself. */
  async #enterUnmet(call: TenantCall): Promise<void> {
    const tenant = await this.#meet(call.tenantId);
    if (tenant !== undefined) await this.#take(call, tenant);
  }

  #take({ tenantId, kind }: TenantCall, tenant: TenantRecord): Promise<void> | undefined {
    const grant = this.#book.grant(tenant);
    return grant.rates.size === 0 ? undefined : this.#rates.take(tenantId, grant, namesOf[kind], 1);
  }
}
