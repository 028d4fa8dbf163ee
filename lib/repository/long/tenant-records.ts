/** One entity's records in a tenant, outside of any transaction: the methods of `TenantRepository`. */

import { tenantryError } from "../../errors/index.js";
import type { AnyEntity, IdOf, Infer } from "../../schema/index.js";
import { callTerms } from "../../transaction/index.js";
import type { CursorSeal } from "../cursor.js";
import type { ScanOptions, WorkOptions, WorkProgress, WorkQuery } from "../interface/long-work.js";
import type { OperationOptions } from "../interface/options.js";
import type { Scan } from "../interface/read-repository.js";
import type { TenantRepository } from "../interface/tenant-repository.js";
import type { Query, Selected, Selection } from "../query.js";
import { type PlannedQuery, planQuery } from "../query-plan.js";
import { RecordScan } from "../scan.js";
import type { RecordTable } from "../table/record-table.js";
import type { RunnerWriter } from "../tenant-reader.js";
import { RecordWriter } from "../write/record-writer.js";
import { recountAll } from "../write/recount.js";
import { LongWork } from "./long-work.js";
import { workKey } from "./place.js";
import { RecordWatch } from "./record-watch.js";

/** What a query of long work may say. */
const workQueryOptions: ReadonlySet<string> = new Set(["index", "equals", "from", "to", "prefix", "reverse"]);

export class TenantRecords<E extends AnyEntity> extends RecordWriter<E> implements TenantRepository<E> {
  readonly #table: RecordTable<E>;
  readonly #writer: RunnerWriter;
  readonly #work: LongWork<E>;

  constructor(table: RecordTable<E>, writer: RunnerWriter, seal: CursorSeal) {
    super(table, writer, seal);
    this.#table = table;
    this.#writer = writer;
    this.#work = new LongWork(table, writer);
  }

  scanAll<const S extends Selection<E> | undefined = undefined>(
    query: Query<E, S> = {},
    { onProgress }: ScanOptions = {},
  ): Scan<Selected<E, S>> {
    const scan = this.scan(query);
    return new RecordScan(async function* () {
      let records = 0;
      for await (const batch of scan.batches()) {
        yield [...batch];
        records += batch.length;
        onProgress?.({ records, done: false });
      }
      onProgress?.({ records, done: true });
      return undefined;
    });
  }

  async transform(
    query: WorkQuery<E>,
    fn: (record: Infer<E>) => Infer<E> | undefined,
    options: WorkOptions = {},
  ): Promise<WorkProgress> {
    const { model } = this.#table;
    return await this.#work.run({
      operation: "transform",
      planned: this.#plan(query),
      judge: (record) => {
        const after = fn(record);
        return after === undefined ? undefined : { after: model.check(after) };
      },
      options,
    });
  }

  async deleteWhere(
    query: WorkQuery<E>,
    predicate: (record: Infer<E>) => boolean,
    options: WorkOptions = {},
  ): Promise<WorkProgress> {
    return await this.#work.run({
      operation: "deleteWhere",
      planned: this.#plan(query),
      judge: (record) => (predicate(record) === true ? { after: undefined } : undefined),
      options,
    });
  }

  watch(id: IdOf<E>, options: OperationOptions = {}): AsyncIterable<Infer<E> | undefined> {
    const table = this.#table;
    const packed = table.model.encodeId(id);
    table.access?.enter("watch");
    return { [Symbol.asyncIterator]: () => new RecordWatch(table, this.#writer, packed, options.signal) };
  }

  async forgetWork(name: string, options: OperationOptions = {}): Promise<void> {
    const key = workKey(this.#table.model.name, name);
    this.#table.access?.enter("forgetWork");
    const terms = callTerms("forgetWork", this.#table.model.name, options.signal);
    await this.#writer.write(async ({ transaction }) => transaction.clear(key), terms);
  }

  async recount(options: OperationOptions = {}): Promise<void> {
    const { model, access } = this.#table;
    access?.enter("recount");
    const terms = callTerms("recount", model.name, options.signal);
    await recountAll(this.#table, (fn) => this.#writer.write(fn, terms));
  }

  /** Plans the query of long work. @throws `QUERY_INVALID` */
  #plan(query: WorkQuery<E>): PlannedQuery {
    const { model } = this.#table;
    const planned = planQuery(model, query);
    const refuse = (reason: string): never => {
      throw tenantryError("QUERY_INVALID", { entity: model.name, index: query.index, reason, lacks: undefined });
    };
    const stray = Object.keys(query).find((option) => !workQueryOptions.has(option));
    if (stray !== undefined) refuse(`long work goes through whole ranges: its query has no ${JSON.stringify(stray)}`);
    if (planned.range.index?.each !== undefined) {
      refuse("long work meets each record once: it cannot go through an index over the elements of an array");
    }
    return planned;
  }
}
