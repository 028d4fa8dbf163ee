/** The part of the actor that claims, takes and holds what plans bound, and keeps the leases it is given. */
import type { ConnectionLease } from "../../../quota/index.js";
import type { Tenant } from "../../../tenant-handle.js";
import { type ClaimStep, claimants, type QuotaNames, type QuotaStep } from "../../generate/quota-step.js";
import type { ClaimsOf } from "./any-repository.js";

/** Performs an operation on claims. */
export async function performClaim(claimsOf: ClaimsOf, step: ClaimStep): Promise<unknown> {
  const claims = claimsOf(step.resource);
  switch (step.do) {
    case "claim":
    case "release":
      return claims[step.do](step.name);
    case "hasClaim":
      return claims.has(step.name);
    case "listClaims":
      return claims.list({ after: step.after, limit: step.limit });
  }
}

export class QuotaActor {
  readonly #tenant: Tenant;
  readonly #leases: ConnectionLease[] = [];

  constructor(tenant: Tenant) {
    this.#tenant = tenant;
  }

  /** Claims, takes and holds some of everything, as all tenants do. */
  async settle({ resources, rates }: QuotaNames): Promise<void> {
    const { quotas } = this.#tenant;
    for (const resource of resources) {
      for (const name of claimants) await quotas.claims(resource).claim(name);
    }
    for (const rate of rates) await quotas.take(rate);
    this.#leases.push(await quotas.connect());
  }

  /** Gives back the connections it has. */
  async leave(): Promise<void> {
    await Promise.all(this.#leases.map((lease) => lease.release()));
  }

  async perform(step: QuotaStep): Promise<unknown> {
    const { quotas } = this.#tenant;
    switch (step.do) {
      case "usage":
        return quotas.usage();
      case "take":
        return quotas.take(step.rate, step.count);
      case "connect": {
        const lease = await quotas.connect();
        this.#leases.push(lease);
        return lease;
      }
      case "disconnect":
        return this.#leases[step.lease % Math.max(1, this.#leases.length)]?.release();
      default:
        return performClaim((resource) => quotas.claims(resource), step);
    }
  }
}
