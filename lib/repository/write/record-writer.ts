/** Reading and writing one entity's records: the methods of `TransactionRepository`. */
import { addAmounts, assertAmounts, counterKey } from "../../aggregates/index.js";
import { tenantryError } from "../../errors/index.js";
import { maintainedIndexes } from "../../indexes/index.js";
import type { AnyEntity, IdOf, Infer, InputOf, PatchOf } from "../../schema/index.js";
import { equalBytes } from "../../tuple/index.js";
import type { CursorSeal } from "../cursor.js";
import type { CounterAmounts } from "../interface/aggregate-query.js";
import type { ChangeOptions, OperationOptions } from "../interface/options.js";
import type { TransactionRepository } from "../interface/transaction-repository.js";
import { assertBatch, RecordReader } from "../record-reader.js";
import type { RecordTable, Stored } from "../table/record-table.js";
import type { TenantWriter, WriteContext } from "../tenant-reader.js";
import { type Change, changing } from "./change.js";
import { textOf } from "./key-turns.js";
import { type Operation, resultOf, valueAt, valuesAt } from "./operation.js";

/** What the record there has for a revision; undefined when there is none. */
type Revision = number | undefined;

/** The records that are stored under packed ids; undefined where there are none. */
function* storedRecords<E extends AnyEntity>(
  { transaction }: WriteContext,
  table: RecordTable<E>,
  ids: readonly Uint8Array[],
): Operation<readonly (Stored<E> | undefined)[]> {
  const rows = yield* valuesAt(ids.map((id) => table.key(id)));
  const stored: (Stored<E> | undefined)[] = [];
  const joined: Promise<unknown>[] = [];
  for (const [at, id] of ids.entries()) {
    const row = rows[at];
    const found = row === undefined ? undefined : table.storedRow(transaction, id, row);
    stored.push(found instanceof Promise ? undefined : found);
    if (found instanceof Promise) {
      joined.push(
        found.then((whole) => {
          stored[at] = whole;
        }),
      );
    }
  }
  if (joined.length > 0) yield* resultOf(Promise.all(joined));
  return stored;
}

function assertRevision<E extends AnyEntity>(
  table: RecordTable<E>,
  id: IdOf<E>,
  actual: Revision,
  options: ChangeOptions | undefined,
): void {
  const expected = options?.ifRevision;
  if (expected === undefined || expected === actual) return;
  throw tenantryError("REVISION_MISMATCH", { ...table.named(id), expected, actual });
}

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
      assertRevision(this.#table, this.#table.model.idOf(record), revision, options);
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
    await this.#write("add", [packed], options, function* ({ transaction }) {
      // No conflict with those who change the record's fields.
      const row = yield* valueAt(table.key(packed), { snapshot: true });
      const stored = row === undefined ? undefined : yield* resultOf(table.storedRow(transaction, packed, row));
      const there = table.present(stored);
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
    await this.#write(operation, packed, options, function* (context) {
      const found = yield* storedRecords(context, table, packed);
      const changes = new Map<string, Change<E>>();
      for (const [at, { id, key, record }] of candidates.entries()) {
        const before = found[at];
        const revision = changes.get(key)?.revision ?? (before?.expired ? undefined : before?.revision);
        check(revision, record);
        changes.set(key, { id, before, after: record, revision: (revision ?? 0) + 1 });
      }
      yield* changing(context, table, [...changes.values()]);
    });
  }

  /** Replaces an existing record by what `revise` makes of it. */
  async #revise(
    operation: string,
    id: IdOf<E>,
    options: ChangeOptions | undefined,
    revise: (record: Infer<E>) => Infer<E>,
  ): Promise<Infer<E>> {
    const table = this.#table;
    const { model } = table;
    const packed = model.encodeId(id);
    return this.#write(operation, [packed], options, function* (context) {
      const [stored] = yield* storedRecords(context, table, [packed]);
      const before = table.present(stored);
      if (before === undefined) throw table.missing(id);
      assertRevision(table, id, before.revision, options);
      // Known by now: an operation that has to wait for it is not to call the function twice.
      yield* resultOf(maintainedIndexes(context.transaction, model));
      // Decoded again: what the function does to its record must not reach the one that index entries are read from.
      const after = revise(table.decode(before.value).record);
      if (!equalBytes(model.encodeId(model.idOf(after)), packed))
        throw tenantryError("RECORD_ID_CHANGED", table.named(id));
      yield* changing(context, table, [{ id: packed, before, after, revision: before.revision + 1 }]);
      return after;
    });
  }

  /** Removes the records there are of `ids`; how many. */
  async #remove(operation: string, ids: readonly IdOf<E>[], options: ChangeOptions | undefined): Promise<number> {
    const table = this.#table;
    const wanted = new Map<string, { readonly id: IdOf<E>; readonly packed: Uint8Array }>();
    for (const id of ids) {
      const packed = table.model.encodeId(id);
      wanted.set(textOf(packed), { id, packed });
    }
    const distinct = [...wanted.values()];
    const all = distinct.map(({ packed }) => packed);
    return this.#write(operation, all, options, function* (context) {
      const found = yield* storedRecords(context, table, all);
      const changes: Change<E>[] = [];
      for (const [at, { id, packed }] of distinct.entries()) {
        const before = table.present(found[at]);
        assertRevision(table, id, before?.revision, options);
        if (before !== undefined) changes.push({ id: packed, before, after: undefined, revision: 0 });
      }
      yield* changing(context, table, changes);
      return changes.length;
    });
  }

  readonly #refuseExisting = (revision: Revision, record: Infer<E>): void => {
    if (revision === undefined) return;
    throw tenantryError("RECORD_EXISTS", this.#table.named(this.#table.model.idOf(record)));
  };

  /** Does `work`, which changes the records with the packed `ids`, when no other operation of its transaction does. */
  #write<T>(
    name: string,
    ids: readonly Uint8Array[],
    options: OperationOptions | undefined,
    work: (context: WriteContext) => Operation<T>,
  ): Promise<T> {
    const table = this.#table;
    table.access?.enter(name);
    const inTurn = function* (context: WriteContext): Operation<T> {
      const turn = context.turns?.take(ids.map((id) => textOf(table.key(id))));
      try {
        if (turn?.ready !== undefined) yield* resultOf(turn.ready);
        return yield* work(context);
      } finally {
        turn?.end();
      }
    };
    return this.#writer.operate(inTurn, {
      signal: options?.signal,
      label: { entity: table.model.name, operation: name },
    });
  }
}
