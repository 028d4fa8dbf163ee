/** Reading and writing one entity's records in a transaction of one tenant, as users see it. */
import type { AnyEntity, IdOf, Infer, InputOf, PatchOf } from "../../schema/index.js";
import type { CounterAmounts } from "./aggregate-query.js";
import type { ChangeOptions, OperationOptions, ReplaceManyOptions, ReplaceOptions } from "./options.js";
import type { ReadRepository } from "./read-repository.js";

/**
 * Reads and writes the records of one entity in one tenant; indexes change in the same transaction. Inside `transact`
 * all calls join its transaction; of a {@link TenantRepository}, which has these methods too, each is one of its own.
 *
 * Input is validated before anything is written: `RECORD_INVALID` carries zod's issues. `RECORD_TOO_LARGE` and
 * `KEY_TOO_LARGE` come before any write, too. Writes to an unknown or suspended tenant: `TENANT_UNAVAILABLE`.
 *
 * @example
 * ```ts
 * import { entity, type TransactionRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * async function rename(cities: TransactionRepository<typeof City>, id: number, name: string) {
 *   const entry = await cities.entry(id);
 *   if (entry === undefined) return cities.create({ id, name });
 *   return cities.update(id, (city) => ({ ...city, name }), { ifRevision: entry.revision });
 * }
 * ```
 */
export interface TransactionRepository<E extends AnyEntity> extends ReadRepository<E> {
  /** Stores a new record and returns it as stored; `RECORD_EXISTS` when its id is taken. One get. */
  create(input: InputOf<E>, options?: OperationOptions): Promise<Infer<E>>;
  /**
   * Creates all or none, `batchRecordsMax` (1,000) at most, and what one transaction can write: `TRANSACTION_TOO_LARGE`.
   * One get each, all at once.
   */
  createMany(inputs: readonly InputOf<E>[], options?: OperationOptions): Promise<Infer<E>[]>;
  /**
   * Stores a record, new or in place of the one with its id, and returns it as stored. Takes the place of a damaged row,
   * too: see {@link ReplaceOptions}. One get.
   */
  put(input: InputOf<E>, options?: ReplaceOptions): Promise<Infer<E>>;
  /** Puts all or none, in their order, as many as `createMany` creates. One get each, all at once. */
  putMany(inputs: readonly InputOf<E>[], options?: ReplaceManyOptions): Promise<Infer<E>[]>;
  /**
   * Changes a record by a synchronous function, which may run several times, and returns it as stored.
   * `RECORD_NOT_FOUND`, `REVISION_MISMATCH`, `RECORD_ID_CHANGED`. One get.
   */
  update(id: IdOf<E>, fn: (record: Infer<E>) => Infer<E>, options?: ChangeOptions): Promise<Infer<E>>;
  /**
   * Replaces the fields given and returns the record as stored: shallow, an explicit `undefined` removes an optional
   * field, a field the schema does not have is `RECORD_INVALID`. Otherwise as `update`.
   */
  patch(id: IdOf<E>, changes: PatchOf<E>, options?: ChangeOptions): Promise<Infer<E>>;
  /**
   * Adds to counters of a record: whole amounts, negative ones too. Any number of writers may add at once, also while
   * the record's fields change; only its removal conflicts. `RECORD_NOT_FOUND`, `COUNTER_INVALID`. Hooks see an update
   * that leaves the record as it is. One get, and two writes for each counter.
   */
  add(id: IdOf<E>, amounts: CounterAmounts<E>, options?: OperationOptions): Promise<void>;
  /** Removes a record, or a damaged row ({@link ReplaceOptions}); whether there was one. One get. */
  delete(id: IdOf<E>, options?: ReplaceOptions): Promise<boolean>;
  /** Removes all of them in one transaction, `batchRecordsMax` (1,000) at most; how many there were. One get each. */
  deleteMany(ids: readonly IdOf<E>[], options?: ReplaceManyOptions): Promise<number>;
}
