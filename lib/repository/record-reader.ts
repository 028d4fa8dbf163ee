/** Reading one entity's records: the methods of `ReadRepository`. */

import {
  type Group,
  type GroupsRequest,
  planGroup,
  planGroups,
  readCounters,
  readGroup,
  readGroups,
} from "../aggregates/index.js";
import { tenantryError } from "../errors/index.js";
import { assertReadable, type RangePlan } from "../indexes/index.js";
import { listRecordsMax } from "../limits/index.js";
import { assertFunctionIfGiven, takeOptions } from "../options/index.js";
import type { AggregateName, AggregateValue, AnyEntity, IdOf, Infer, StoredRecord } from "../schema/index.js";
import { type CallTerms, callTerms, type ReadTransaction, siblings } from "../transaction/index.js";
import { seenBatch, seenRecords } from "./access/seen-records.js";
import { copiedBatch } from "./batch.js";
import type { CursorSeal } from "./cursor.js";
import { getRecords } from "./get-many.js";
import {
  type AggregateArguments,
  type AggregateGroup,
  aggregateNames,
  type Counters,
  type GroupQuery,
  groupsNames,
} from "./interface/aggregate-query.js";
import { type GetManyOptions, getManyNames, type OperationOptions, operationNames } from "./interface/options.js";
import type { Entry, ReadRepository, Scan } from "./interface/read-repository.js";
import { readPage } from "./page.js";
import type { BoundedQuery, Count, Page, PageQuery, Query, QueryOptions, Selected, Selection } from "./query.js";
import { explainPlan, type PlannedQuery, planQuery, type QueryPlan } from "./query-plan.js";
import { batchesOf, RecordScan } from "./scan.js";
import type { Gathering } from "./table/gathering.js";
import type { RecordTable } from "./table/record-table.js";
import { type Batch, countBatch, type Wanted } from "./table/rows.js";
import type { Loaded } from "./table/stored-records.js";
import { unreadFor } from "./table/unread.js";
import { countNames, pageNames, queryNames, takeQuery } from "./taken-query.js";
import type { TenantReader } from "./tenant-reader.js";
import type { Defect } from "./verify/defect.js";
import { verifyRecords } from "./verify/verify.js";

export class RecordReader<E extends AnyEntity> implements ReadRepository<E> {
  readonly #table: RecordTable<E>;
  readonly #reader: TenantReader;
  readonly #seal: CursorSeal;

  constructor(table: RecordTable<E>, reader: TenantReader, seal: CursorSeal) {
    this.#table = table;
    this.#reader = reader;
    this.#seal = seal;
  }

  async get(id: IdOf<E>, options?: OperationOptions): Promise<Infer<E> | undefined> {
    const packed = this.#table.model.encodeId(id);
    const terms = this.#terms("get", options);
    const found = this.#findSync(packed, terms) ?? { stored: await this.#find(packed, terms) };
    return found.stored?.record;
  }

  async require(id: IdOf<E>, options?: OperationOptions): Promise<Infer<E>> {
    const packed = this.#table.model.encodeId(id);
    const terms = this.#terms("require", options);
    const found = this.#findSync(packed, terms) ?? { stored: await this.#find(packed, terms) };
    if (found.stored === undefined) throw this.#table.missing(packed);
    return found.stored.record;
  }

