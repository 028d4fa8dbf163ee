/** One entity's records in a tenant, outside of any transaction: the methods of `TenantRepository`. */

import { tenantryError } from "../../errors/index.js";
import { assertFunctionIfGiven, takeOptions } from "../../options/index.js";
import type { BatchReader } from "../../records/index.js";
import type { AnyEntity, IdOf, Infer } from "../../schema/index.js";
import { type CallTerms, callTerms } from "../../transaction/index.js";
import type { CursorSeal } from "../cursor.js";
import {
  type ScanOptions,
  scanNames,
  type WorkOptions,
  type WorkProgress,
  type WorkQuery,
  workNames,
} from "../interface/long-work.js";
import { type OperationOptions, operationNames, type VerifyOptions, verifyNames } from "../interface/options.js";
import type { Scan } from "../interface/read-repository.js";
import type { TenantRepository } from "../interface/tenant-repository.js";
import type { Query, Selected, Selection } from "../query.js";
import { type PlannedQuery, planQuery } from "../query-plan.js";
import { RecordScan } from "../scan.js";
import type { RecordTable } from "../table/record-table.js";
import { takeQuery, workQueryNames } from "../taken-query.js";
import type { RunnerWriter } from "../tenant-reader.js";
import type { Defect } from "../verify/defect.js";
import { IndexRepair } from "../verify/repair.js";
import { mendEntries, verifyRecords } from "../verify/verify.js";
import { RecordWriter } from "../write/record-writer.js";
import { recountAll } from "../write/recount.js";
import { LongWork } from "./long-work.js";
import { workKey } from "./place.js";
import { RecordWatch } from "./record-watch.js";
import type { TenantWatches } from "./tenant-watches.js";

export class TenantRecords<E extends AnyEntity> extends RecordWriter<E> implements TenantRepository<E> {
  readonly #table: RecordTable<E>;
  readonly #writer: RunnerWriter;
  readonly #watches: TenantWatches;
  readonly #work: LongWork<E>;

  constructor(table: RecordTable<E>, writer: RunnerWriter, seal: CursorSeal, watches: TenantWatches) {
    super(table, writer, seal);
    this.#table = table;
    this.#writer = writer;
    this.#watches = watches;
    this.#work = new LongWork(table, writer);
  }

  scanAll<const S extends Selection<E> | undefined = undefined>(
    query?: Query<E, S>,
    options?: ScanOptions,
  ): Scan<Selected<E, S>> {
    const { onProgress } = takeOptions(options, scanNames, "scanAll");
    assertFunctionIfGiven(onProgress, "onProgress");
    const scan = this.scan(query);
    return new RecordScan(async function* () {
      let records = 0;
      for await (const batch of scan.batches()) {
        yield [...batch];
        records += batch.length;
        await onProgress?.({ records, done: false });
      }
      await onProgress?.({ records, done: true });
      return undefined;
    });
  }

  async transform(
    query: WorkQuery<E>,
    fn: (record: Infer<E>) => Infer<E> | undefined,
    given?: WorkOptions,
  ): Promise<WorkProgress> {
    const { model } = this.#table;
    const options = takeOptions(given, workNames, "transform");
    return await this.#work.run({
      operation: "transform",
      planned: this.#plan("transform", query),
      judge: (record) => {
        const after = fn(record);
        return after === undefined ? undefined : { after: model.check(after) };
      },
      fn,
      options,
    });
  }

  async deleteWhere(
    query: WorkQuery<E>,
    predicate: (record: Infer<E>) => boolean,
    given?: WorkOptions,
  ): Promise<WorkProgress> {
    const options = takeOptions(given, workNames, "deleteWhere");
    return await this.#work.run({
      operation: "deleteWhere",
      planned: this.#plan("deleteWhere", query),
      judge: (record) => (predicate(record) === true ? { after: undefined } : undefined),
      fn: predicate,
      options,
    });
  }

  watch(id: IdOf<E>, options?: OperationOptions): AsyncIterable<Infer<E> | undefined> {
    const { signal } = takeOptions(options, operationNames, "watch");
    const table = this.#table;
    const packed = table.model.encodeId(id);
    table.access?.enter("watch");
    const take = (): (() => void) => this.#watches.take(this.#writer.tenantId);
    return { [Symbol.asyncIterator]: () => new RecordWatch(table, this.#writer, { id: packed, signal, take }) };
  }

  async forgetWork(name: string, options?: OperationOptions): Promise<void> {
    const { signal } = takeOptions(options, operationNames, "forgetWork");
    const key = workKey({ entity: this.#table.model.name, subject: this.#writer.context?.subject }, name);
    this.#table.access?.enter("forgetWork");
    const terms = callTerms("forgetWork", this.#table.model.name, signal);
    await this.#writer.write(async ({ transaction }) => transaction.clear(key), terms);
  }

  async recount(options?: OperationOptions): Promise<void> {
    const { signal } = takeOptions(options, operationNames, "recount");
    const { model, access } = this.#table;
    access?.enter("recount");
    const terms = callTerms("recount", model.name, signal);
    await recountAll(this.#table, (fn) => this.#writer.write(fn, terms));
  }

  override async verify(options?: VerifyOptions): Promise<Defect<E>[]> {
    const { signal, repair: mends } = takeOptions(options, verifyNames, "verify");
    if (mends !== true) return await super.verify({ signal });
    const { model, access } = this.#table;
    access?.enter("verify");
    access?.assertAll("update");
    const terms = callTerms("verify", model.name, signal);
    const repair = new IndexRepair(this.#table, (fn) => this.#writer.write(fn, terms));
    const entries = await this.#reading(terms, (read) => mendEntries(this.#table, read, repair));
    return await this.#reading(terms, (read) => verifyRecords(this.#table, read, { entries, repair }));
  }

  /** Reads in batches, at a point in time that begins with this. */
  async #reading<T>(terms: CallTerms, fn: (read: BatchReader) => Promise<T>): Promise<T> {
    const session = this.#writer.openReadSession(terms);
    try {
      return await fn((step) => session.read(step));
    } finally {
      session.end();
    }
  }

  /** Plans the query of long work. @throws `QUERY_INVALID`, `OPTION_UNKNOWN` */
  #plan(operation: string, query: WorkQuery<E>): PlannedQuery {
    const { model } = this.#table;
    const planned = planQuery(model, takeQuery(model, query, workQueryNames, `${operation} query`));
    const refuse = (reason: string): never => {
      const index = planned.range.index?.name;
      throw tenantryError("QUERY_INVALID", { entity: model.name, index, reason, lacks: undefined });
    };
    if (planned.range.index?.each !== undefined) {
      refuse("long work meets each record once: it cannot go through an index over the elements of an array");
    }
    return planned;
  }
}
