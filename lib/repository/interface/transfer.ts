/** Export and import of a tenant, as users see them. */
import { optionNames } from "../../options/index.js";
import type { OperationOptions } from "./options.js";
import type { UnreadableRecord } from "./unreadable.js";

/**
 * How far an export or an import has come.
 *
 * @example
 * ```ts
 * import type { TransferProgress } from "tenantry";
 * const print = ({ records }: TransferProgress) => console.log(`${records} records`);
 * ```
 */
export interface TransferProgress {
  /** Records exported, or read from the lines and stored. */
  readonly records: number;
  /**
   * Records that an export left out since they cannot be read; once an import is done, those that the lines' export
   * left out. Undefined for none.
   */
  readonly unreadable?: number | undefined;
}

/**
 * What an export takes.
 *
 * @example
 * ```ts
 * import type { ExportOptions } from "tenantry";
 * const options: ExportOptions = { onProgress: ({ records }) => console.info({ records }) };
 * ```
 */
export interface ExportOptions extends OperationOptions {
  /** Called after each batch of records, which waits for it. What it throws ends the export. */
  readonly onProgress?: ((progress: TransferProgress) => unknown) | undefined;
  /**
   * Told of each record that cannot be read. It is left out whether anybody is told or not, and counted in the last
   * line. The export waits for it; what it throws ends it.
   */
  readonly onUnreadable?: ((record: UnreadableRecord) => unknown) | undefined;
}

export const exportNames = optionNames<ExportOptions>({ signal: true, onProgress: true, onUnreadable: true });

/**
 * What an import takes.
 *
 * @example
 * ```ts
 * import type { ImportOptions } from "tenantry";
 * const rehearsal: ImportOptions = { dryRun: true };
 * ```
 */
export interface ImportOptions extends OperationOptions {
  /** Reads and validates every line and writes nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Called after each batch is committed, which waits for it. What it throws ends the import there. */
  readonly onProgress?: ((progress: TransferProgress) => unknown) | undefined;
}

export const importNames = optionNames<ImportOptions>({ signal: true, dryRun: true, onProgress: true });

/**
 * What `import` reads: the text or the bytes of a file, whole or as a stream of Node's or the web's. The texts of a list
 * or a stream are of whole lines, each with or without its newline; bytes are in chunks of any size.
 *
 * @example
 * ```ts
 * import { createReadStream } from "node:fs";
 * import type { ImportSource } from "tenantry";
 * const file: ImportSource = createReadStream("france.jsonl");
 * ```
 */
export type ImportSource = string | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/**
 * A tenant's records as lines of JSON, each with its newline at the end; read anew by each iteration.
 *
 * @example
 * ```ts
 * import { createWriteStream } from "node:fs";
 * import { pipeline } from "node:stream/promises";
 * import type { Tenant } from "tenantry";
 * declare const france: Tenant;
 * await pipeline(france.export(), createWriteStream("france.jsonl"));
 * ```
 */
export interface TenantExport extends AsyncIterable<string> {
  /** The same lines as a stream of bytes, for a `Response` or a file; cancelling it ends the export. */
  stream(): ReadableStream<Uint8Array>;
}
