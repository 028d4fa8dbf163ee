/** Counting anew: an entity's aggregates made right, or first made, from its records while writers go on. */
import { tenantryError } from "../errors/index.js";
import { isEmpty, keysFrom, ownAggregateState } from "../indexes/index.js";
import { aggregatePrefix, countedPrefix, countPlaceKey, recordPrefix } from "../keyspace/index.js";
import { buildBatchBytesMax } from "../limits/index.js";
import { recordIn } from "../records/index.js";
import type { AggregateModel, AnyEntity, EntityModel, Infer } from "../schema/index.js";
import type { AggregateState, EntityState } from "../tenant/index.js";
import { siblings, type TenantTransaction } from "../transaction/index.js";
import { compareBytes, concatBytes, keyAfter, tupleRange } from "../tuple/index.js";
import { Additions } from "./additions.js";
import { type CountPlace, decodeCountPlace, encodeCountPlace } from "./count-place.js";
import { decodeTotal, encodeTotal, zeroTotal } from "./total.js";

/** A record that an aggregate cannot count; it is counted by none of them. */
export interface UncountedRecord {
  /** The packed id. */
  readonly id: Uint8Array;
  readonly error: unknown;
}

/** What one step did. */
export interface CountStep {
  /** Records gone through. */
  readonly records: number;
  readonly uncounted: readonly UncountedRecord[];
  readonly done: boolean;
}

const nothing = new Uint8Array(0);
const aboveAll = Uint8Array.of(0xff);

/**
 * One count of an entity's aggregates in one tenant. Its steps are transactions of their own, taken until one says that
 * it is done; after a crash, or beside another process that counts, they go on from the stored place.
 *
 * Beside each total a second one is made from the records, in the order of their ids. Writers add to the first, and to
 * the second for records that it has been past: from then on both get the same additions, so what they differ by is
 * what the first is wrong by, at any read version and without a conflict on either. That difference is added to it, some
 * groups at a time.
 */
export class AggregateCount<E extends AnyEntity> {
  readonly #model: EntityModel<E>;
  readonly #assertKeyFits: (key: Uint8Array) => void;
  readonly #placeKey: Uint8Array;

  /** @param assertKeyFits Throws for a key that is none on some engine. */
  constructor(model: EntityModel<E>, assertKeyFits: (key: Uint8Array) => void) {
    this.#model = model;
    this.#assertKeyFits = assertKeyFits;
    this.#placeKey = countPlaceKey(model.name);
  }

