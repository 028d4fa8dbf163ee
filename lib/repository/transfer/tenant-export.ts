/** Exporting: every record of a tenant as a line, behind a header and before a trailer. */
import { tenantryError } from "../../errors/index.js";
import { planRange, type RangePlan } from "../../indexes/index.js";
import { allRecordsRange, entityOfRecordKey } from "../../keyspace/index.js";
import { workBatchBytesMax, workBatchRowsMax } from "../../limits/index.js";
import type { AnyEntity } from "../../schema/index.js";
import {
  callTerms,
  type ReadSession,
  type ReadTransaction,
  type RelativeRange,
  rangeAfter,
  siblings,
} from "../../transaction/index.js";
import { compareBytes } from "../../tuple/index.js";
import type { ExportOptions, TenantExport } from "../interface/transfer.js";
import { foundBy } from "../long/found-records.js";
import type { RecordTable } from "../table/record-table.js";
import { Unread } from "../table/unread.js";
import type { TenantReader } from "../tenant-reader.js";
import { headerLine, LineDigest, recordLine, trailerLine } from "./line.js";

type Table = RecordTable<AnyEntity>;

/** The lines of some records, and the key of the last of these when more may follow. */
interface LineBatch {
  readonly lines: readonly string[];
  readonly last: Uint8Array | undefined;
  readonly version: bigint;
}

async function lineBatch(
  transaction: ReadTransaction,
  table: Table,
  rest: RangePlan,
  unread: Unread,
): Promise<LineBatch> {
  const wanted = { limit: workBatchRowsMax, targetBytes: workBatchBytesMax };
  const { rows, more } = await transaction.getRange(rest, wanted);
  const { found, last, all } = await foundBy(transaction, table, rest, rows, unread);
  const { model } = table;
  const lines = found.flatMap(({ id, before }) => {
    const { record, revision } = before;
    try {
      return recordLine({ entity: model.name, revision, record: table.toStored(id, record) });
    } catch (error) {
      unread.pass(model.name, error);
      return [];
    }
  });
  return { lines, last: more || !all ? last : undefined, version: await transaction.getReadVersion() };
}

export class RecordExport implements TenantExport {
  readonly #tables: readonly Table[];
  readonly #reader: TenantReader;
  readonly #options: ExportOptions;

  /** @param tables Of all entities of the database. */
  constructor(tables: readonly Table[], reader: TenantReader, options: ExportOptions) {
    const begin = (table: Table): Uint8Array => planRange(table.model, {}).begin;
    this.#tables = tables.toSorted((a, b) => compareBytes(begin(a), begin(b)));
    this.#reader = reader;
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, undefined, undefined> {
    for (const { access } of this.#tables) access?.assertAll("read");
    const { signal, onProgress, onUnreadable } = this.#options;
    const session = this.#reader.openReadSession(callTerms("export", undefined, signal));
    const digest = new LineDigest();
    const versions = new Set<bigint>();
    let records = 0;
    let unreadable: number | undefined;
    const unread = new Unread(async (record) => {
      unreadable = (unreadable ?? 0) + 1;
      await onUnreadable?.(record);
    });
    const written = (line: string): string => {
      digest.add(line);
      return `${line}\n`;
    };
    try {
      yield written(headerLine(this.#tables.map(({ model: { name, version } }) => ({ name, version }))));
      await this.#assertAllKnown(session);
      for (const table of this.#tables) {
        let rest = planRange(table.model, {});
        for (;;) {
          const part = rest;
          const { lines, last, version } = await session.read((transaction) =>
            lineBatch(transaction, table, part, unread),
          );
          versions.add(version);
          await unread.tell();
          for (const line of lines) yield written(line);
          records += lines.length;
          await onProgress?.(unreadable === undefined ? { records } : { records, unreadable });
          if (last === undefined) break;
          rest = rangeAfter(rest, last, false);
        }
      }
      yield `${trailerLine({ records, pointInTime: versions.size <= 1, sha256: digest.end(), unreadable })}\n`;
      return undefined;
    } finally {
      session.end();
    }
  }

  stream(): ReadableStream<Uint8Array> {
    const lines = this[Symbol.asyncIterator]();
    const encoder = new TextEncoder();
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { value, done } = await lines.next();
        if (done === true) controller.close();
        // Bytes of its own: a small `Buffer` shares its memory with others, of other tenants too.
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await lines.return(undefined);
      },
    });
  }

  /** Throws `ENTITY_UNKNOWN` when the tenant has records of an entity that the database was opened without. */
  #assertAllKnown(session: Pick<ReadSession, "read">): Promise<void> {
    const { begin, end } = allRecordsRange;
    const known = this.#tables.map(({ model }) => planRange(model, {}));
    const between: RelativeRange[] = [];
    let from = begin;
    for (const range of known) {
      between.push({ begin: from, end: range.begin });
      from = range.end;
    }
    between.push({ begin: from, end });
    return session.read(async (transaction) => {
      const first = await siblings(between.map((gap) => transaction.getRange(gap, { limit: 1 })));
      for (const { rows } of first) {
        const [row] = rows;
        if (row !== undefined) throw tenantryError("ENTITY_UNKNOWN", { entity: entityOfRecordKey(row[0]) });
      }
    });
  }
}
