/** Entries of an audit trail in their stored form: a tuple, whose texts about people are sealed. */
import { tenantryError } from "../errors/index.js";
import { isQuotaOverride, type QuotaChange } from "../tenant/index.js";
import {
  pack,
  packWithVersionstamp,
  type TupleElement,
  TupleVersionstamp,
  unpack,
  versionstamp,
} from "../tuple/index.js";

/** One record's change. */
export interface StoredChange {
  readonly entity: string;
  readonly kind: "create" | "update" | "delete";
  /** The packed id, sealed. */
  readonly id: Uint8Array;
  /** Digest of the record before; undefined for a create. */
  readonly before: Uint8Array | undefined;
  /** Digest of the record after; undefined for a delete. */
  readonly after: Uint8Array | undefined;
}

/** What all entries say. */
interface StoredHead {
  /** Milliseconds since 1970, by the clock of the process that wrote it. */
  readonly at: number;
  /** Who, sealed; undefined for the program itself. */
  readonly subject: Uint8Array | undefined;
  /** The request, sealed. */
  readonly request: Uint8Array | undefined;
  /** What was done, in the program's words. */
  readonly operation: string | undefined;
}

/** Records changed. */
export interface StoredChanges extends StoredHead {
  readonly kind: "changes";
  readonly changes: readonly StoredChange[];
}

/** The tenant itself changed: its state, its name, its plan, what operators have set for a quota. */
export interface StoredMove extends StoredHead {
  readonly kind: "tenant";
  /** Undefined when it was made. */
  readonly from: string | undefined;
  readonly to: string;
  /** Why, sealed. */
  readonly reason: Uint8Array | undefined;
  readonly quota: QuotaChange | undefined;
}

/** An operator went in. */
export interface StoredEntrance extends StoredHead {
  readonly kind: "operator";
  /** Why, sealed. */
  readonly reason: Uint8Array | undefined;
}

/** Something was refused. */
export interface StoredDenial extends StoredHead {
  readonly kind: "denial";
  /** The code of the refusal. */
  readonly code: string;
  readonly entity: string | undefined;
  /** How many like attempts this entry stands for. */
  readonly count: number;
}

export type StoredEntry = StoredChanges | StoredMove | StoredEntrance | StoredDenial;

const format = 1;
const kinds: readonly StoredEntry["kind"][] = ["changes", "tenant", "operator", "denial"];
const changeKinds: readonly StoredChange["kind"][] = ["create", "update", "delete"];

/** Where in a trail the entries stand, seals and checkpoint beside them. */
export const trailParts = { entries: 0, seals: 1, checkpoint: 2 } as const;

/** The key of a new entry, for `setVersionstampedKey`; `part` tells entries of one commit apart. */
export const newEntryKey = (part: number): Uint8Array =>
  packWithVersionstamp([trailParts.entries, versionstamp(undefined, part)]);

/** The key of the entry of a stamp: 10 bytes of the commit and two of its part. */
export const entryKey = (stamp: Uint8Array): Uint8Array => {
  const part = Number(stamp[10]) * 256 + Number(stamp[11]);
  return pack([trailParts.entries, versionstamp(stamp.subarray(0, 10), part)]);
};

/** The stamp in an entry's key. @throws AUDIT_TRAIL_CORRUPT */
export function entryStamp(key: Uint8Array): Uint8Array {
  const [part, stamp, ...rest] = elementsOf(key);
  if (part !== trailParts.entries || !(stamp instanceof TupleVersionstamp) || rest.length > 0) throw corrupt();
  if (stamp.bytes === undefined) throw corrupt();
  return Uint8Array.of(...stamp.bytes, stamp.userVersion >> 8, stamp.userVersion & 0xff);
}

const corrupt = (cause?: unknown): Error => tenantryError("AUDIT_TRAIL_CORRUPT", {}, { cause });

const body = (entry: StoredEntry): TupleElement[] => {
  switch (entry.kind) {
    case "changes":
      return entry.changes.map(({ entity, kind, id, before, after }) => [
        entity,
        changeKinds.indexOf(kind),
        id,
        before ?? null,
        after ?? null,
      ]);
    case "tenant":
      return [entry.from ?? null, entry.to, entry.reason ?? null, ...quotaElements(entry.quota)];
    case "operator":
      return [entry.reason ?? null];
    case "denial":
      return [entry.code, entry.entity ?? null, entry.count];
  }
};

/** Only entries about quotas have them. */
const quotaElements = (quota: QuotaChange | undefined): TupleElement[] =>
  quota === undefined ? [] : [quota.resource, quota.limit === undefined ? null : JSON.stringify(quota.limit)];

export function encodeEntry(entry: StoredEntry): Uint8Array {
  const { kind, at, subject = null, request = null, operation = null } = entry;
  return pack([format, kinds.indexOf(kind), at, subject, request, operation, body(entry)]);
}

function elementsOf(bytes: Uint8Array): TupleElement[] {
  try {
    return unpack(bytes);
  } catch (cause) {
    throw corrupt(cause);
  }
}

const text = (element: TupleElement | undefined): string => {
  if (typeof element !== "string") throw corrupt();
  return element;
};
const count = (element: TupleElement | undefined): number => {
  if (typeof element !== "number") throw corrupt();
  return element;
};
const bytesOf = (element: TupleElement | undefined): Uint8Array => {
  if (!(element instanceof Uint8Array)) throw corrupt();
  return element;
};
const optional = <T>(
  element: TupleElement | undefined,
  read: (element: TupleElement | undefined) => T,
): T | undefined => (element === null ? undefined : read(element));

const list = (element: TupleElement | undefined): readonly TupleElement[] => {
  if (!Array.isArray(element)) throw corrupt();
  return element;
};

function changeOf(element: TupleElement): StoredChange {
  const [entity, kind, id, before, after] = list(element);
  const name = changeKinds[count(kind)];
  if (name === undefined) throw corrupt();
  return {
    entity: text(entity),
    kind: name,
    id: bytesOf(id),
    before: optional(before, bytesOf),
    after: optional(after, bytesOf),
  };
}

function quotaOf(resource: TupleElement | undefined, json: TupleElement | undefined): QuotaChange | undefined {
  if (resource === undefined) return undefined;
  const [name, written] = [text(resource), optional(json, text)];
  if (written === undefined) return { resource: name, limit: undefined };
  let limit: unknown;
  try {
    limit = JSON.parse(written);
  } catch (cause) {
    throw corrupt(cause);
  }
  if (!isQuotaOverride(name, limit)) throw corrupt();
  return { resource: name, limit };
}

/** The entry of stored bytes. @throws AUDIT_TRAIL_CORRUPT */
export function decodeEntry(bytes: Uint8Array): StoredEntry {
  const [version, kindAt, at, subject, request, operation, rest] = elementsOf(bytes);
  const kind = kinds[count(kindAt)];
  if (version !== format || kind === undefined) throw corrupt();
  const head: StoredHead = {
    at: count(at),
    subject: optional(subject, bytesOf),
    request: optional(request, bytesOf),
    operation: optional(operation, text),
  };
  const [first, second, third, fourth, fifth] = list(rest);
  switch (kind) {
    case "changes":
      return { ...head, kind, changes: list(rest).map(changeOf) };
    case "tenant":
      return {
        ...head,
        kind,
        from: optional(first, text),
        to: text(second),
        reason: optional(third, bytesOf),
        quota: quotaOf(fourth, fifth),
      };
    case "operator":
      return { ...head, kind, reason: optional(first, bytesOf) };
    case "denial":
      return { ...head, kind, code: text(first), entity: optional(second, text), count: count(third) };
  }
}
