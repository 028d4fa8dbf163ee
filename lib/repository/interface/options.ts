/** What opening a repository takes, and what its operations take. */
import { optionNames } from "../../options/index.js";
import type { PassOverOptions } from "./unreadable.js";

/**
 * How a repository is opened.
 *
 * @example
 * ```ts
 * import { entity, type RepositoryOptions, type Tenant } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * const careful: RepositoryOptions = { verifyOnRead: true };
 * const read = (tenant: Tenant, id: number) => tenant.repository(City, careful).get(id);
 * ```
 */
export interface RepositoryOptions {
  /**
   * Validates each record that is read: one that does not fit the schema is `STORED_RECORD_INVALID`. Records were
   * validated when they were written, so this is for a schema made stricter since; it halves the rate of a scan.
   * Fields answered by an index alone are not validated. Default false.
   */
  readonly verifyOnRead?: boolean | undefined;
}

export const repositoryNames = optionNames<RepositoryOptions>({ verifyOnRead: true });

/**
 * What every single operation takes.
 *
 * @example
 * ```ts
 * import { entity, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * const city = await cities.get(2988507, { signal: AbortSignal.timeout(1_000) });
 * ```
 */
export interface OperationOptions {
  /** Ends the work: rejects with `TRANSACTION_ABORTED`, whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export const operationNames = optionNames<OperationOptions>({ signal: true });

/**
 * What `getMany` takes.
 *
 * @example
 * ```ts
 * import type { GetManyOptions } from "tenantry";
 * const options: GetManyOptions = { onUnreadable: ({ id, error }) => console.error(`${id}: ${error.code}`) };
 * ```
 */
export interface GetManyOptions extends OperationOptions, PassOverOptions {}

export const getManyNames = optionNames<GetManyOptions>({ signal: true, onUnreadable: true });

/**
 * What `verify` takes outside of transactions.
 *
 * @example
 * ```ts
 * import { entity, type TenantRepository, type VerifyOptions } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * const mend: VerifyOptions = { repair: true };
 * const left = (await cities.verify(mend)).filter((defect) => !("repaired" in defect && defect.repaired));
 * ```
 */
export interface VerifyOptions extends OperationOptions {
  /**
   * Puts indexes right: removes entries that no record has, and those of damaged records, and writes those that records
   * lack, batch by batch while writers go on. Each defect of an index then says whether it is `repaired`. Records are
   * left as they are. Takes the right to update all records. Default false.
   */
  readonly repair?: boolean | undefined;
}

export const verifyNames = optionNames<VerifyOptions>({ signal: true, repair: true });

/**
 * What changes of an existing record take.
 *
 * @example
 * ```ts
 * import { entity, isTenantryError, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * try {
 *   await cities.patch(2988507, { name: "Paris" }, { ifRevision: 3 });
 * } catch (error) {
 *   if (isTenantryError(error, "REVISION_MISMATCH")) console.log(`it is at ${error.details.actual} by now`);
 *   else throw error;
 * }
 * ```
 */
export interface ChangeOptions extends OperationOptions {
  /**
   * The revision the record has to have, as {@link ReadRepository.entry} told it: `REVISION_MISMATCH` otherwise.
   * A record deleted and created again starts over at 1.
   */
  readonly ifRevision?: number | undefined;
}

export const changeNames = optionNames<ChangeOptions>({ signal: true, ifRevision: true });

/**
 * What changes of many records take that do without those of before: `putMany` and `deleteMany`.
 *
 * @example
 * ```ts
 * import type { ReplaceManyOptions } from "tenantry";
 * const whateverTheyAre: ReplaceManyOptions = { unreadable: true };
 * ```
 */
export interface ReplaceManyOptions extends OperationOptions {
  /**
   * Replaces or removes also records that this program cannot read although their rows may be in order: of a layout, a
   * newer version or a transform that it does not know, or of a version whose migration step fails. Damaged rows
   * (`VALUE_CORRUPT`, `VALUE_FORMAT_UNKNOWN`) are replaced and removed in any case. Default false.
   */
  readonly unreadable?: boolean | undefined;
}

export const replaceManyNames = optionNames<ReplaceManyOptions>({ signal: true, unreadable: true });

/**
 * What changes take that do without the record of before: `put` and `delete`.
 *
 * @example
 * ```ts
 * import { entity, type ReplaceOptions, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * const whateverItIs: ReplaceOptions = { unreadable: true };
 * await cities.delete(2988507, whateverItIs);
 * ```
 */
export interface ReplaceOptions extends ChangeOptions, ReplaceManyOptions {}

export const replaceNames = optionNames<ReplaceOptions>({ signal: true, ifRevision: true, unreadable: true });
