/** Importing: the lines of an export, validated and stored batch by batch. */

import { isTenantryError, tenantryError } from "../../errors/index.js";
import { abortReason, isAborted } from "../../intrinsics/index.js";
import { importBatchCharsMax, importBatchRecordsMax } from "../../limits/index.js";
import { isDamage } from "../../records/index.js";
import type { AnyEntity, Infer } from "../../schema/index.js";
import { callTerms, siblings } from "../../transaction/index.js";
import type { ImportOptions, ImportSource, TransferProgress } from "../interface/transfer.js";
import { isTooMuch } from "../long/batch-size.js";
import { heldAt } from "../table/held-row.js";
import type { RecordTable } from "../table/record-table.js";
import type { TenantWriter } from "../tenant-reader.js";
import { applyChanges, type Change, changeOf } from "../write/change.js";
import { textOf } from "../write/key-turns.js";
import { JsonValueFault } from "./json-value.js";
import { type ExportedEntity, LineDigest, readHeader, readRecord, readTrailer } from "./line.js";
import { lineInvalid, linesOf, type NumberedLine } from "./line-reader.js";

type Table = RecordTable<AnyEntity>;

/** A record to store, and the line it came from. */
interface Item {
  readonly line: number;
  readonly table: Table;
  readonly id: Uint8Array;
  readonly record: Infer<AnyEntity>;
  readonly revision: number;
}

/** An entity that the header names, as the database knows it. */
interface Known {
  readonly table: Table;
  /** The version of the records in the lines. */
  readonly version: number;
}

/** Whether an error is about records that were to be written, so that one of them is to blame. */
const isOfRecord = (error: unknown): boolean =>
  isTenantryError(
    error,
    "RECORD_TOO_LARGE",
    "KEY_TOO_LARGE",
    "KEY_VALUE_INVALID",
    "VALUE_UNSUPPORTED",
    "UNIQUE_VIOLATION",
    "INDEX_ELEMENTS_TOO_MANY",
    "INDEX_ENTRY_TOO_LARGE",
  );

export class RecordImport {
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #writer: TenantWriter;
  readonly #options: ImportOptions;
  readonly #digest = new LineDigest();
  #known: ReadonlyMap<string, Known> | undefined;
  #batch: Item[] = [];
  #batchChars = 0;
  /** The ids in the batch. */
  readonly #batchIds = new Set<string>();
  /** Records read, and those of them that are stored. */
  #read = 0;
  #stored = 0;
  /** Records that are in none of the lines, since the export could not read them. */
  #unreadable: number | undefined;

  constructor(tables: readonly Table[], writer: TenantWriter, options: ImportOptions) {
    this.#tables = new Map(tables.map((table) => [table.model.name, table]));
    this.#writer = writer;
    this.#options = options;
  }