  async entry(id: IdOf<E>, options?: OperationOptions): Promise<Entry<E> | undefined> {
    const packed = this.#table.model.encodeId(id);
    const terms = this.#terms("entry", options);
    const found = this.#findSync(packed, terms) ?? { stored: await this.#find(packed, terms) };
    if (found.stored === undefined) return undefined;
    const { record, revision } = found.stored;
    return { id: this.#table.model.idOf(record), record, revision };
  }

  async has(id: IdOf<E>, options?: OperationOptions): Promise<boolean> {
    const table = this.#table;
    const packed = table.model.encodeId(id);
    const terms = this.#terms("has", options);
    if (table.access?.filters) return (await this.#find(packed, terms)) !== undefined;
    return await this.#reader.read((transaction) => table.has(transaction, packed), terms);
  }

  async getMany(ids: readonly IdOf<E>[], given?: GetManyOptions): Promise<(Infer<E> | undefined)[]> {
    const packed = copiedBatch(ids).map((id) => this.#table.model.encodeId(id));
    const { signal, onUnreadable } = takeOptions(given, getManyNames, "getMany");
    const own = this.#bound("getMany", signal);
    return await getRecords(this.#table, this.#reader, packed, own, unreadFor(onUnreadable));
  }

  async list<const S extends Selection<E> | undefined = undefined>(given?: Query<E, S>): Promise<Selected<E, S>[]> {
    const query = takeQuery(this.#table.model, given, queryNames, "list");
    const planned = planQuery(this.#table.model, query);
    const bounded = query.limit !== undefined;
    return await this.#firstRecords<Selected<E, S>>(
      planned,
      bounded ? planned.limit : listRecordsMax + 1,
      "list",
      query,
      (rows) => {
        if (bounded || rows <= listRecordsMax) return;
        throw tenantryError("LIST_TOO_LARGE", { entity: this.#table.model.name, listRecordsMax });
      },
    );
  }

  async first<const S extends Selection<E> | undefined = undefined>(
    given?: Query<E, S>,
  ): Promise<Selected<E, S> | undefined> {
    const query = takeQuery(this.#table.model, given, queryNames, "first");
    const planned = planQuery(this.#table.model, query);
    return (await this.#firstRecords<Selected<E, S>>(planned, Math.min(planned.limit, 1), "first", query))[0];
  }

  /** The first answers of a planned query, `limit` at most; `assertSize` is told how many before those are whole. */
  async #firstRecords<R>(
    planned: PlannedQuery,
    limit: number,
    operation: string,
    { signal, onUnreadable }: QueryOptions,
    assertSize: (rows: number) => void = () => {},
  ): Promise<R[]> {
    const table = this.#table;
    const own = this.#bound(operation, signal);
    const unread = unreadFor(onUnreadable);
    if (table.access?.filters || unread) {
      const read = (transaction: ReadTransaction): Promise<R[]> =>
        seenRecords<E, R>(transaction, table, planned, limit, unread);
      const seen = await this.#reader.read(read, own);
      assertSize(seen.length);
      if (unread !== undefined) await unread.tell();
      return seen;
    }
    const visit = (transaction: ReadTransaction): Gathering<R> | undefined => {
      const visited = table.visited<R>(transaction, planned, limit);
      if (visited !== undefined) assertSize(visited.records.length);
      return visited;
    };
    if (table.isPlain(planned.range)) {
      const found = this.#reader.readSync((transaction) => visit(transaction)?.wholeSync(transaction), own);
      if (found !== undefined) return found;
    }
    return await this.#reader.read(async (transaction) => {
      const visited = visit(transaction);
      if (visited !== undefined) return await visited.whole(transaction);
      const rows = await table.firstRows(transaction, planned, limit);
      assertSize(rows.length);
      return await table.records<R>(transaction, planned, rows);
    }, own);
  }

  scan<const S extends Selection<E> | undefined = undefined>(given?: Query<E, S>): Scan<Selected<E, S>> {
    const query = takeQuery(this.#table.model, given, queryNames, "scan");
    const planned = planQuery(this.#table.model, query);
    const { onUnreadable } = query;
    assertFunctionIfGiven(onUnreadable, "onUnreadable");
    return new RecordScan(() => {
      const unread = unreadFor(onUnreadable);
      const session = this.#session("scan", query.signal);
      const next = (transaction: ReadTransaction, part: RangePlan, wanted: Wanted): Promise<Batch<Selected<E, S>[]>> =>
        this.#table.access?.filters || unread
          ? seenBatch<E, Selected<E, S>>(transaction, this.#table, planned, part, wanted, unread)
          : this.#table.batch<Selected<E, S>>(transaction, planned, part, wanted);
      return batchesOf(session, planned, next, unread);
    });
  }

  async page<const S extends Selection<E> | undefined = undefined>(
    given: PageQuery<E, S>,
  ): Promise<Page<Selected<E, S>>> {
    const query = takeQuery(this.#table.model, given, pageNames, "page");
    const planned = planQuery(this.#table.model, query);
    const { size = Number.NaN, cursor, principal, signal } = query;
    const request = { planned, size, cursor, principal, unread: unreadFor(query.onUnreadable) };
    return await readPage<E, Selected<E, S>>(
      this.#table,
      this.#reader,
      this.#seal,
      request,
      this.#bound("page", signal),
    );
  }

  count(query: BoundedQuery<E>): Promise<Count>;
  count(query?: Query<E>): Promise<number>;
  async count(given?: Query<E> | BoundedQuery<E>): Promise<Count | number> {
    const query = takeQuery(this.#table.model, given, countNames, "count");
    const planned = planQuery(this.#table.model, query);
    const { max } = query;
    const limit = Math.min(planned.limit, (max ?? Number.POSITIVE_INFINITY) + 1);
    let count = 0;
    const unread = unreadFor(query.onUnreadable);
    const sizes = batchesOf(
      this.#session("count", query.signal),
      { ...planned, limit },
      async (transaction, part, wanted) => {
        const settled = assertReadable(transaction, this.#table.model, planned.range.index);
        if (settled !== undefined) await settled;
        if (!this.#table.access?.filters)
          return await countBatch(transaction, part, wanted, this.#table.liveness.filter(part.index));
        const seen = await seenBatch<E, Infer<E>>(transaction, this.#table, planned, part, wanted, unread);
        return { ...seen, value: seen.count };
      },
      unread,
    );
    for await (const size of sizes) count += size;
    return max === undefined ? count : { count: Math.min(count, max), exact: count <= max };
  }

  async aggregate<A extends AggregateName<E>>(
    name: A,
    ...[given]: AggregateArguments<E, A>
  ): Promise<AggregateValue<E, A>> {
    const { model } = this.#table;
    const query: OperationOptions & { readonly equals?: unknown } = takeOptions(given, aggregateNames, "aggregate");
    const planned = planGroup(model, name, query.equals);
    const read = (transaction: ReadTransaction): Promise<number | bigint> => readGroup(transaction, model, planned);
    // A bigint where the field summed is one, as the definition says.
    return (await this.#reader.read(read, this.#bound("aggregate", query.signal))) as AggregateValue<E, A>;
  }

  async groups<A extends AggregateName<E>>(name: A, given?: GroupQuery<E, A>): Promise<AggregateGroup<E, A>[]> {
    const { model } = this.#table;
    const query: GroupsRequest & OperationOptions = takeOptions(given, groupsNames, "groups");
    const planned = planGroups(model, name, query);
    const read = (transaction: ReadTransaction): Promise<Group[]> => readGroups(transaction, model, planned);
    // The groups' values and their kind are those of the definition.
    return (await this.#reader.read(read, this.#bound("groups", query.signal))) as AggregateGroup<E, A>[];
  }

  async counters(id: IdOf<E>, options?: OperationOptions): Promise<Counters<E> | undefined> {
    const table = this.#table;
    const packed = table.model.encodeId(id);
    const read = async (transaction: ReadTransaction): Promise<Record<string, number> | undefined> => {
      const both = [table.has(transaction, packed), readCounters(transaction, table.model, packed)] as const;
      const [there, counters] = await siblings(both);
      return there ? counters : undefined;
    };
    // Their names are those of the definition.
    return (await this.#reader.read(read, this.#terms("counters", options))) as Counters<E> | undefined;
  }

  explain(given?: Query<E, Selection<E> | undefined>): QueryPlan {
    const { model, access } = this.#table;
    access?.enter("explain");
    const planned = planQuery(model, takeQuery(model, given, queryNames, "explain"));
    // Conditions on records are about all their fields.
    return explainPlan(model, access?.filters && planned.range.index ? { ...planned, covered: false } : planned);
  }

  async verify(options?: OperationOptions): Promise<Defect<E>[]> {
    const { signal } = takeOptions(options, operationNames, "verify");
    const session = this.#session("verify", signal);
    try {
      return await verifyRecords(this.#table, (fn) => session.read(fn));
    } finally {
      session.end();
    }
  }

  async #find(packed: Uint8Array, terms: CallTerms): Promise<StoredRecord<E> | undefined> {
    const table = this.#table;
    const load = (transaction: ReadTransaction): Promise<Loaded | undefined> => table.load(transaction, packed);
    const loaded = await this.#reader.read(load, terms);
    return table.shown(loaded && table.decodeAs(packed, loaded.value));
  }

  /** As `#find`, without a promise; undefined where that cannot be. */
  #findSync(packed: Uint8Array, terms: CallTerms): { readonly stored: StoredRecord<E> | undefined } | undefined {
    const found = this.#reader.readSync((transaction) => this.#table.foundSync(transaction, packed), terms);
    return found && { stored: this.#table.shown(found.stored) };
  }

  #session(operation: string, signal: AbortSignal | undefined): ReturnType<TenantReader["openReadSession"]> {
    return this.#reader.openReadSession(this.#bound(operation, signal));
  }

  /** The terms of a read that takes no more than every operation does. @throws ACCESS_DENIED, OPTION_UNKNOWN */
  #terms(operation: string, options: OperationOptions | undefined): CallTerms {
    return this.#bound(operation, takeOptions(options, operationNames, operation).signal);
  }

  /** The terms of a read; the one place that all of them pass. @throws ACCESS_DENIED */
  #bound(operation: string, signal: AbortSignal | undefined): CallTerms {
    this.#table.access?.enter(operation);
    return callTerms(operation, this.#table.model.name, signal);
  }
}
