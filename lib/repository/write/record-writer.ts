/** Reading and writing one entity's records: the methods of `TransactionRepository`. */
import { addAmounts, type CheckedAmounts, checkAmounts, counterKey } from "../../aggregates/index.js";
import { tenantryError } from "../../errors/index.js";
import { maintainedIndexes } from "../../indexes/index.js";
import { assertFunction, type KeysOf, type OptionNames, takeOptions } from "../../options/index.js";
import { isAboutRecord, isDamage, type MayReplace } from "../../records/index.js";
import type { AnyEntity, IdOf, Infer, InputOf, PatchOf } from "../../schema/index.js";
import { callTerms, type Operation, resultOf, siblings, valueAt, valuesAt } from "../../transaction/index.js";
import { equalBytes } from "../../tuple/index.js";
import { copiedBatch } from "../batch.js";
import type { CursorSeal } from "../cursor.js";
import type { CounterAmounts } from "../interface/aggregate-query.js";
import {
  type ChangeOptions,
  changeNames,
  type OperationOptions,
  operationNames,
  type ReplaceManyOptions,
  type ReplaceOptions,
  replaceManyNames,
  replaceNames,
} from "../interface/options.js";
import type { TransactionRepository } from "../interface/transaction-repository.js";
import { RecordReader } from "../record-reader.js";
import { type Held, heldRow, isDamaged } from "../table/held-row.js";
import type { RecordTable } from "../table/record-table.js";
import type { TenantWriter, WriteContext } from "../tenant-reader.js";
import { type Change, changeOf, changing } from "./change.js";
import { type KeyTurns, textOf } from "./key-turns.js";

/** What the record there has for a revision; undefined when there is none. */
type Revision = number | undefined;

/** Throws about what is under a record's id: its revision, and itself where no record of the same call goes there. */
type RevisionCheck<E extends AnyEntity> = (revision: Revision, candidate: Candidate<E>, before: Held<E>) => void;

const never: MayReplace = () => false;

/** The record of a batch of one. */
function only<T>([record]: readonly T[]): T {
  return record as T;
}

/** A record to store. */
interface Candidate<E extends AnyEntity> {
  /** The packed id. */
  readonly id: Uint8Array;
  readonly record: Infer<E>;
}

/** The options of a change. @throws as `takeOptions`, TRANSACTION_OPTION_INVALID for what is no revision */
function takeChange<O extends ChangeOptions>(
  given: O | undefined,
  names: OptionNames<KeysOf<O>>,
  of: string,
): Partial<O> {
  const options = takeOptions<O>(given, names, of);
  const { ifRevision } = options;
  if (ifRevision !== undefined && typeof ifRevision !== "number") {
    throw tenantryError("TRANSACTION_OPTION_INVALID", { option: "ifRevision", reason: "not a number" });
  }
  return options;
}

export class RecordWriter<E extends AnyEntity> extends RecordReader<E> implements TransactionRepository<E> {
  readonly #table: RecordTable<E>;
  readonly #writer: TenantWriter;

  constructor(table: RecordTable<E>, writer: TenantWriter, seal: CursorSeal) {
    super(table, writer, seal);
    this.#table = table;
    this.#writer = writer;
  }

  async create(input: InputOf<E>, given?: OperationOptions): Promise<Infer<E>> {
    const options = takeOptions(given, operationNames, "create");
    const record = this.#table.model.parse(input);
    return only(await this.#store("create", [record], options, isAboutRecord, this.#refuseExisting));
  }

  async createMany(inputs: readonly InputOf<E>[], given?: OperationOptions): Promise<Infer<E>[]> {
    const options = takeOptions(given, operationNames, "createMany");
    const records = this.#parseAll(inputs);
    return await this.#store("createMany", records, options, isAboutRecord, this.#refuseExisting);
  }

  async put(input: InputOf<E>, given?: ReplaceOptions): Promise<Infer<E>> {
    const options = takeChange(given, replaceNames, "put");
    const record = this.#table.model.parse(input);
    const check: RevisionCheck<E> = (revision, { id }, before) => {
      // One that may not be seen shows no revision.
      this.#assertRevision(id, this.#seen(before) === undefined ? undefined : revision, options);
    };
    return only(await this.#store("put", [record], options, this.#mayReplace(options), check));
  }

  async putMany(inputs: readonly InputOf<E>[], given?: ReplaceManyOptions): Promise<Infer<E>[]> {
    const options = takeOptions(given, replaceManyNames, "putMany");
    return await this.#store("putMany", this.#parseAll(inputs), options, this.#mayReplace(options), () => {});
  }

  update(id: IdOf<E>, fn: (record: Infer<E>) => Infer<E>, options?: ChangeOptions): Promise<Infer<E>> {
    return this.#revise("update", id, options, (record) => {
      assertFunction(fn, "update");
      return this.#table.model.check(fn(record));
    });
  }

