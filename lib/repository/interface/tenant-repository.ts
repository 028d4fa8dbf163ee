/** One entity's records in one tenant outside of any transaction, as users see them: long work besides the rest. */
import type { AnyEntity, IdOf, Infer } from "../../schema/index.js";
import type { Query, Selected, Selection } from "../query.js";
import type { Defect } from "../verify/defect.js";
import type { ScanOptions, WorkOptions, WorkProgress, WorkQuery } from "./long-work.js";
import type { OperationOptions, VerifyOptions } from "./options.js";
import type { Scan } from "./read-repository.js";
import type { TransactionRepository } from "./transaction-repository.js";

/**
 * Reads and writes the records of one entity in one tenant, each call a transaction of its own; and works through
 * more of them than one transaction takes.
 *
 * @example
 * ```ts
 * import { entity, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * async function tidy(cities: TenantRepository<typeof City>) {
 *   const { changed } = await cities.transform({}, (city) => ({ ...city, name: city.name.trim() }), { name: "trim" });
 *   console.log(`${changed} names trimmed`);
 * }
 * ```
 */
export interface TenantRepository<E extends AnyEntity> extends TransactionRepository<E> {
  /**
   * As `scan`, for any number of records and any time, telling how far it has come. Rows come in key order, none
   * twice; each batch is of one point in time. All batches of the first 4 seconds are of the same one; later ones are
   * of later times: every record that was there, unchanged in the scanned order, all along is seen; of what changes
   * meanwhile either state. For one point in time however long, export a backup. Costs as `list` does, and one more
   * call each time it moves on.
   */
  scanAll<const S extends Selection<E> | undefined = undefined>(
    query?: Query<E, S>,
    options?: ScanOptions,
  ): Scan<Selected<E, S>>;
  /**
   * Replaces each record of a range by what the synchronous `fn` makes of it, batch by batch, each batch one
   * transaction as large as the engine takes. `undefined`, and a record as it was, leave it unwritten. Over the ids,
   * each record that is there from beginning to end is changed exactly once: `fn` may be asked about it again, but
   * only one answer is stored, whatever is lost or crashes. Records created meanwhile are met if they lie ahead.
   *
   * Through an index it is the same, as long as a record does not move ahead of the work: `fn` may move one out of the
   * range or behind, and is refused with `WORK_MOVES_RECORD` when it would move it further on inside the range. One
   * that others move there meanwhile is met again. An index over an array is `QUERY_INVALID`.
   *
   * Rejects with what `fn` throws, `RECORD_INVALID`, `RECORD_ID_CHANGED`, `UNIQUE_VIOLATION` and the like: that batch
   * is not written, those before it are. With `name` the same call then goes on where it ended: see
   * {@link WorkOptions}, `WORK_NAME_INVALID`, `WORK_NAME_TAKEN`. Per batch: one range read, one get per row through an
   * index, the writes of each change as in `update`; with a name one get and one set more.
   */
  transform(
    query: WorkQuery<E>,
    fn: (record: Infer<E>) => Infer<E> | undefined,
    options?: WorkOptions,
  ): Promise<WorkProgress>;
  /** Deletes the records of a range for which `predicate` returns true; otherwise as `transform`. */
  deleteWhere(
    query: WorkQuery<E>,
    predicate: (record: Infer<E>) => boolean,
    options?: WorkOptions,
  ): Promise<WorkProgress>;
  /**
   * The states of a record as they are committed: first the present one, then each change that is observed, undefined
   * while there is none, from its time on for one that expires. Changes that follow each other closely may be seen as one; the last of them always is. Lost
   * watches, conflicts and times when the engine does not answer are got over. Ends with `break` or `return()`; rejects
   * with `TRANSACTION_ABORTED` at the signal, `DATABASE_CLOSED` when the database closes, `TENANT_UNAVAILABLE`, and
   * `TENANT_WATCHES_TOO_MANY` when the tenant holds `watchesPerTenantMax` (1,000) in this process, `WATCHES_TOO_MANY` when
   * the engine holds `watchesMax` (10,000). Per state one get and one watch.
   */
  watch(id: IdOf<E>, options?: OperationOptions): AsyncIterable<Infer<E> | undefined>;
  /**
   * Forgets how far the work with a name has come: the next call with the name begins at the beginning. One clear;
   * `WORK_NAME_INVALID`.
   */
  forgetWork(name: string, options?: OperationOptions): Promise<void>;
  /**
   * As in a transaction; with `repair`, puts indexes right besides ({@link VerifyOptions}), at two gets for each entry
   * that is wrong, and one write.
   */
  verify(options?: VerifyOptions): Promise<Defect<E>[]>;
  /**
   * Counts all aggregates of the entity anew and puts their totals right, in batches while writers go on; totals that
   * could be read before are read all the while. After a crash the next call goes on from there. One get and one range
   * read for each batch of records, one get and two for each batch of groups.
   *
   * @throws `RECORD_UNCOUNTED` for a record that no aggregate can count; totals are then as they were.
   */
  recount(options?: OperationOptions): Promise<void>;
}
