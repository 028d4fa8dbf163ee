/** Upgrading: one entity's records in one tenant rewritten in the present form, and its indexes built, batch by batch. */
import { isTenantryError, tenantryError } from "../../errors/index.js";
import { type BuildPlan, EntityBuild, verifyEntriesOf, verifyIndexes } from "../../indexes/index.js";
import { recordPrefix } from "../../keyspace/index.js";
import { buildBatchBytesMax } from "../../limits/index.js";
import { forEachBatch, wholeOrDefect } from "../../records/index.js";
import type { AnyEntity } from "../../schema/index.js";
import { keyAfter, tupleRange } from "../../tuple/index.js";
import { readEnvelope } from "../../value/index.js";
import { BatchSize } from "../long/batch-size.js";
import type { RecordTable } from "../table/record-table.js";
import type { TenantWriter, WriteContext } from "../tenant-reader.js";
import { applyChanges, type Change } from "./change.js";

/** What one call did. */
export interface UpgradeCount {
  /** Records gone through. */
  readonly records: number;
  /** Records written anew. */
  readonly rewritten: number;
  /** Index entries written, those of records written anew apart. */
  readonly entries: number;
}

/** How an upgrade is run. */
export interface UpgradeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch with what it did. */
  readonly onBatch: (count: UpgradeCount) => void | Promise<void>;
}

/** Code of a transaction over the engine's bound. */
const transactionTooLarge = 2101;

/** Passes over the records when what was built does not agree with them. */
const passesMax = 2;

/** Brings one entity of one tenant to the present definition. */
export class TenantUpgrade<E extends AnyEntity> {
  readonly #table: RecordTable<E>;
  readonly #writer: TenantWriter;
  readonly #build: EntityBuild<E>;
  readonly #options: UpgradeOptions;

  constructor(table: RecordTable<E>, writer: TenantWriter, options: UpgradeOptions) {
    this.#table = table;
    this.#writer = writer;
    this.#build = new EntityBuild(table.model);
    this.#options = options;
  }

  /**
   * Rewrites what is of an earlier definition and builds what is not readable, while writers go on. Goes on where an
   * earlier call was interrupted. Whether there was anything to do.
   *
   * @throws UNIQUE_VIOLATION, RECORD_INVALID, MIGRATION_STEP_FAILED and the like for a record that cannot be upgraded,
   *   INDEX_BUILD_OVERTAKEN, SCHEMA_OUTDATED
   */
  async run(): Promise<boolean> {
    const build = this.#build;
    const plan = await this.#write(({ transaction }) => build.begin(transaction));
    if (plan === undefined) return false;
    for (let pass = 1; ; pass++) {
      await this.#pass(plan);
      const wrong = await this.#defect(plan);
      if (wrong === undefined) break;
      if (pass === passesMax) throw tenantryError("INDEX_CORRUPT", { entity: this.#table.model.name, index: wrong });
      await this.#write(async ({ transaction }) => build.reach(transaction, plan, { last: undefined }));
    }
    await this.#write(({ transaction }) => build.finish(transaction, plan));
    return true;
  }

  async #pass(plan: BuildPlan): Promise<void> {
    const size = new BatchSize();
    for (;;) {
      let attempts = 0;
      try {
        const { done, ...count } = await this.#write((context) => {
          attempts += 1;
          // Others wrote what it read, or it grew too old: the less it reads, the sooner it is through.
          if (attempts > 1) size.shrink();
          return this.#batch(context, plan, size.rows);
        });
        if (attempts === 1) size.grow();
        await this.#options.onBatch(count);
        if (done) return;
      } catch (error) {
        // The place tells whether a batch with a lost outcome was applied.
        if (isTenantryError(error, "TRANSACTION_OUTCOME_UNKNOWN")) continue;
        if (!(isTooMuch(error) && size.shrink())) throw error;
      }
    }
  }

  async #batch(
    context: WriteContext,
    plan: BuildPlan,
    limit: number,
  ): Promise<UpgradeCount & { readonly done: boolean }> {
    const { transaction } = context;
    const table = this.#table;
    const { model } = table;
    await this.#build.assertKept(transaction, plan);
    const { last } = await this.#build.place(transaction, plan);
    const prefix = recordPrefix(model.name);
    const range = tupleRange(prefix);
    const begin = last === undefined ? range.begin : keyAfter(table.key(last));
    const { rows, more } = await transaction.getRange(
      { begin, end: range.end },
      { limit, targetBytes: buildBatchBytesMax },
    );
    const changes: Change<E>[] = [];
    let entries = 0;
    let bytes = 0;
    let reached = last;
    let records = 0;
    for (const [key, row] of rows) {
      const id = key.slice(prefix.length);
      const before = await table.storedRow(transaction, id, row);
      entries += await this.#build.index(
        transaction,
        plan,
        { id, ...before },
        (held) => !table.liveness.hasEntry(held),
      );
      if (plan.rewrites && !this.#isCurrent(row)) {
        // What a step made is new: it is validated as any record is that is written.
        const after = before.origin === undefined ? before.record : model.check(before.record);
        changes.push({ id, before, after, revision: before.revision });
      }
      records += 1;
      reached = id;
      bytes += before.bytes;
      if (bytes > buildBatchBytesMax) break;
    }
    await applyChanges(context, table, changes);
    if (reached !== undefined) this.#build.reach(transaction, plan, { last: reached });
    return { records, rewritten: changes.length, entries, done: !more && records === rows.length };
  }

  /** Whether a row has the present layout and version. */
  #isCurrent(row: Uint8Array): boolean {
    const { fingerprint, schemaVersion } = readEnvelope(row);
    const { codec, version } = this.#table.model.history.current;
    return fingerprint === codec.fingerprint && schemaVersion === version;
  }

  /** An index that was built and does not agree with the records. */
  async #defect({ building }: BuildPlan): Promise<string | undefined> {
    if (building.length === 0) return undefined;
    const { model } = this.#table;
    const session = this.#writer.openReadSession(this.#transactionOptions);
    try {
      let found: string | undefined;
      const prefix = recordPrefix(model.name);
      await forEachBatch(session.read.bind(session), tupleRange(prefix), async (transaction, rows) => {
        const checks = rows.map(async ([key, row]) => {
          const id = key.slice(prefix.length);
          const whole = await wholeOrDefect(transaction, model.name, id, row);
          if ("defect" in whole) return;
          const { record } = model.decodeRecord(whole.value);
          const expired = !this.#table.liveness.hasRecord(row);
          const [defect] = await verifyEntriesOf(model, building, transaction, id, record, expired);
          if (defect !== undefined) found = defect.index;
        });
        await Promise.all(checks);
      });
      return found ?? (await verifyIndexes(model, building, (fn) => session.read(fn)))[0]?.index;
    } finally {
      session.end();
    }
  }

  #write<T>(fn: (context: WriteContext) => Promise<T>): Promise<T> {
    return this.#writer.write(fn, this.#transactionOptions);
  }

  get #transactionOptions() {
    const label = { entity: this.#table.model.name, operation: "migrate" };
    return { signal: this.#options.signal, label, priority: "batch" } as const;
  }
}

/** Whether a batch failed, with nothing written, for what a smaller one may not fail for. */
const isTooMuch = (error: unknown): boolean =>
  isTenantryError(error, "TRANSACTION_DEADLINE_PASSED") ||
  (isTenantryError(error, "ENGINE") && error.details.fdbCode === transactionTooLarge);
