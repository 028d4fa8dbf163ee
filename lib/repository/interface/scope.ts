/** What the functions of a tenant's transactions work with, as users see it. */
import type { AnyEntity } from "../../schema/index.js";
import type { RepositoryOptions } from "./options.js";
import type { ReadRepository } from "./read-repository.js";
import type { TransactionRepository } from "./transaction-repository.js";

/**
 * What the function given to `tenant.read` works with; it ends with the function.
 *
 * @example
 * ```ts
 * import { entity, type Tenant } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const france: Tenant;
 * const { count, paris } = await france.read(async (tx) => {
 *   const cities = tx.repository(City);
 *   return { count: await cities.count(), paris: await cities.get(2988507) }; // of one point in time
 * });
 * ```
 */
export interface ReadScope {
  /** The entity's records, read at the scope's point in time. */
  repository<E extends AnyEntity>(entity: E, options?: RepositoryOptions): ReadRepository<E>;
}

/**
 * What the function given to `tenant.transact` works with; it ends with the function.
 *
 * @example
 * ```ts
 * import { entity, type Tenant } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const france: Tenant;
 * await france.transact(async (tx) => {
 *   const cities = tx.repository(City);
 *   const city = await cities.require(2988507);
 *   await cities.patch(city.id, { name: city.name.toUpperCase() });
 *   tx.afterCommit(() => console.log("renamed"));
 * });
 * ```
 */
export interface TransactionScope {
  /** The entity's records, read and written in this transaction. */
  repository<E extends AnyEntity>(entity: E, options?: RepositoryOptions): TransactionRepository<E>;
  /** Runs `fn` once after the transaction has committed; what it throws is logged and changes nothing. */
  afterCommit(fn: () => void | Promise<void>): void;
}
