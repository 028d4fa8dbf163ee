/** Upgrading: one entity's records in one tenant rewritten in the present form, and its indexes built, batch by batch. */

import { isTenantryError, tenantryError } from "../../errors/index.js";
import {
  type BuildPlan,
  EntityBuild,
  type IndexedRecord,
  verifyEntriesOf,
  verifyIndexes,
} from "../../indexes/index.js";
import { recordPrefix } from "../../keyspace/index.js";
import { buildBatchBytesMax, migrationFailuresMax } from "../../limits/index.js";
import { forEachBatch, readIdText, recordIn } from "../../records/index.js";
import type { AnyEntity } from "../../schema/index.js";
import { type CallTerms, callTerms, siblings, type TenantTransaction } from "../../transaction/index.js";
import { keyAfter, tupleRange } from "../../tuple/index.js";
import { readEnvelope } from "../../value/index.js";
import type { RecordTable } from "../table/record-table.js";
import type { Stored } from "../table/stored-records.js";
import type { TenantWriter, WriteContext } from "../tenant-reader.js";
import { applyChanges, type Change } from "./change.js";
import { recount } from "./recount.js";
import { takeSteps } from "./steps.js";

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

/** A record that could not be upgraded. */
export interface UpgradeFailure {
  /** The id as text; undefined where it is none. */
  readonly id: string | undefined;
  readonly error: unknown;
}

/** What an upgrade came to. */
export interface Upgraded {
  /** How many records could not be upgraded: what is built then is not to be read yet. */
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly UpgradeFailure[];
}

/** A record that a batch could not upgrade. */
interface FailedRecord {
  readonly id: Uint8Array;
  readonly error: unknown;
}

/** What one batch did. */
interface BatchDone extends UpgradeCount {
  readonly failures: readonly FailedRecord[];
  /** Those of earlier batches counted as well. */
  readonly failedInAll: number;
  readonly done: boolean;
}

/** Passes over the records when what was built does not agree with them. */
const passesMax = 2;

/** Brings one entity of one tenant to the present definition. */
export class TenantUpgrade<E extends AnyEntity> {
  readonly #table: RecordTable<E>;
  readonly #writer: TenantWriter;
  readonly #build: EntityBuild<E>;
  readonly #options: UpgradeOptions;
  readonly #failures: UpgradeFailure[] = [];
  #failed = 0;

  constructor(table: RecordTable<E>, writer: TenantWriter, options: UpgradeOptions) {
    this.#table = table;
    this.#writer = writer;
    this.#build = new EntityBuild(table.model);
    this.#options = options;
  }

