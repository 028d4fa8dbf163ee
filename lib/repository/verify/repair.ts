/** Repairing an entity's indexes in one tenant: batch by batch, each a transaction, while writers go on. */
import {
  type LackingRecord,
  readableIndexes,
  repairEntry,
  restoreEntries,
  type WrongEntry,
} from "../../indexes/index.js";
import type { AnyEntity, IndexModel } from "../../schema/index.js";
import type { TenantTransaction } from "../../transaction/index.js";
import type { RecordTable } from "../table/record-table.js";
import { type Transact, takeSteps } from "../write/steps.js";

/** What puts right what verifying found; each entry is looked at again in the transaction that changes it. */
export class IndexRepair<E extends AnyEntity> {
  readonly #table: RecordTable<E>;
  readonly #transact: Transact;

  constructor(table: RecordTable<E>, transact: Transact) {
    this.#table = table;
    this.#transact = transact;
  }

  /** Removes entries that no record has, and gives those that one has their value; whether each is right then. */
  entries(wrong: readonly WrongEntry<E>[]): Promise<boolean[]> {
    return this.#inBatches(wrong, async (transaction, { index, key }) => {
      await repairEntry(this.#table.model, index, transaction, key);
      return true;
    });
  }

  /** Writes entries that records lack; whether each has its own then. */
  lacking(records: readonly LackingRecord[]): Promise<boolean[]> {
    const table = this.#table;
    return this.#inBatches(records, (transaction, { index, packed }) =>
      restoreEntries(table.model, index, transaction, packed, {
        isFree: (held) => !table.liveness.hasEntry(held),
        assertFits: (name, entry) => table.assertEntryFits(packed, name, entry),
      }),
    );
  }

  async #inBatches<T extends { readonly index: IndexModel }>(
    items: readonly T[],
    repair: (transaction: TenantTransaction, item: T) => Promise<boolean>,
  ): Promise<boolean[]> {
    const all: boolean[] = [];
    if (items.length === 0) return all;
    await takeSteps(
      this.#transact,
      async ({ transaction }, rows) => {
        const results = await this.#batch(transaction, items.slice(all.length, all.length + rows), repair);
        return { results, done: all.length + results.length === items.length };
      },
      ({ results }) => {
        for (const result of results) all.push(result);
      },
    );
    return all;
  }

  /** One after another: what one of them takes is not free for the next. */
  async #batch<T extends { readonly index: IndexModel }>(
    transaction: TenantTransaction,
    items: readonly T[],
    repair: (transaction: TenantTransaction, item: T) => Promise<boolean>,
  ): Promise<boolean[]> {
    // An index of another definition by now is none of this program's to mend.
    const own = await readableIndexes(transaction, this.#table.model);
    const results: boolean[] = [];
    for (const item of items) results.push(own.includes(item.index) && (await repair(transaction, item)));
    return results;
  }
}