  async patch(id: IdOf<E>, changes: PatchOf<E>, options?: ChangeOptions): Promise<Infer<E>> {
    const { model } = this.#table;
    const own = model.copyPatch(changes);
    return await this.#revise("patch", id, options, (record) => model.patch(record, own));
  }

  async add(id: IdOf<E>, amounts: CounterAmounts<E>, given?: OperationOptions): Promise<void> {
    const options = takeOptions(given, operationNames, "add");
    const packed = this.#table.model.encodeId(id);
    const checked = checkAmounts(this.#table.model, amounts);
    await this.#write("add", [packed], options, (context) => this.#adding(context, packed, checked));
  }

  *#adding({ transaction }: WriteContext, packed: Uint8Array, amounts: CheckedAmounts): Operation<void> {
    const table = this.#table;
    // No conflict with those who change the record's fields.
    const row = yield* valueAt(table.key(packed), { snapshot: true });
    const stored = row === undefined ? undefined : yield* resultOf(table.storedRow(transaction, packed, row));
    const there = table.present(stored);
    if (there === undefined) throw table.missing(packed);
    const { record, bytes } = there;
    table.access?.assertChange(record, record);
    for (const name of amounts.keys()) table.assertKeyFits(counterKey(table.model.name, packed, name));
    addAmounts(transaction, table.model, packed, amounts);
    const counts = { bytesBefore: bytes, bytesAfter: bytes };
    const { name: entity } = table.model;
    transaction.announce({ entity, id: packed, kind: "update", before: record, after: record, ...counts });
  }

