/** Reading and writing one entity's records: the methods of `TransactionRepository`. */
import { addAmounts, assertAmounts, counterKey } from "../../aggregates/index.js";
import { tenantryError } from "../../errors/index.js";
import type { AnyEntity, IdOf, Infer, InputOf, PatchOf } from "../../schema/index.js";
import type { CursorSeal } from "../cursor.js";
import type { CounterAmounts } from "../interface/aggregate-query.js";
import type { ChangeOptions, OperationOptions } from "../interface/options.js";
import type { TransactionRepository } from "../interface/transaction-repository.js";
import { assertBatch, RecordReader } from "../record-reader.js";
import type { RecordTable } from "../table/record-table.js";
import type { TenantWriter, WriteContext } from "../tenant-reader.js";
import { applyChanges, type Change } from "./change.js";
import { textOf } from "./key-turns.js";

/** What the record there has for a revision; undefined when there is none. */
type Revision = number | undefined;

export class RecordWriter<E extends AnyEntity> extends RecordReader<E> implements TransactionRepository<E> {
  readonly #table: RecordTable<E>;
  readonly #writer: TenantWriter;

  constructor(table: RecordTable<E>, writer: TenantWriter, seal: CursorSeal) {
    super(table, writer, seal);
    this.#table = table;
    this.#writer = writer;
  }

  async create(input: InputOf<E>, options?: OperationOptions): Promise<Infer<E>> {
    const record = this.#table.model.parse(input);
    await this.#store("create", [record], options, this.#refuseExisting);
    return record;
  }

  async createMany(inputs: readonly InputOf<E>[], options?: OperationOptions): Promise<Infer<E>[]> {
    const records = this.#parseAll(inputs);
    await this.#store("createMany", records, options, this.#refuseExisting);
    return records;
  }

  async put(input: InputOf<E>, options?: ChangeOptions): Promise<Infer<E>> {
    const record = this.#table.model.parse(input);
    const check = (revision: Revision): void => {
      this.#assertRevision(this.#table.model.idOf(record), revision, options);
    };
    await this.#store("put", [record], options, check);
    return record;
  }

  async putMany(inputs: readonly InputOf<E>[], options?: OperationOptions): Promise<Infer<E>[]> {
    const records = this.#parseAll(inputs);
    await this.#store("putMany", records, options, () => {});
    return records;
  }

  async update(id: IdOf<E>, fn: (record: Infer<E>) => Infer<E>, options?: ChangeOptions): Promise<Infer<E>> {
    return this.#revise("update", id, options, (record) => this.#table.model.check(fn(record)));
  }

  async patch(id: IdOf<E>, changes: PatchOf<E>, options?: ChangeOptions): Promise<Infer<E>> {
    return this.#revise("patch", id, options, (record) => this.#table.model.patch(record, changes));
  }

