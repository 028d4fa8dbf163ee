/** Record tables: one entity's stored records, and what queries of them answer. */
import { tenantryError } from "../../errors/index.js";
import { assertReadable, type RangePlan, type ReadEntry, readEntry } from "../../indexes/index.js";
import { readIdText, wholeValue, wholeValueSync } from "../../records/index.js";
import type { AnyEntity, IndexModel } from "../../schema/index.js";
import { type ReadTransaction, siblings } from "../../transaction/index.js";
import type { PlannedQuery } from "../query-plan.js";
import { Gathering, picked } from "./gathering.js";
import { type Batch, filteredBatch, filteredRows, firstRows, type Rows, visitFirst, type Wanted } from "./rows.js";
import { StoredRecords } from "./stored-records.js";
import { Unread, Unreadable } from "./unread.js";

/** One entity's records in a tenant, as its repositories read and write them. */
export class RecordTable<E extends AnyEntity> extends StoredRecords<E> {
  /** What a planned query answers for a record, stored in the bytes from `begin` to `end`. */
  record<R>({ select }: PlannedQuery, bytes: Uint8Array, begin?: number, end?: number): R {
    const { record } = this.decode(bytes, begin, end);
    return (select === undefined ? record : picked(record, select)) as R;
  }

  /** Gathers the answers of a planned query that are visited in the engine's memory. */
  gather<R>(planned: PlannedQuery): Gathering<R> {
    return new Gathering<R>(this.prefixBytes, {
      answer: (bytes, begin, end) => this.record<R>(planned, bytes, begin, end),
      about: (id, error) => this.about(id, error),
      join: async (transaction, id, head) => (await wholeValue(transaction, this.model.name, id, head)).value,
      joinSync: (transaction, id, head) => wholeValueSync(transaction, this.model.name, id, head)?.value,
    });
  }

  /** Whether the rows of a range are records, all of which are there for whoever works with the table. */
  isPlain(range: RangePlan): boolean {
    return range.index === undefined && !this.model.expires && this.access?.filters !== true;
  }

  /**
   * The first records of a planned query over the records themselves, `limit` at most, straight from the engine's
   * memory; undefined where that cannot be.
   */
  visited<R>(transaction: ReadTransaction, planned: PlannedQuery, limit: number): Gathering<R> | undefined {
    if (!this.isPlain(planned.range)) return undefined;
    const gathering = this.gather<R>(planned);
    const wanted = { limit, reverse: planned.reverse };
    const count = visitFirst(transaction, planned.range, wanted, gathering.add);
    return count === undefined ? undefined : gathering;
  }

  /** The next batch of a planned query's answers, from `part` of its range. */
  async batch<R>(
    transaction: ReadTransaction,
    planned: PlannedQuery,
    part: RangePlan,
    wanted: Wanted,
  ): Promise<Batch<R[]>> {
    const live = this.liveness.filter(part.index);
    if (live !== undefined) {
      const batch = await filteredBatch(transaction, part, wanted, live);
      return { ...batch, value: await this.records<R>(transaction, planned, batch.value) };
    }
    if (part.index === undefined) {
      const gathering = this.gather<R>(planned);
      const visited = transaction.visitRange(part, wanted, gathering.add);
      if (visited !== undefined) {
        return { count: visited.rows, last: visited.last, value: await gathering.whole(transaction) };
      }
    }
    const { rows, more } = await transaction.getRange(part, wanted);
    const value = await this.records<R>(transaction, planned, rows);
    return { count: rows.length, last: more ? rows.at(-1)?.[0] : undefined, value };
  }

  /**
   * What the rows of a planned query answer: the records, or the fields selected. Fetched all at once when the rows are
   * an index's that do not hold them. `R` is what the query's selection makes of the entity's record.
   */
  async records<R>(transaction: ReadTransaction, planned: PlannedQuery, rows: Rows): Promise<R[]> {
    const { range, select, covered } = planned;
    const { index } = range;
    const { model } = this;
    const settled = assertReadable(transaction, model, index);
    if (settled !== undefined) await settled;
    const gathering = this.gather<R>(planned);
    if (index === undefined) {
      for (const [key, value] of rows) gathering.add(key, 0, key.length, value, 0, value.length);
      return await gathering.whole(transaction);
    }
    const entries = rows.map(([key, value]) => readEntry(model.name, index, key, value));
    if (covered && select !== undefined) {
      return entries.map((entry) => this.#covered<R>(index, entry, select));
    }
    const corrupt = (at: number): Error => this.withoutRecord(index, entries[at]?.id);
    const keys = entries.map(({ id }) => this.key(id));
    if (transaction.readsAtOnce) {
      for (const [at, key] of keys.entries()) {
        const there = transaction.visitKey(key, (bytes, begin, end) => {
          gathering.add(key, 0, key.length, bytes, begin, end);
        });
        if (!there) throw corrupt(at);
      }
      return await gathering.whole(transaction);
    }
    const values = await siblings(entries.map(({ id }) => this.row(transaction, id)));
    for (const [at, key] of keys.entries()) {
      const value = values[at];
      if (value === undefined) throw corrupt(at);
      gathering.add(key, 0, key.length, value, 0, value.length);
    }
    return await gathering.whole(transaction);
  }

  /** As `records`, each in the place of its row; in its place the error by which it cannot be read. */
  async readableRecords<R>(
    transaction: ReadTransaction,
    planned: PlannedQuery,
    rows: Rows,
  ): Promise<(R | Unreadable)[]> {
    // Whether the index can be read is about all of them.
    const settled = assertReadable(transaction, this.model, planned.range.index);
    if (settled !== undefined) await settled;
    try {
      return await this.records<R>(transaction, planned, rows);
    } catch (error) {
      if (!Unread.mayPass(error)) throw error;
    }
    const found: (R | Unreadable)[] = [];
    for (const row of rows) {
      try {
        for (const record of await this.records<R>(transaction, planned, [row])) found.push(record);
      } catch (error) {
        if (!Unread.mayPass(error)) throw error;
        found.push(new Unreadable(error));
      }
    }
    return found;
  }

  /** The error for an entry that leads to no record. */
  withoutRecord(index: IndexModel, packed: Uint8Array | undefined): Error {
    const id = packed && readIdText(this.model, packed);
    return tenantryError("INDEX_CORRUPT", { entity: this.model.name, index: index.name, id });
  }

  /** The first rows of a planned query whose records have not expired, `limit` at most. */
  async firstRows(transaction: ReadTransaction, { range, reverse }: PlannedQuery, limit: number): Promise<Rows> {
    const live = this.liveness.filter(range.index);
    if (live === undefined) return await firstRows(transaction, range, { limit, reverse });
    return (await filteredRows(transaction, range, { limit, reverse }, live, Number.POSITIVE_INFINITY)).rows;
  }

  /** What an entry that holds all of `select` answers. @throws INDEX_CORRUPT for one whose stored fields are none */
  #covered<R>(index: IndexModel, { id, values, stored }: ReadEntry, select: readonly string[]): R {
    try {
      return picked({ ...index.covering(select, values, stored), ...this.#idFields(id) }, select) as R;
    } catch (cause) {
      const details = { entity: this.model.name, index: index.name, id: readIdText(this.model, id) };
      throw tenantryError("INDEX_CORRUPT", details, { cause });
    }
  }

  /** The fields of a packed id. */
  #idFields(packed: Uint8Array): object {
    const id: unknown = this.model.decodeId(packed);
    const values: readonly unknown[] = Array.isArray(id) ? id : [id];
    return Object.fromEntries(this.model.idFields.map(({ path }, at) => [path, values[at]]));
  }
}
