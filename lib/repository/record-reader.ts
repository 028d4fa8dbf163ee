/** Reading one entity's records: the methods of `ReadRepository`. */
import { tenantryError } from "../errors/index.js";
import { type IndexDefect, planRange, type RangePlan, type RangeQuery, verifyIndexes } from "../indexes/index.js";
import { batchRecordsMax, listRecordsMax } from "../limits.js";
import type { AnyEntity, IdOf, Infer } from "../schema/index.js";
import type { ReadTransactionOptions } from "../transaction/index.js";
import type { CursorSeal } from "./cursor.js";
import { readPage } from "./page.js";
import type { Page, PageQuery, Query, QueryOptions } from "./query.js";
import { firstRows, type RecordTable } from "./record-table.js";
import type { Entry, OperationOptions, ReadRepository, Scan } from "./repository.js";
import { batchesOf, RecordScan, type ScanOrder } from "./scan.js";
import type { TenantReader } from "./tenant-reader.js";

/** What a query says, whatever its entity. */
interface AnyQuery extends RangeQuery, QueryOptions {
  readonly limit?: number | undefined;
}

/** All that a query of any kind may say: a misspelt bound must not widen a range in silence. */
const queryOptions: ReadonlySet<string> = new Set([
  "index",
  "equals",
  "from",
  "to",
  "reverse",
  "limit",
  "signal",
  "size",
  "cursor",
  "principal",
]);

/** Throws `BATCH_TOO_LARGE` when there is more in a batch than one transaction takes. */
export function assertBatch(records: readonly unknown[]): void {
  if (records.length > batchRecordsMax) {
    throw tenantryError("BATCH_TOO_LARGE", { records: records.length, batchRecordsMax });
  }
}

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
    const stored = await this.#load("get", id, options);
    return stored === undefined ? undefined : this.#table.model.decodeRecord(stored).record;
  }

  async require(id: IdOf<E>, options?: OperationOptions): Promise<Infer<E>> {
    const stored = await this.#load("require", id, options);
    if (stored === undefined) throw this.#table.missing(id);
    return this.#table.model.decodeRecord(stored).record;
  }

  async entry(id: IdOf<E>, options?: OperationOptions): Promise<Entry<E> | undefined> {
    const stored = await this.#load("entry", id, options);
    if (stored === undefined) return undefined;
    const { record, revision } = this.#table.model.decodeRecord(stored);
    return { id: this.#table.model.idOf(record), record, revision };
  }

  async has(id: IdOf<E>, options?: OperationOptions): Promise<boolean> {
    return (await this.#load("has", id, options)) !== undefined;
  }

  async getMany(ids: readonly IdOf<E>[], options?: OperationOptions): Promise<(Infer<E> | undefined)[]> {
    assertBatch(ids);
    const packed = ids.map((id) => this.#table.model.encodeId(id));
    const values = await this.#reader.read(
      (transaction) => Promise.all(packed.map((id) => this.#table.load(transaction, id))),
      this.#options("getMany", options),
    );
    return values.map((value) => (value === undefined ? undefined : this.#table.model.decodeRecord(value).record));
  }

  async list(query: Query<E> = {}): Promise<Infer<E>[]> {
    const { range, order } = this.#plan(query);
    const bounded = query.limit !== undefined;
    const limit = bounded ? order.limit : listRecordsMax + 1;
    return this.#reader.read(
      async (transaction) => {
        const rows = await firstRows(transaction, range, { limit, reverse: order.reverse });
        if (!bounded && rows.length > listRecordsMax) {
          throw tenantryError("LIST_TOO_LARGE", { entity: this.#table.model.name, listRecordsMax });
        }
        return this.#table.records(transaction, range, rows);
      },
      this.#options("list", query),
    );
  }

  scan(query: Query<E> = {}): Scan<Infer<E>> {
    const { range, order } = this.#plan(query);
    return new RecordScan(() =>
      batchesOf(this.#session("scan", query), range, order, (transaction, rows) =>
        this.#table.records(transaction, range, rows),
      ),
    );
  }

  async page(query: PageQuery<E>): Promise<Page<Infer<E>>> {
    const { range, order } = this.#plan(query);
    const { size, cursor, principal } = query;
    const request = { range, reverse: order.reverse, size, cursor, principal };
    return readPage(this.#table, this.#reader, this.#seal, request, this.#options("page", query));
  }

  async count(query: Query<E> = {}): Promise<number> {
    const { range, order } = this.#plan(query);
    let count = 0;
    const sizes = batchesOf(this.#session("count", query), range, order, async (_, rows) => rows.length);
    for await (const size of sizes) count += size;
    return count;
  }

  async verify(options?: OperationOptions): Promise<IndexDefect<E>[]> {
    const session = this.#session("verify", options);
    try {
      return await verifyIndexes(this.#table.model, (fn) => session.read(fn));
    } finally {
      session.end();
    }
  }

  #load(operation: string, id: IdOf<E>, options: OperationOptions | undefined): Promise<Uint8Array | undefined> {
    const packed = this.#table.model.encodeId(id);
    return this.#reader.read((transaction) => this.#table.load(transaction, packed), this.#options(operation, options));
  }

  #session(operation: string, options: OperationOptions | undefined): ReturnType<TenantReader["openReadSession"]> {
    return this.#reader.openReadSession(this.#options(operation, options));
  }

  #options(operation: string, options: OperationOptions | undefined): ReadTransactionOptions {
    return { signal: options?.signal, label: { entity: this.#table.model.name, operation } };
  }

  #plan(query: AnyQuery): { readonly range: RangePlan; readonly order: ScanOrder } {
    const { index, limit, reverse = false } = query;
    const refuse = (reason: string): never => {
      throw tenantryError("QUERY_INVALID", { entity: this.#table.model.name, index, reason });
    };
    const stray = Object.keys(query).find((option) => !queryOptions.has(option));
    if (stray !== undefined) refuse(`a query has no option ${JSON.stringify(stray)}`);
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) refuse("a limit is a whole number from 0");
    const range = planRange(this.#table.model, query);
    return { range, order: { reverse, limit: limit ?? Number.POSITIVE_INFINITY } };
  }
}