  /**
   * Begins to count the aggregates, or goes on where a count of all of them is under way: writers add to it from the
   * commit on. False when there is nothing to count.
   *
   * @param which All of the entity's, or those that cannot be read.
   */
  async begin(transaction: TenantTransaction, which: "all" | "unreadable"): Promise<boolean> {
    const { name, aggregates } = this.#model;
    const found = await transaction.entityState(name);
    const wanted = [...aggregates.values()].filter(
      (aggregate) => which === "all" || ownAggregateState(found, aggregate)?.status !== "readable",
    );
    if (wanted.length === 0) return false;
    const empty = await isEmpty(transaction, name);
    // An entity that was never written begins with its first write.
    if (found === undefined && empty) return false;
    if (!empty && wanted.every((aggregate) => ownAggregateState(found, aggregate)?.counting === true)) return true;
    const state: EntityState = found ?? { version: 0, layout: 0, indexes: new Map(), aggregates: new Map() };
    const next = new Map<string, AggregateState>(state.aggregates);
    for (const aggregate of aggregates.values()) {
      const own = ownAggregateState(state, aggregate);
      if (!wanted.includes(aggregate) && own?.counting !== true) continue;
      const { name: of, fingerprint } = aggregate;
      // Nobody has kept it: what there is of it is anything.
      if (empty || own === undefined || own.status === "dropped")
        transaction.clearRange(keysFrom(aggregatePrefix(name, of)));
      transaction.clearRange(keysFrom(countedPrefix(name, of)));
      const status = empty || own?.status === "readable" ? "readable" : "writeOnly";
      next.set(of, { fingerprint, status, counting: !empty });
    }
    transaction.clear(this.#placeKey);
    transaction.setEntityState(name, { ...state, aggregates: next });
    return !empty;
  }

  /** Goes one step on, past `limit` records or groups at most. */
  async step(transaction: TenantTransaction, limit: number): Promise<CountStep> {
    const { name, aggregates } = this.#model;
    const state = await transaction.entityState(name);
    const counting = [...aggregates.values()].filter((aggregate) => ownAggregateState(state, aggregate)?.counting);
    // Another process was faster.
    if (state === undefined || counting.length === 0) return { records: 0, uncounted: [], done: true };
    const place = decodeCountPlace(await transaction.get(this.#placeKey));
    if (place?.phase !== "groups") return this.#countRecords(transaction, counting, place, limit);
    const done = await this.#settleGroups(transaction, state, counting, place, limit);
    return { records: 0, uncounted: [], done };
  }

  /** Makes sure that all aggregates can be read. @throws INDEX_BUILD_OVERTAKEN when a program without one wrote meanwhile */
  async assertReadable(transaction: TenantTransaction): Promise<void> {
    const { name, aggregates } = this.#model;
    const state = await transaction.entityState(name);
    for (const aggregate of aggregates.values()) {
      if (ownAggregateState(state, aggregate)?.status === "readable") continue;
      throw tenantryError("INDEX_BUILD_OVERTAKEN", { entity: name, index: aggregate.name });
    }
  }

  async #countRecords(
    transaction: TenantTransaction,
    counting: readonly AggregateModel[],
    place: Extract<CountPlace, { readonly phase: "records" }> | undefined,
    limit: number,
  ): Promise<CountStep> {
    const { name } = this.#model;
    const prefix = recordPrefix(name);
    const range = tupleRange(prefix);
    const begin = place === undefined ? range.begin : keyAfter(concatBytes(prefix, place.last));
    const options = { limit, targetBytes: buildBatchBytesMax };
    const { rows, more } = await transaction.getRange({ begin, end: range.end }, options);
    const additions = new Additions(name);
    const uncounted: UncountedRecord[] = [];
    let last = place?.last ?? nothing;
    let records = 0;
    let bytes = 0;
    for (const [key, row] of rows) {
      last = key.slice(prefix.length);
      records += 1;
      const found = await recordIn(this.#model, transaction, last, row);
      if ("error" in found) uncounted.push({ id: last, error: found.error });
      else {
        bytes += found.bytes;
        try {
          this.#countRecord(additions, counting, found.record);
        } catch (error) {
          uncounted.push({ id: last, error });
        }
      }
      if (bytes > buildBatchBytesMax) break;
    }
    additions.apply(transaction);
    const failed = (place?.failed ?? 0) + uncounted.length;
    const isLast = !more && records === rows.length;
    this.#reach(
      transaction,
      isLast
        ? { phase: "groups", aggregate: counting[0]?.name ?? "", next: nothing, failed }
        : { phase: "records", last, failed },
    );
    return { records, uncounted, done: false };
  }

  /** All of the aggregates count the record, or none. */
  #countRecord(additions: Additions, counting: readonly AggregateModel[], record: Infer<E>): void {
    const own = new Additions(this.#model.name);
    for (const aggregate of counting) own.record(aggregate, record, 1n, true);
    for (const key of own.keys) this.#assertKeyFits(key);
    additions.take(own);
  }

  /** Puts totals right, group by group; whether these were the last. */
  async #settleGroups(
    transaction: TenantTransaction,
    state: EntityState,
    counting: readonly AggregateModel[],
    { aggregate: of, next: from, failed }: Extract<CountPlace, { readonly phase: "groups" }>,
    limit: number,
  ): Promise<boolean> {
    const at = Math.max(
      0,
      counting.findIndex(({ name }) => name === of),
    );
    const aggregate = counting[at];
    // What is missing from a total cannot be told: it stays as it was, and what is not readable stays so.
    if (aggregate === undefined || failed > 0) {
      this.#finish(transaction, state, counting, failed);
      return true;
    }
    const next = await this.#settle(transaction, aggregate, from, limit);
    const another = counting[at + 1];
    if (next !== undefined) this.#reach(transaction, { phase: "groups", aggregate: aggregate.name, next, failed });
    else if (another !== undefined) {
      this.#reach(transaction, { phase: "groups", aggregate: another.name, next: nothing, failed });
    } else this.#finish(transaction, state, counting, failed);
    return next === undefined && another === undefined;
  }

  /** Puts some totals of an aggregate right, from the packed values `from` on; where to go on, undefined at the end. */
  async #settle(
    transaction: TenantTransaction,
    { name: of }: AggregateModel,
    from: Uint8Array,
    limit: number,
  ): Promise<Uint8Array | undefined> {
    const { name } = this.#model;
    const read = async (prefix: Uint8Array) => {
      const range = { begin: concatBytes(prefix, from), end: tupleRange(prefix).end };
      const { rows, more } = await transaction.getRange(range, { limit, snapshot: true });
      const groups = rows.map(([key, value]) => [key.slice(prefix.length), value] as const);
      return { groups, end: more ? (groups.at(-1)?.[0] ?? nothing) : aboveAll };
    };
    const prefix = aggregatePrefix(name, of);
    const [counted, stored] = await siblings([read(countedPrefix(name, of)), read(prefix)]);
    const end = compareBytes(counted.end, stored.end) < 0 ? counted.end : stored.end;
    const totals = new Map<string, { stored?: Uint8Array; counted?: Uint8Array }>();
    for (const [values, total] of stored.groups) totals.set(textOf(values), { stored: total });
    for (const [values, total] of counted.groups) {
      totals.set(textOf(values), { ...totals.get(textOf(values)), counted: total });
    }
    for (const [text, total] of totals) {
      const values = Buffer.from(text, "latin1");
      if (compareBytes(values, end) <= 0) await this.#settleGroup(transaction, concatBytes(prefix, values), total);
    }
    return end === aboveAll ? undefined : keyAfter(end);
  }

