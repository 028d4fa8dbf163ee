/** Recounting: counts the records anew, batch by batch while writers go on, and puts the counters right. */
import { tenantryError } from "../../errors/index.js";
import { chunkPrefix, recordPrefix } from "../../keyspace/index.js";
import { recountBatchBytesMax, recountBatchRowsMax } from "../../limits/index.js";
import type { RangeReadOptions, RelativeRange, TenantTransaction } from "../../transaction/index.js";
import { concatBytes, keyAfter, tupleRange } from "../../tuple/index.js";
import { flagSplit } from "../../value/index.js";
import { holderCount } from "../connection/holder.js";
import { decodeCounts, encodeCounts } from "./count.js";
import { Ledger } from "./ledger.js";
import { type Account, claimed, connections, entityAccount, storage, UsageKeys } from "./resource.js";

/**
 * What a recount found of one resource.
 *
 * @example
 * ```ts
 * import type { RecountedResource } from "tenantry";
 * const isWrong = ({ drift }: RecountedResource): boolean => drift !== 0;
 * ```
 */
export interface RecountedResource {
  readonly resource: string;
  /** What the counter is short of, at the moment it was compared: 0 when it was right. */
  readonly drift: number;
  /** What is used: the counter, put right. */
  readonly used: number;
}

/** Runs one transaction of the tenant. */
export type Transact = <T>(fn: (transaction: TenantTransaction) => Promise<T>) => Promise<T>;

const keys = UsageKeys.ofTenant;

/** Sums of a batch. */
interface Sums {
  records: number;
  bytes: number;
}

export class Recount {
  readonly #transact: Transact;
  readonly #token: string;
  readonly #repairs: boolean;

  /** @param token Tells this recount from every other. */
  constructor(transact: Transact, token: string, repairs: boolean) {
    this.#transact = transact;
    this.#token = token;
    this.#repairs = repairs;
  }

  /**
   * Counts an entity's records. While it does, writers add what they do to records it has been past to its own count as
   * well as to the counter: so the two differ by what the counter was wrong by, and by nothing else.
   */
  async entity(entity: string): Promise<RecountedResource[]> {
    const account = entityAccount(entity);
    await this.#transact(async (transaction) => {
      const ledger = await Ledger.open(transaction, keys, 0);
      transaction.clear(keys.recounted(account));
      ledger.state = { ...ledger.state, recount: { token: this.#token, entity, position: "" } };
    });
    let rows = recountBatchRowsMax;
    for (let more = true; more; ) {
      // A batch that others' writes got in the way of is tried again with half as many rows.
      let size = Math.min(recountBatchRowsMax, rows * 2) * 2;
      more = await this.#transact((transaction) => {
        size = Math.max(1, Math.floor(size / 2));
        return this.#batch(transaction, entity, size);
      });
      rows = size;
    }
    return await this.#transact(async (transaction) => {
      const ledger = await this.#ledger(transaction);
      const row = await transaction.get(keys.recounted(account), { snapshot: true });
      const found = await this.#settle(ledger, account, decodeCounts(row, account.resources.length));
      transaction.clear(keys.recounted(account));
      ledger.state = { ...ledger.state, recount: null };
      return found;
    });
  }

  /** The claims of a resource, in one transaction. */
  claims(resource: string): Promise<RecountedResource[]> {
    return this.#compare(claimed(resource), (transaction) => sumOf(transaction, keys.claims(resource), () => 1));
  }

  /** The connections of all processes. */
  connections(): Promise<RecountedResource[]> {
    return this.#compare(connections, (transaction) => sumOf(transaction, keys.holders, holderCount));
  }

  /**
   * Compares a counter with what it counts, at one point in time. Whoever changes the one changes the other by as much
   * in the same transaction, so what they differ by stays right, and needs no conflict.
   */
  #compare(account: Account, count: (transaction: TenantTransaction) => Promise<number>): Promise<RecountedResource[]> {
    return this.#transact(async (transaction) => {
      const ledger = await Ledger.open(transaction, keys, 0);
      return await this.#settle(ledger, account, [await count(transaction)]);
    });
  }

  async #settle(ledger: Ledger, account: Account, counted: readonly number[]): Promise<RecountedResource[]> {
    const used = await ledger.used(account);
    const drifts = counted.map((count, n) => count - Number(used[n]));
    const repairs = this.#repairs && drifts.some((drift) => drift !== 0);
    if (repairs) {
      ledger.adjust(account, drifts);
      // All bytes are the sum of entities'.
      ledger.drop([account, storage]);
    }
    return account.resources.map((resource, n) => ({
      resource,
      drift: Number(drifts[n]),
      used: Number((repairs ? counted : used)[n]),
    }));
  }

  async #ledger(transaction: TenantTransaction): Promise<Ledger> {
    const ledger = await Ledger.open(transaction, keys, 0);
    if (ledger.state.recount?.token !== this.#token) throw tenantryError("QUOTA_RECOUNT_SUPERSEDED", {});
    return ledger;
  }

  /** Counts a batch of up to `limit` records; false when it was the last. */
  async #batch(transaction: TenantTransaction, entity: string, limit: number): Promise<boolean> {
    const ledger = await this.#ledger(transaction);
    const { recount } = ledger.state;
    if (recount === null || recount.position === null) return false;
    const prefix = recordPrefix(entity);
    const begin = recount.position === "" ? tupleRange(prefix).begin : concatBytes(prefix, hexBytes(recount.position));
    const { rows, more } = await transaction.getRange({ begin, end: tupleRange(prefix).end }, { limit });
    const sums: Sums = { records: 0, bytes: 0 };
    let last: Uint8Array | undefined;
    for (const [key, value] of rows) {
      sums.records++;
      sums.bytes += key.length + value.length;
      const isSplit = (Number(value[0]) & flagSplit) !== 0;
      if (isSplit) sums.bytes += await sumOf(transaction, chunksOf(entity, key.subarray(prefix.length)), undefined);
      last = key;
      if (sums.bytes > recountBatchBytesMax) break;
    }
    transaction.atomic("add", keys.recounted(entityAccount(entity)), encodeCounts([sums.records, sums.bytes]));
    const isLast = !more && last === rows.at(-1)?.[0];
    const position =
      isLast || last === undefined ? null : Buffer.from(keyAfter(last.subarray(prefix.length))).toString("hex");
    ledger.state = { ...ledger.state, recount: { ...recount, position } };
    return position !== null;
  }
}

const hexBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

const chunksOf = (entity: string, id: Uint8Array): RelativeRange => tupleRange(chunkPrefix(entity, id));

/** The sum of what `of` makes of the rows' values; of the bytes of rows when there is none. Reads at one point in time. */
async function sumOf(
  transaction: TenantTransaction,
  { begin, end }: RelativeRange,
  of: ((value: Uint8Array) => number) | undefined,
): Promise<number> {
  const options: RangeReadOptions = { snapshot: true };
  let sum = 0;
  for (let rest = begin; ; ) {
    const { rows, more } = await transaction.getRange({ begin: rest, end }, options);
    for (const [key, value] of rows) sum += of === undefined ? key.length + value.length : of(value);
    const last = rows.at(-1)?.[0];
    if (!more || last === undefined) return sum;
    rest = keyAfter(last);
  }
}
