/** Reading one entity's records in one tenant, as users see it. */
import type { AggregateName, AggregateValue, AnyEntity, IdOf, Infer } from "../../schema/index.js";
import type { BoundedQuery, Count, Page, PageQuery, Query, Selected, Selection } from "../query.js";
import type { QueryPlan } from "../query-plan.js";
import type { Defect } from "../verify/defect.js";
import type { AggregateArguments, AggregateGroup, Counters, GroupQuery } from "./aggregate-query.js";
import type { GetManyOptions, OperationOptions } from "./options.js";

/**
 * A record with what is known about it besides its fields.
 *
 * @example
 * ```ts
 * import { entity, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * const entry = await cities.entry(2988507);
 * if (entry) await cities.patch(entry.id, { name: entry.record.name.trim() }, { ifRevision: entry.revision });
 * ```
 */
export interface Entry<E extends AnyEntity> {
  readonly id: IdOf<E>;
  readonly record: Infer<E>;
  /** 1 when created, one more with each write: what `ifRevision` compares. */
  readonly revision: number;
}

/**
 * The records of a scan as they are read: iterate over them one by one, or over whole batches (for bulk work; a
 * batch costs one promise).
 *
 * Rows come in key order, none twice. While a scan is younger than 4 seconds all of them are of one point in time.
 * A longer one moves on to fresher data batch by batch: it sees every record that was there, unchanged in the
 * scanned order, all along; of what changes meanwhile it sees either state. Inside a transaction it is of the
 * transaction's time and ends with it.
 *
 * @example
 * ```ts
 * import { entity, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * declare const cities: TenantRepository<typeof City>;
 * for await (const city of cities.scan({ from: 1_000 })) console.log(city.name);
 *
 * let rows = 0;
 * for await (const batch of cities.scan().batches()) rows += batch.length;
 * ```
 */
export interface Scan<R> extends AsyncIterable<R> {
  /** The same rows in arrays, as large as they came from the engine. */
  batches(): AsyncIterable<readonly R[]>;
}

/**
 * Reads the records of one entity in one tenant.
 *
 * Ids the schema does not allow are refused with `RECORD_ID_INVALID`. Engine calls are given per method; within
 * `transact` or `read` they join that transaction, otherwise each call is a transaction of its own (one more call
 * for the tenant's state).
 *
 * @example
 * ```ts
 * import { entity, type ReadRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 * async function firstNames(cities: ReadRepository<typeof City>): Promise<string[]> {
 *   const found = await cities.list({ limit: 10 });
 *   return found.map((city) => city.name);
 * }
 * ```
 */
export interface ReadRepository<E extends AnyEntity> {
  /** The record, or undefined. One get. */
  get(id: IdOf<E>, options?: OperationOptions): Promise<Infer<E> | undefined>;
  /** The record; `RECORD_NOT_FOUND` when there is none. One get. */
  require(id: IdOf<E>, options?: OperationOptions): Promise<Infer<E>>;
  /** The record with its revision, or undefined. One get. */
  entry(id: IdOf<E>, options?: OperationOptions): Promise<Entry<E> | undefined>;
  /** Whether there is such a record. One get. */
  has(id: IdOf<E>, options?: OperationOptions): Promise<boolean>;
  /**
   * The records of `ids`, in their order, undefined where there is none. One get each, all at once, of one point in
   * time. At most `batchRecordsMax` (1,000) ids: `BATCH_TOO_LARGE`.
   */
  getMany(ids: readonly IdOf<E>[], options?: GetManyOptions): Promise<(Infer<E> | undefined)[]>;
  /**
   * The records of a query as an array, of one point in time. Without a `limit`, more than `listRecordsMax` (10,000)
   * is `LIST_TOO_LARGE`. One range read per batch, and one get per record when through an index that does not hold
   * all that is selected.
   */
  list<const S extends Selection<E> | undefined = undefined>(query?: Query<E, S>): Promise<Selected<E, S>[]>;
  /** The first record of a query, or undefined. One range read of one row, and one get as with `list`. */
  first<const S extends Selection<E> | undefined = undefined>(query?: Query<E, S>): Promise<Selected<E, S> | undefined>;
  /** The records of a query one after another, of any number; see {@link Scan}. Costs as `list` does. */
  scan<const S extends Selection<E> | undefined = undefined>(query?: Query<E, S>): Scan<Selected<E, S>>;
  /**
   * One page of a query and the cursors of its neighbours. Pages hold through inserts and deletes between them: no
   * record twice, none left out that was there throughout. One range read of `size + 1` rows, and `size` gets when
   * through an index. `CURSOR_INVALID` for any cursor that is not of this tenant, query, principal and day.
   */
  page<const S extends Selection<E> | undefined = undefined>(query: PageQuery<E, S>): Promise<Page<Selected<E, S>>>;
  /** As many records as a query has up to `max`, and whether these are all; reads `max + 1` rows at most. */
  count(query: BoundedQuery<E>): Promise<Count>;
  /** How many records a query has; reads the range (an index's entries are small, records are not). */
  count(query?: Query<E>): Promise<number>;
  /**
   * What an aggregate of the entity comes to for one group, or for all records where it has no groups; 0 when there are
   * none. `AGGREGATE_TOO_LARGE` when that is no safe integer. One get.
   */
  aggregate<A extends AggregateName<E>>(name: A, ...query: AggregateArguments<E, A>): Promise<AggregateValue<E, A>>;
  /**
   * The groups of an aggregate whose value is not 0, in the order of their values. Without a `limit`, more than
   * `listRecordsMax` (10,000) is `LIST_TOO_LARGE`. One range read per batch.
   */
  groups<A extends AggregateName<E>>(name: A, query?: GroupQuery<E, A>): Promise<AggregateGroup<E, A>[]>;
  /**
   * The counters of a record, 0 where nothing was added; undefined when there is no such record.
   * `AGGREGATE_TOO_LARGE` when one is no safe integer. One get and one range read.
   */
  counters(id: IdOf<E>, options?: OperationOptions): Promise<Counters<E> | undefined>;
  /** What a query reads and what it costs, without reading anything. No calls. */
  explain(query?: Query<E, Selection<E> | undefined>): QueryPlan;
  /**
   * Reads all records, compares all that is kept beside them with them, and returns every {@link Defect}: none, unless
   * something is broken.
   */
  verify(options?: OperationOptions): Promise<Defect<E>[]>;
}