  /**
   * Rewrites what is of an earlier definition, builds what is not readable and counts what was not counted, while writers
   * go on. Goes on where an earlier call was interrupted. A record that cannot be upgraded does not stop the others; all
   * are tried again by the next call.
   *
   * @throws INDEX_BUILD_OVERTAKEN, SCHEMA_OUTDATED
   */
  async run(): Promise<Upgraded> {
    const build = this.#build;
    const plan = await this.#write(({ transaction }) => build.begin(transaction));
    if (plan === undefined) return { failed: this.#failed, failures: this.#failures };
    if (plan.building.length > 0 || plan.rewrites) await this.#rebuild(plan);
    if (plan.counts !== undefined) await this.#count(plan.counts);
    if (this.#failed === 0) await this.#write(({ transaction }) => build.finish(transaction, plan));
    else await this.#write(async ({ transaction }) => build.restart(transaction));
    return { failed: this.#failed, failures: this.#failures };
  }

  async #rebuild(plan: BuildPlan): Promise<void> {
    for (let pass = 1; ; pass++) {
      await this.#pass(plan);
      if (this.#failed > 0) return;
      const wrong = await this.#defect(plan);
      if (wrong === undefined) return;
      if (pass === passesMax) throw tenantryError("INDEX_CORRUPT", { entity: this.#table.model.name, index: wrong });
      await this.#write(async ({ transaction }) => this.#build.restart(transaction));
    }
  }

  async #pass(plan: BuildPlan): Promise<void> {
    await takeSteps(
      (fn) => this.#write(fn),
      (context, rows) => this.#batch(context, plan, rows),
      async ({ failedInAll, failures, records, rewritten, entries }) => {
        this.#failed = failedInAll;
        for (const { id, error } of failures) this.#note(id, error);
        await this.#options.onBatch({ records, rewritten, entries });
      },
    );
  }

  async #count(which: "all" | "unreadable"): Promise<void> {
    const onRecords = (records: number): void | Promise<void> =>
      this.#options.onBatch({ records, rewritten: 0, entries: 0 });
    const { failed, uncounted } = await recount(this.#table, (fn) => this.#write(fn), which, onRecords);
    this.#failed += failed;
    for (const { id, error } of uncounted) this.#note(id, error);
  }

  #note(id: Uint8Array, error: unknown): void {
    if (this.#failures.length < migrationFailuresMax) {
      this.#failures.push({ id: readIdText(this.#table.model, id), error });
    }
  }

  async #batch(context: WriteContext, plan: BuildPlan, limit: number): Promise<BatchDone> {
    const { transaction } = context;
    const table = this.#table;
    await this.#build.assertKept(transaction, plan);
    const place = await this.#build.place(transaction, plan);
    const prefix = recordPrefix(table.model.name);
    const range = tupleRange(prefix);
    const begin = place.last === undefined ? range.begin : keyAfter(table.key(place.last));
    const { rows, more } = await transaction.getRange(
      { begin, end: range.end },
      { limit, targetBytes: buildBatchBytesMax },
    );
    const changes: Change<E>[] = [];
    const failures: FailedRecord[] = [];
    let entries = 0;
    let bytes = 0;
    let reached = place.last;
    let records = 0;
    for (const [key, row] of rows) {
      const id = key.slice(prefix.length);
      records += 1;
      reached = id;
      try {
        const before = await table.storedRow(transaction, id, row);
        entries += await this.#index(transaction, plan, { id, ...before });
        bytes += before.bytes;
        const change = this.#change(plan, id, row, before);
        if (change !== undefined) changes.push(change);
      } catch (error) {
        if (!isAboutRecord(error)) throw error;
        failures.push({ id, error });
      }
      if (bytes > buildBatchBytesMax) break;
    }
    failures.push(...(await this.#apply(context, changes)));
    const failedInAll = place.failed + failures.length;
    if (reached !== undefined) this.#build.reach(transaction, plan, { last: reached, failed: failedInAll });
    const rewritten = changes.length - failures.filter(({ id }) => changes.some((change) => change.id === id)).length;
    return { records, rewritten, entries, failures, failedInAll, done: !more && records === rows.length };
  }

  #index(transaction: TenantTransaction, plan: BuildPlan, record: IndexedRecord<E>): Promise<number> {
    return this.#build.index(transaction, plan, record, {
      isFree: (held) => !this.#table.liveness.hasEntry(held),
      assertFits: (index, entry) => this.#table.assertEntryFits(record.id, index, entry),
    });
  }

  /** The change that gives a record its present form; undefined when it has it. */
  #change(plan: BuildPlan, id: Uint8Array, row: Uint8Array, before: Stored<E>): Change<E> | undefined {
    if (!plan.rewrites || this.#isCurrent(row)) return undefined;
    // What a step made is new: it is validated as any record is that is written.
    const after = before.origin === undefined ? before.record : this.#table.model.check(before.record);
    return { id, before, after, revision: before.revision };
  }

  /** Writes the changes, each alone where they cannot be made together; those that failed. */
  async #apply(context: WriteContext, changes: readonly Change<E>[]): Promise<FailedRecord[]> {
    try {
      await applyChanges(context, this.#table, changes);
      return [];
    } catch (error) {
      if (!isAboutRecord(error)) throw error;
    }
    const failures: FailedRecord[] = [];
    for (const change of changes) {
      try {
        await applyChanges(context, this.#table, [change]);
      } catch (error) {
        if (!isAboutRecord(error)) throw error;
        failures.push({ id: change.id, error });
      }
    }
    return failures;
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
    const session = this.#writer.openReadSession(this.#terms);
    try {
      let found: string | undefined;
      const prefix = recordPrefix(model.name);
      await forEachBatch(session.read.bind(session), tupleRange(prefix), async (transaction, rows) => {
        const checks = rows.map(async ([key, row]) => {
          const id = key.slice(prefix.length);
          const read = await recordIn(model, transaction, id, row);
          // It was in order when it was upgraded: what became of it since is for the next call.
          if ("error" in read) return;
          const expired = !this.#table.liveness.hasRecord(row);
          const [defect] = await verifyEntriesOf(model, building, transaction, id, read.record, expired);
          if (defect !== undefined) found = defect.index.name;
        });
        await siblings(checks);
      });
      const wrong = await verifyIndexes(model, building, (fn) => session.read(fn));
      return found ?? wrong.find(({ kind }) => kind !== "damaged")?.index.name;
    } finally {
      session.end();
    }
  }

  #write<T>(fn: (context: WriteContext) => Promise<T>): Promise<T> {
    return this.#writer.write(fn, this.#terms);
  }

  get #terms(): CallTerms {
    const terms = callTerms("migrate", this.#table.model.name, this.#options.signal);
    return { ...terms, priority: "batch" };
  }
}

/** Whether an error is about one record, so that others can go on: its bytes, its values, or what a definition's functions say of it. */
const isAboutRecord = (error: unknown): boolean =>
  !isTenantryError(error) || error.family === "corrupt" || isTenantryError(error, ...aboutRecords);

const aboutRecords = [
  "RECORD_INVALID",
  "RECORD_TOO_LARGE",
  "KEY_TOO_LARGE",
  "KEY_VALUE_INVALID",
  "VALUE_UNSUPPORTED",
  "INDEX_ENTRY_TOO_LARGE",
  "INDEX_ELEMENTS_TOO_MANY",
  "AGGREGATE_VALUE_TOO_LARGE",
  "UNIQUE_VIOLATION",
  "MIGRATION_STEP_FAILED",
  "ENTITY_INVALID",
] as const;
