/** Long work: batches, each a transaction that stores how far it came, until the range's end. */

import { isTenantryError } from "../../errors/index.js";
import { assertFunction, assertFunctionIfGiven } from "../../options/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";
import { callTerms } from "../../transaction/index.js";
import type { WorkOptions, WorkProgress } from "../interface/long-work.js";
import type { PlannedQuery } from "../query-plan.js";
import type { RecordTable } from "../table/record-table.js";
import { type Unread, unreadFor } from "../table/unread.js";
import type { TenantWriter } from "../tenant-reader.js";
import { BatchSize, isTooMuch } from "./batch-size.js";
import { NamedPlace, PassingPlace, type Place, type PlaceKeeper } from "./place.js";
import { type Judge, workBatch } from "./work-batch.js";

/** What one call of long work does. */
export interface WorkOrder<E extends AnyEntity> {
  readonly operation: string;
  readonly planned: PlannedQuery;
  readonly judge: Judge<E>;
  /** The caller's function, by which the judge goes. */
  readonly fn: (record: Infer<E>) => unknown;
  readonly options: WorkOptions;
}

/** Runs long work on one entity's records in one tenant. */
export class LongWork<E extends AnyEntity> {
  readonly #table: RecordTable<E>;
  readonly #writer: TenantWriter;

  constructor(table: RecordTable<E>, writer: TenantWriter) {
    this.#table = table;
    this.#writer = writer;
  }

  async run(order: WorkOrder<E>): Promise<WorkProgress> {
    const { operation, planned, fn, options } = order;
    const { name, version, onProgress, onUnreadable } = options;
    assertFunction(fn, operation);
    assertFunctionIfGiven(onProgress, "onProgress");
    const unread = unreadFor(onUnreadable);
    this.#table.access?.enter(operation);
    const subject = this.#writer.context?.subject;
    const identity = { entity: this.#table.model.name, operation, planned, subject, fn, version };
    const keeper = name === undefined ? new PassingPlace() : new NamedPlace(identity, name);
    const size = new BatchSize();
    for (;;) {
      const place = await this.#next(order, keeper, size, unread);
      keeper.reached(place);
      if (unread !== undefined) await unread.tell();
      const { examined, changed, done } = place;
      await onProgress?.({ examined, changed, done });
      if (done) return { examined, changed, done };
    }
  }

  /** Does one batch, as small as it has to be. */
  async #next(order: WorkOrder<E>, keeper: PlaceKeeper, size: BatchSize, unread: Unread | undefined): Promise<Place> {
    const { operation, options } = order;
    const terms = callTerms(operation, this.#table.model.name, options.signal);
    for (;;) {
      let attempts = 0;
      let worked = false;
      let outrun = 0;
      let examined: number | undefined;
      try {
        const place = await this.#writer.write(async (context) => {
          attempts += 1;
          worked = false;
          // It grew too old, or others wrote what it read: the less it reads, the sooner it is through.
          if (attempts > 1) size.shrink();
          const from = await keeper.load(context.transaction);
          examined ??= from.examined;
          outrun = from.examined - examined;
          if (from.done) return from;
          const to = await workBatch(context, this.#table, order.planned, order.judge, from, size.rows, unread);
          keeper.store(context.transaction, to);
          worked = true;
          return to;
        }, terms);
        if (attempts === 1) size.grow();
        return place;
      } catch (error) {
        // With a name, the stored place tells whether the batch was applied. What the caller's function has thrown is no
        // outcome, whatever it says.
        const isLost = worked && isTenantryError(error, "TRANSACTION_OUTCOME_UNKNOWN") && options.name !== undefined;
        // It lost to others who do the same work and came on with it: so the work ends, whoever does it.
        const isOutrun = outrun > 0 && isTenantryError(error, "TRANSACTION_ATTEMPTS_EXHAUSTED");
        // It may have been applied: then nobody passes over them again.
        if (isLost) await unread?.tell();
        if (!isLost && !isOutrun && !(isTooMuch(error) && size.shrink())) throw error;
      }
    }
  }
}
