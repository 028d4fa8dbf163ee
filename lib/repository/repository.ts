/** The door to one entity's records in one tenant, as users see it: reading alone, and reading and writing. */
import type { IndexDefect } from "../indexes/index.js";
import type { AnyEntity, IdOf, Infer, InputOf, PatchOf } from "../schema/index.js";
import type { BoundedQuery, Count, Page, PageQuery, Query, Selected, Selection } from "./query.js";
import type { QueryPlan } from "./query-plan.js";

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
  getMany(ids: readonly IdOf<E>[], options?: OperationOptions): Promise<(Infer<E> | undefined)[]>;
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
  /** What a query reads and what it costs, without reading anything. No calls. */
  explain(query?: Query<E, Selection<E> | undefined>): QueryPlan;
  /** Compares all indexes with the records and returns every disagreement: none, unless something is broken. */
  verify(options?: OperationOptions): Promise<IndexDefect<E>[]>;
}

/**
 * Reads and writes the records of one entity in one tenant; indexes change in the same transaction.
 *
 * Input is validated before anything is written: `RECORD_INVALID` carries zod's issues. `RECORD_TOO_LARGE` and
 * `KEY_TOO_LARGE` come before any write, too. Writes to an unknown or suspended tenant: `TENANT_UNAVAILABLE`.
 *
 * @example
 * ```ts
 * import { entity, type TenantRepository } from "tenantry";
 * import { z } from "zod";
 * const City = entity("city", { version: 1, schema: z.object({ id: z.int(), name: z.string() }), id: ["id"] });
 *
 * async function rename(cities: TenantRepository<typeof City>, id: number, name: string) {
 *   const entry = await cities.entry(id);
 *   if (entry === undefined) return cities.create({ id, name });
 *   return cities.update(id, (city) => ({ ...city, name }), { ifRevision: entry.revision });
 * }
 * ```
 */
export interface TenantRepository<E extends AnyEntity> extends ReadRepository<E> {
  /** Stores a new record and returns it as stored; `RECORD_EXISTS` when its id is taken. One get. */
  create(input: InputOf<E>, options?: OperationOptions): Promise<Infer<E>>;
  /** Creates all or none, `batchRecordsMax` (1,000) at most. One get each, all at once. */
  createMany(inputs: readonly InputOf<E>[], options?: OperationOptions): Promise<Infer<E>[]>;
  /** Stores a record, new or in place of the one with its id, and returns it as stored. One get. */
  put(input: InputOf<E>, options?: ChangeOptions): Promise<Infer<E>>;
  /** Puts all or none, in their order, `batchRecordsMax` (1,000) at most. One get each, all at once. */
  putMany(inputs: readonly InputOf<E>[], options?: OperationOptions): Promise<Infer<E>[]>;
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
  /** Removes a record; whether there was one. One get. */
  delete(id: IdOf<E>, options?: ChangeOptions): Promise<boolean>;
  /** Removes all of them in one transaction, `batchRecordsMax` (1,000) at most; how many there were. One get each. */
  deleteMany(ids: readonly IdOf<E>[], options?: OperationOptions): Promise<number>;
}

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
  repository<E extends AnyEntity>(entity: E, options?: RepositoryOptions): TenantRepository<E>;
  /** Runs `fn` once after the transaction has committed; what it throws is logged and changes nothing. */
  afterCommit(fn: () => void | Promise<void>): void;
}
