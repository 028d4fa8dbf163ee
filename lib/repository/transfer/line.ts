/** The lines of an export: a header, a line for each record, and a trailer that says what came before it. */
import { createHash } from "node:crypto";
import { importRevisionMax } from "../../limits/index.js";
import { fromJson, toJson } from "./json-value.js";

/** The name and the only format there has been; a number is never given another meaning. */
const kind = "tenant-export";
const formatCurrent = 1;

/** An entity as the header names it. */
export interface ExportedEntity {
  readonly name: string;
  readonly version: number;
}

/** A record as a line has it: its stored side, so that it is plain data. */
export interface ExportedRecord {
  readonly entity: string;
  readonly revision: number;
  readonly record: unknown;
}

/** What the last line says of those before it. */
export interface ExportTrailer {
  readonly records: number;
  /** Whether all records are of one point in time. */
  readonly pointInTime: boolean;
  /** Of all lines before, each with its newline, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Records that were left out since they could not be read; undefined for none. */
  readonly unreadable: number | undefined;
}

export const headerLine = (entities: readonly ExportedEntity[]): string =>
  JSON.stringify({ tenantry: kind, format: formatCurrent, entities });

export const recordLine = ({ entity, revision, record }: ExportedRecord): string =>
  JSON.stringify({ entity, revision, record: toJson(record) });

export const trailerLine = ({ records, pointInTime, sha256, unreadable }: ExportTrailer): string =>
  JSON.stringify({ end: true, records, pointInTime, sha256, unreadable });

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const field = (value: object, name: string): unknown =>
  Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** The entities of a header; undefined when the line is none of this format. */
export function readHeader(line: unknown): readonly ExportedEntity[] | undefined {
  if (!isObject(line) || field(line, "tenantry") !== kind || field(line, "format") !== formatCurrent) return undefined;
  const entities = field(line, "entities");
  if (!Array.isArray(entities)) return undefined;
  const read = entities.map((entity: unknown): ExportedEntity | undefined => {
    if (!isObject(entity)) return undefined;
    const [name, version] = [field(entity, "name"), field(entity, "version")];
    return typeof name === "string" && isCount(version) ? { name, version } : undefined;
  });
  const known = read.filter((entity) => entity !== undefined);
  return known.length === read.length ? known : undefined;
}

/** The trailer in a line; undefined when it is none. */
export function readTrailer(line: unknown): ExportTrailer | undefined {
  if (!isObject(line) || field(line, "end") !== true) return undefined;
  const [records, pointInTime, sha256] = ["records", "pointInTime", "sha256"].map((name) => field(line, name));
  const unreadable = field(line, "unreadable");
  if (unreadable !== undefined && !isCount(unreadable)) return undefined;
  return isCount(records) && typeof pointInTime === "boolean" && typeof sha256 === "string"
    ? { records, pointInTime, sha256, unreadable }
    : undefined;
}

/** The record in a line; undefined when it is none. @throws JsonValueFault */
export function readRecord(line: unknown): ExportedRecord | undefined {
  if (!isObject(line)) return undefined;
  const [entity, revision, record] = ["entity", "revision", "record"].map((name) => field(line, name));
  if (typeof entity !== "string" || !isCount(revision) || record === undefined) return undefined;
  if (revision < 1 || revision > importRevisionMax) return undefined;
  return { entity, revision, record: fromJson(record) };
}

/** The digest of lines. */
export class LineDigest {
  readonly #hash = createHash("sha256");

  add(line: string): void {
    this.#hash.update(line).update("\n");
  }

  /** The digest of all that was added; to be asked for once. */
  end(): string {
    return this.#hash.digest("hex");
  }
}