  async add(id: IdOf<E>, amounts: CounterAmounts<E>, options?: OperationOptions): Promise<void> {
    const table = this.#table;
    const packed = table.model.encodeId(id);
    assertAmounts(table.model, amounts);
    await this.#write("add", [packed], options, async ({ transaction }) => {
      // No conflict with those who change the record's fields.
      const row = await transaction.get(table.key(packed), { snapshot: true });
      const there = row === undefined ? undefined : table.present(await table.storedRow(transaction, packed, row));
      if (there === undefined) throw table.missing(id);
      const { record, bytes } = there;
      table.access?.assertChange(record, record);
      for (const name of Object.keys(amounts)) table.assertKeyFits(counterKey(table.model.name, packed, name));
      addAmounts(transaction, table.model, packed, amounts);
      const counts = { bytesBefore: bytes, bytesAfter: bytes };
      const { name: entity } = table.model;
      transaction.announce({ entity, id: packed, kind: "update", before: record, after: record, ...counts });
    });
  }

  async delete(id: IdOf<E>, options?: ChangeOptions): Promise<boolean> {
    return (await this.#remove("delete", [id], options)) === 1;
  }

  async deleteMany(ids: readonly IdOf<E>[], options?: OperationOptions): Promise<number> {
    assertBatch(ids);
    return this.#remove("deleteMany", ids, options);
  }

  #parseAll(inputs: readonly InputOf<E>[]): Infer<E>[] {
    assertBatch(inputs);
    return inputs.map((input) => this.#table.model.parse(input));
  }

  /** Stores records in their order, unless `check` throws about the revision of what is there. */
  async #store(
    operation: string,
    records: readonly Infer<E>[],
    options: OperationOptions | undefined,
    check: (revision: Revision, record: Infer<E>) => void,
  ): Promise<void> {
    const table = this.#table;
    const candidates = records.map((record) => {
      const id = table.model.encodeId(table.model.idOf(record));
      return { id, key: textOf(id), record };
    });
    const packed = candidates.map(({ id }) => id);
    await this.#write(operation, packed, options, async (context) => {
      const { transaction } = context;
      const found = await Promise.all(
        candidates.map(async (candidate) => ({ ...candidate, before: await table.stored(transaction, candidate.id) })),
      );
      const changes = new Map<string, Change<E>>();
      for (const { id, key, record, before } of found) {
        const revision = changes.get(key)?.revision ?? (before?.expired ? undefined : before?.revision);
        check(revision, record);
        changes.set(key, { id, before, after: record, revision: (revision ?? 0) + 1 });
      }
      await applyChanges(context, table, [...changes.values()]);
    });
  }

  /** Replaces an existing record by what `revise` makes of it. */
  async #revise(
    operation: string,
    id: IdOf<E>,
    options: ChangeOptions | undefined,
    revise: (record: Infer<E>) => Infer<E>,
  ): Promise<Infer<E>> {
    const { model } = this.#table;
    const packed = model.encodeId(id);
    return this.#write(operation, [packed], options, async (context) => {
      const before = this.#table.present(await this.#table.stored(context.transaction, packed));
      if (before === undefined) throw this.#table.missing(id);
      this.#assertRevision(id, before.revision, options);
      // Decoded again: what the function does to its record must not reach the one that index entries are read from.
      const after = revise(this.#table.decode(before.value).record);
      if (!model.sameId(model.idOf(after), id)) throw tenantryError("RECORD_ID_CHANGED", this.#table.named(id));
      await applyChanges(context, this.#table, [{ id: packed, before, after, revision: before.revision + 1 }]);
      return after;
    });
  }

  /** Removes the records there are of `ids`; how many. */
  async #remove(operation: string, ids: readonly IdOf<E>[], options: ChangeOptions | undefined): Promise<number> {
    const wanted = new Map<string, { readonly id: IdOf<E>; readonly packed: Uint8Array }>();
    for (const id of ids) {
      const packed = this.#table.model.encodeId(id);
      wanted.set(textOf(packed), { id, packed });
    }
    const all = [...wanted.values()].map(({ packed }) => packed);
    return this.#write(operation, all, options, async (context) => {
      const changes = await Promise.all(
        [...wanted.values()].map(async ({ id, packed }): Promise<Change<E>[]> => {
          const before = this.#table.present(await this.#table.stored(context.transaction, packed));
          this.#assertRevision(id, before?.revision, options);
          return before === undefined ? [] : [{ id: packed, before, after: undefined, revision: 0 }];
        }),
      );
      const present = changes.flat();
      await applyChanges(context, this.#table, present);
      return present.length;
    });
  }

  readonly #refuseExisting = (revision: Revision, record: Infer<E>): void => {
    if (revision === undefined) return;
    throw tenantryError("RECORD_EXISTS", this.#table.named(this.#table.model.idOf(record)));
  };

  #assertRevision(id: IdOf<E>, actual: Revision, options: ChangeOptions | undefined): void {
    const expected = options?.ifRevision;
    if (expected === undefined || expected === actual) return;
    throw tenantryError("REVISION_MISMATCH", { ...this.#table.named(id), expected, actual });
  }

  /** Runs `fn`, which changes the records with the packed `ids`, when no other operation of its transaction does. */
  #write<T>(
    operation: string,
    ids: readonly Uint8Array[],
    options: OperationOptions | undefined,
    fn: (context: WriteContext) => Promise<T>,
  ): Promise<T> {
    this.#table.access?.enter(operation);
    const label = { entity: this.#table.model.name, operation };
    const inTurn = async (context: WriteContext): Promise<T> => {
      const turn = context.turns?.take(ids.map((id) => textOf(this.#table.key(id))));
      try {
        if (turn?.ready !== undefined) await turn.ready;
        return await fn(context);
      } finally {
        turn?.end();
      }
    };
    return this.#writer.write(inTurn, { signal: options?.signal, label });
  }
}