  /** Reads all lines; to be called once. */
  async run(source: ImportSource): Promise<TransferProgress> {
    let last = 0;
    let ended = false;
    const { signal } = this.#options;
    for await (const line of linesOf(source, signal)) {
      if (signal !== undefined && isAborted(signal)) {
        throw tenantryError("TRANSACTION_ABORTED", { attempts: 0 }, { cause: abortReason(signal) });
      }
      last = line.number;
      if (ended) throw lineInvalid(line.number, "afterTrailer");
      ended = await this.#take(line);
    }
    if (!ended) throw lineInvalid(last + 1, "truncated");
    return this.#unreadable === undefined
      ? { records: this.#stored }
      : { records: this.#stored, unreadable: this.#unreadable };
  }

  /** Takes a line; whether it was the last. */
  async #take({ number, text }: NumberedLine): Promise<boolean> {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw lineInvalid(number, "notJson", undefined, { cause });
    }
    if (this.#known === undefined) {
      this.#known = this.#knownBy(number, readHeader(json));
      this.#digest.add(text);
      return false;
    }
    const trailer = readTrailer(json);
    if (trailer === undefined) {
      this.#digest.add(text);
      const item = this.#item(number, json, this.#known);
      if (this.#isFull(item)) await this.#flush();
      this.#batch.push(item);
      this.#batchIds.add(textOf(item.id));
      this.#batchChars += text.length;
      this.#read += 1;
      return false;
    }
    await this.#flush();
    if (trailer.records !== this.#read) throw lineInvalid(number, "count");
    if (trailer.sha256 !== this.#digest.end()) throw lineInvalid(number, "digest");
    this.#unreadable = trailer.unreadable;
    return true;
  }

  #knownBy(line: number, entities: readonly ExportedEntity[] | undefined): ReadonlyMap<string, Known> {
    if (entities === undefined) throw lineInvalid(line, "header");
    return new Map(
      entities.map(({ name, version }) => {
        const table = this.#tables.get(name);
        if (table === undefined) throw lineInvalid(line, "entityUnknown", name);
        if (version > table.model.version) throw lineInvalid(line, "versionNewer", name);
        // Records come with their revisions, over what is there, seen or not.
        table.access?.assertAll("read");
        table.access?.assertAll("create");
        table.access?.assertAll("update");
        return [name, { table, version }];
      }),
    );
  }

  #item(line: number, json: unknown, known: ReadonlyMap<string, Known>): Item {
    let entity: string | undefined;
    try {
      const read = readRecord(json);
      if (read === undefined) throw lineInvalid(line, "notARecord");
      entity = read.entity;
      const found = known.get(entity);
      if (found === undefined) throw lineInvalid(line, "entityUnknown", entity);
      const { table, version } = found;
      const record = table.model.fromStored(read.record, version);
      return { line, table, id: table.model.encodeId(table.model.idOf(record)), record, revision: read.revision };
    } catch (cause) {
      if (cause instanceof JsonValueFault) throw lineInvalid(line, "notAValue", entity, { cause });
      const codes = [
        "RECORD_INVALID",
        "STORED_RECORD_INVALID",
        "RECORD_ID_INVALID",
        "KEY_TOO_LARGE",
        "MIGRATION_STEP_FAILED",
      ] as const;
      if (isTenantryError(cause, ...codes)) throw lineInvalid(line, "record", entity, { cause });
      throw cause;
    }
  }

  /** Whether the batch has to be stored before it takes the item. */
  #isFull({ table, id }: Item): boolean {
    const full = this.#batch.length >= importBatchRecordsMax || this.#batchChars >= importBatchCharsMax;
    // A transaction writes a record once.
    return full || this.#batch.at(-1)?.table !== table || this.#batchIds.has(textOf(id));
  }

  async #flush(): Promise<void> {
    const items = this.#batch;
    this.#batch = [];
    this.#batchChars = 0;
    this.#batchIds.clear();
    if (items.length === 0) return;
    if (this.#options.dryRun !== true) await this.#write(items);
    this.#stored += items.length;
    await this.#options.onProgress?.({ records: this.#stored });
  }

  /** Stores items of one entity, in their order as far as one of them cannot be. */
  async #write(items: readonly Item[]): Promise<void> {
    const [first] = items;
    if (first === undefined) return;
    const { table } = first;
    const { signal } = this.#options;
    try {
      await this.#writer.write(
        async (context) => {
          const changes = await siblings(
            items.map(async ({ id, record, revision }): Promise<Change<AnyEntity>[]> => {
              const held = await heldAt(table, context.transaction, id, isDamage);
              const change = changeOf(id, held, record, revision);
              const { before } = change;
              return before?.revision === revision && this.#isStored(table, before.record, record) ? [] : [change];
            }),
          );
          await applyChanges(context, table, changes.flat());
        },
        callTerms("import", table.model.name, signal),
      );
    } catch (error) {
      const ofRecord = isOfRecord(error);
      if (items.length > 1 && (ofRecord || isTooMuch(error))) {
        // The half with the one to blame is halved until it is alone; those before it are stored.
        const middle = items.length >> 1;
        await this.#write(items.slice(0, middle));
        await this.#write(items.slice(middle));
        return;
      }
      if (!ofRecord) throw error;
      throw lineInvalid(first.line, "record", table.model.name, { cause: error });
    }
  }

  #isStored({ model }: Table, before: Infer<AnyEntity>, after: Infer<AnyEntity>): boolean {
    const encoded = textOf(model.encodeRecord(after, 1));
    try {
      return textOf(model.encodeRecord(before, 1)) === encoded;
    } catch {
      // It does not fit the schema any more: it is another.
      return false;
    }
  }
}