  async #settleGroup(
    transaction: TenantTransaction,
    key: Uint8Array,
    total: { readonly stored?: Uint8Array; readonly counted?: Uint8Array },
  ): Promise<void> {
    const counted = total.counted === undefined ? 0n : (decodeTotal(total.counted) ?? 0n);
    const stored = total.stored === undefined ? 0n : decodeTotal(total.stored);
    if (stored === undefined) {
      // No total at all: it is replaced, and whoever adds to it meanwhile makes this step run again.
      await transaction.get(key);
      transaction.set(key, encodeTotal(counted));
    } else if (stored !== counted) transaction.atomic("add", key, encodeTotal(counted - stored));
    else return;
    transaction.atomic("compareAndClear", key, zeroTotal);
  }

  #finish(
    transaction: TenantTransaction,
    state: EntityState,
    counting: readonly AggregateModel[],
    failed: number,
  ): void {
    const { name } = this.#model;
    const next = new Map(state.aggregates);
    for (const aggregate of counting) {
      const own = ownAggregateState(state, aggregate);
      if (own === undefined) continue;
      transaction.clearRange(keysFrom(countedPrefix(name, aggregate.name)));
      next.set(aggregate.name, { ...own, status: failed > 0 ? own.status : "readable", counting: false });
    }
    transaction.clear(this.#placeKey);
    transaction.setEntityState(name, { ...state, aggregates: next });
  }

  #reach(transaction: TenantTransaction, place: CountPlace): void {
    transaction.set(this.#placeKey, encodeCountPlace(place));
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
