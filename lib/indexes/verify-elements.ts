/** Verifying indexes over the elements of arrays: the entries of a record together, however far apart they lie. */
import { indexPrefix } from "../keyspace/index.js";
import { scanBatchRowsMax, verifyEntriesHeldMax, verifyRecordsAtOnceMax } from "../limits/index.js";
import { type BatchReader, isDamage, recordAt } from "../records/index.js";
import type { AnyEntity, EntityModel, IndexModel } from "../schema/index.js";
import { type ReadTransaction, siblings } from "../transaction/index.js";
import { equalBytes, keyAfter, tupleRange } from "../tuple/index.js";
import { heldEntriesOf } from "./entry.js";
import { readable, type WrongEntry, wrongEntry } from "./entry-check.js";

/** The entries found that name one record. */
interface Claim {
  readonly packed: Uint8Array;
  readonly entries: (readonly [key: Uint8Array, value: Uint8Array])[];
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** One pass over one index, in batches that are each of a point in time. */
class ElementsPass<E extends AnyEntity> {
  readonly wrong: WrongEntry<E>[] = [];
  readonly #model: EntityModel<E>;
  readonly #index: IndexModel;
  readonly #read: BatchReader;
  readonly #claims = new Map<string, Claim>();
  #held = 0;

  constructor(model: EntityModel<E>, index: IndexModel, read: BatchReader) {
    this.#model = model;
    this.#index = index;
    this.#read = read;
  }

  async run(): Promise<void> {
    const { begin, end } = tupleRange(indexPrefix(this.#model.name, this.#index.name));
    for (let next: Uint8Array | undefined = begin; next !== undefined; ) {
      const from: Uint8Array = next;
      const { rows, more } = await this.#read((transaction) =>
        transaction.getRange({ begin: from, end }, { limit: scanBatchRowsMax }),
      );
      for (const [key, value] of rows) this.#hold(key, value);
      const last = rows.at(-1)?.[0];
      next = more && last !== undefined ? keyAfter(last) : undefined;
      if (this.#held >= verifyEntriesHeldMax || next === undefined) await this.#check();
    }
  }

  #hold(key: Uint8Array, value: Uint8Array): void {
    const named = readable(this.#model, this.#index, key, value);
    if (named === undefined) {
      this.wrong.push({ index: this.#index, key, kind: "unreadable", id: undefined, right: undefined });
      return;
    }
    const text = textOf(named.packed);
    const claim = this.#claims.get(text) ?? { packed: named.packed, entries: [] };
    claim.entries.push([key, value]);
    this.#claims.set(text, claim);
    this.#held += 1;
  }

  /** Reads each record that the entries held name once. */
  async #check(): Promise<void> {
    const claims = [...this.#claims.values()];
    this.#claims.clear();
    this.#held = 0;
    for (let at = 0; at < claims.length; at += verifyRecordsAtOnceMax) {
      const some = claims.slice(at, at + verifyRecordsAtOnceMax);
      const found = await this.#read((transaction) => siblings(some.map((claim) => this.#checked(transaction, claim))));
      for (const wrong of found) this.wrong.push(...wrong);
    }
  }

  async #checked(transaction: ReadTransaction, { packed, entries }: Claim): Promise<WrongEntry<E>[]> {
    const found = await recordAt(this.#model, transaction, packed);
    const isUnread = found !== undefined && "error" in found;
    if (isUnread && !isDamage(found.error)) return [];
    const own =
      found === undefined || isUnread ? [] : heldEntriesOf(this.#model.name, this.#index, found.record, packed);
    const values = new Map(own.map((entry) => [textOf(entry.key), entry.value]));
    const wrong: WrongEntry<E>[] = [];
    for (const [key, value] of entries) {
      const expected = values.get(textOf(key));
      if (expected !== undefined && equalBytes(expected, value)) continue;
      // It was found before the record was read: what is there now is what may be wrong.
      const now = await transaction.get(key);
      const one = now === undefined ? undefined : await wrongEntry(this.#model, this.#index, transaction, key, now);
      if (one !== undefined) wrong.push(one);
    }
    return wrong;
  }
}

/**
 * What is wrong with the entries of an index over the elements of an array. A record is read once for all of its entries
 * among `verifyEntriesHeldMax`: by each of them, a record of n elements would be read and indexed n times.
 */
export async function verifyElements<E extends AnyEntity>(
  model: EntityModel<E>,
  index: IndexModel,
  read: BatchReader,
): Promise<WrongEntry<E>[]> {
  const pass = new ElementsPass(model, index, read);
  await pass.run();
  return pass.wrong;
}