  async delete(id: IdOf<E>, given?: ReplaceOptions): Promise<boolean> {
    const options = takeChange(given, replaceNames, "delete");
    return (await this.#remove("delete", [id], options)) === 1;
  }

  async deleteMany(ids: readonly IdOf<E>[], given?: ReplaceManyOptions): Promise<number> {
    const options = takeOptions(given, replaceManyNames, "deleteMany");
    return await this.#remove("deleteMany", copiedBatch(ids), options);
  }

  #parseAll(inputs: readonly InputOf<E>[]): Infer<E>[] {
    return copiedBatch(inputs).map((input) => this.#table.model.parse(input));
  }

  /**
   * Stores records in their order, unless `check` throws about the revision of what is there; gives them as they are
   * stored, as objects of nobody else.
   */
  async #store(
    operation: string,
    records: readonly Infer<E>[],
    options: OperationOptions,
    mayReplace: MayReplace,
    check: RevisionCheck<E>,
  ): Promise<Infer<E>[]> {
    const { model } = this.#table;
    const candidates = records.map((record) => ({ id: model.encodeId(model.idOf(record)), record }));
    const ids = candidates.map(({ id }) => id);
    return await this.#write(operation, ids, options, (context) =>
      this.#storing(context, candidates, ids, mayReplace, check),
    );
  }

  *#storing(
    context: WriteContext,
    candidates: readonly Candidate<E>[],
    ids: readonly Uint8Array[],
    mayReplace: MayReplace,
    check: RevisionCheck<E>,
  ): Operation<Infer<E>[]> {
    const table = this.#table;
    const found = yield* this.#held(context, ids, mayReplace);
    const changes = new Map<string, Change<E>>();
    for (const [at, candidate] of candidates.entries()) {
      const { id, record } = candidate;
      const held = found[at];
      const key = textOf(id);
      const revision = changes.get(key)?.revision ?? (isDamaged(held) || !held?.expired ? held?.revision : undefined);
      check(revision, candidate, held);
      changes.set(key, changeOf(id, held, record, (revision ?? 0) + 1));
    }
    const made = [...changes.values()];
    const values = yield* changing(context, table, made);
    const stored = new Map(made.map(({ after }, at) => [after, values[at]]));
    // One that a later one of the same id took the place of was never encoded.
    return candidates.map(({ id, record }) => table.reread(stored.get(record) ?? table.encode(id, record, 1).value));
  }

  /** Replaces an existing record by what `revise` makes of it. */
  async #revise(
    operation: string,
    id: IdOf<E>,
    given: ChangeOptions | undefined,
    revise: (record: Infer<E>) => Infer<E>,
  ): Promise<Infer<E>> {
    const options = takeChange(given, changeNames, operation);
    const packed = this.#table.model.encodeId(id);
    return await this.#write(operation, [packed], options, (context) =>
      this.#revising(context, packed, options, revise),
    );
  }

  *#revising(
    context: WriteContext,
    packed: Uint8Array,
    options: ChangeOptions,
    revise: (record: Infer<E>) => Infer<E>,
  ): Operation<Infer<E>> {
    const table = this.#table;
    const { model } = table;
    const [held] = yield* this.#held(context, [packed], never);
    const before = isDamaged(held) ? undefined : table.present(held);
    if (before === undefined) throw table.missing(packed);
    this.#assertRevision(packed, before.revision, options);
    // Known by now: an operation that has to wait for it is not to call the function twice.
    const maintained = yield* resultOf(maintainedIndexes(context.transaction, model));
    // Decoded again: what the function does to its record must not reach the one that index entries are read from.
    const after = revise(table.decodeAs(packed, before.value).record);
    if (!equalBytes(model.encodeId(model.idOf(after)), packed))
      throw tenantryError("RECORD_ID_CHANGED", table.namedBy(packed));
    const change = { id: packed, before, after, revision: before.revision + 1 };
    const [value] = yield* changing(context, table, [change], maintained);
    return value === undefined ? after : table.reread(value);
  }

  /** Removes the records there are of `ids`; how many. */
  async #remove(operation: string, ids: readonly IdOf<E>[], options: ReplaceOptions): Promise<number> {
    const packed = new Map<string, Uint8Array>();
    for (const id of ids) {
      const bytes = this.#table.model.encodeId(id);
      packed.set(textOf(bytes), bytes);
    }
    const all = [...packed.values()];
    return await this.#write(operation, all, options, (context) => this.#removing(context, all, options));
  }

  *#removing(context: WriteContext, ids: readonly Uint8Array[], options: ReplaceOptions): Operation<number> {
    const found = yield* this.#held(context, ids, this.#mayReplace(options));
    const changes: Change<E>[] = [];
    for (const [at, id] of ids.entries()) {
      const held = this.#seen(found[at]);
      this.#assertRevision(id, held?.revision, options);
      if (held !== undefined) changes.push(changeOf(id, held, undefined, 0));
    }
    yield* changing(context, this.#table, changes);
    return changes.length;
  }

  /** Which rows may be replaced that cannot be read; none by whoever may not see all records: it may be one of the hidden. */
  #mayReplace({ unreadable }: ReplaceManyOptions): MayReplace {
    if (this.#table.access?.filters) return never;
    return unreadable === true ? isAboutRecord : isDamage;
  }

  /** What is there for whoever works with the repository. */
  #seen(held: Held<E>): Held<E> {
    return isDamaged(held) ? held : this.#table.present(held);
  }

  /** What is stored under packed ids: records, rows that may be replaced, undefined where there is nothing. */
  *#held(
    { transaction }: WriteContext,
    ids: readonly Uint8Array[],
    mayReplace: MayReplace,
  ): Operation<readonly Held<E>[]> {
    const table = this.#table;
    const rows = yield* valuesAt(ids.map((id) => table.key(id)));
    const whole: Held<E>[] = [];
    const all: (Held<E> | Promise<Held<E>>)[] = [];
    for (const [at, id] of ids.entries()) {
      const row = rows[at];
      const held = row === undefined ? undefined : heldRow(table, transaction, id, row, mayReplace);
      all.push(held);
      if (!(held instanceof Promise)) whole.push(held);
    }
    // Split ones are read together.
    return whole.length === all.length ? whole : yield* resultOf(siblings(all));
  }

  readonly #refuseExisting: RevisionCheck<E> = (revision, { id, record }) => {
    // First: what there is under an id is not for whoever may not create that record anyway.
    this.#table.access?.assertChange(undefined, record);
    if (revision !== undefined) throw tenantryError("RECORD_EXISTS", this.#table.namedBy(id));
  };

  #assertRevision(id: Uint8Array, actual: Revision, options: ChangeOptions): void {
    const expected = options.ifRevision;
    if (expected === undefined || expected === actual) return;
    throw tenantryError("REVISION_MISMATCH", { ...this.#table.namedBy(id), expected, actual });
  }

  /** Does `work`, which changes the records with the packed `ids`, when no other operation of its transaction does. */
  #write<T>(
    operation: string,
    ids: readonly Uint8Array[],
    options: OperationOptions,
    work: (context: WriteContext) => Operation<T>,
  ): Promise<T> {
    const table = this.#table;
    table.access?.enter(operation);
    const terms = callTerms(operation, table.model.name, options.signal);
    return this.#writer.operate(
      (context) => (context.turns === undefined ? work(context) : this.#inTurn(context, context.turns, ids, work)),
      terms,
    );
  }

  *#inTurn<T>(
    context: WriteContext,
    turns: KeyTurns,
    ids: readonly Uint8Array[],
    work: (context: WriteContext) => Operation<T>,
  ): Operation<T> {
    const turn = turns.take(ids.map((id) => textOf(this.#table.key(id))));
    try {
      if (turn.ready !== undefined) yield* resultOf(turn.ready);
      return yield* work(context);
    } finally {
      turn.end();
    }
  }
}
