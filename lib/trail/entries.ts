/** Reading a trail: entries as they are answered, found by time, subject, entity and record, in pages. */
import {
  type AuditKey,
  decodeEntry,
  decodeSeal,
  entryStamp,
  type StoredChange,
  type StoredEntry,
} from "../audit/index.js";
import { tenantryError } from "../errors/index.js";
import { auditClockSkewMs, pageSizeMax } from "../limits/index.js";
import { takeOptions } from "../options/index.js";
import type { CursorBinding, CursorSeal } from "../repository/index.js";
import { type AnyEntity, modelOf } from "../schema/index.js";
import { assertPrincipal, isSubject, subjectRule, type TenantId } from "../tenant/index.js";
import type { RelativeRange } from "../transaction/index.js";
import { equalBytes, keyAfter, pack, unpack } from "../tuple/index.js";
import {
  type AuditEntry,
  type AuditedChange,
  type AuditFilter,
  type AuditPage,
  type AuditPageOptions,
  filterNames,
  pageNames,
  timeGiven,
} from "./audit-entry.js";
import {
  entriesAfter,
  entriesRange,
  type Incarnation,
  incarnationsOf,
  sealsRange,
  type TrailRows,
} from "./trail-rows.js";

/** An entry and where it was found. */
interface Found {
  readonly entry: AuditEntry;
  readonly incarnation: number;
  readonly key: Uint8Array;
}

/** A place to go on from, in one incarnation's trail. */
interface Place {
  readonly incarnation: number;
  readonly key: Uint8Array;
}

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");

/** A filter that was taken: all of it is there, and the id as it is stored. */
interface TakenFilter {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly subject: string | undefined;
  readonly entity: string | undefined;
  readonly id: Uint8Array | undefined;
  readonly kind: AuditFilter["kind"];
  readonly reverse: boolean;
  readonly signal: AbortSignal | undefined;
}

/** @throws AUDIT_OPTION_INVALID, RECORD_ID_INVALID */
function filterOf({ from, to, subject, entity, id, kind, reverse = false, signal }: AuditFilter): TakenFilter {
  if (id !== undefined && entity === undefined) {
    throw tenantryError("AUDIT_OPTION_INVALID", { option: "id", reason: "given without an entity" });
  }
  // What names nobody would be compared with other bytes than it has.
  if (subject !== undefined && !isSubject(subject)) {
    throw tenantryError("AUDIT_OPTION_INVALID", { option: "subject", reason: subjectRule });
  }
  return {
    from: from === undefined ? undefined : timeGiven("from", from),
    to: to === undefined ? undefined : timeGiven("to", to),
    subject,
    entity: entity?.name,
    // The model checks what the type of a filter cannot.
    id: id === undefined || entity === undefined ? undefined : modelOf(entity).encodeId(id as never),
    kind,
    reverse,
    signal,
  };
}

/** A filter as stored entries are compared with. */
class Wanted {
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Sealed, undefined when anybody's; null when nobody's can be told. */
  readonly #subject: Uint8Array | undefined | null;
  readonly #entity: string | undefined;
  readonly #id: Uint8Array | undefined | null;
  readonly #kind: AuditFilter["kind"];

  constructor({ from, to, subject, entity, id, kind }: TakenFilter, key: AuditKey | undefined) {
    this.from = from;
    this.to = to;
    this.#kind = kind;
    this.#entity = entity;
    this.#subject = subject === undefined ? undefined : (key?.sealSubject(subject) ?? null);
    this.#id = id === undefined ? undefined : (key?.seal(`id of ${entity}`, id) ?? null);
  }

  has(entry: StoredEntry): boolean {
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = this;
    if (entry.at < from || entry.at >= to) return false;
    if (this.#kind !== undefined && entry.kind !== this.#kind) return false;
    if (this.#subject !== undefined && !isSealed(entry.subject, this.#subject)) return false;
    if (this.#entity === undefined) return true;
    if (entry.kind === "denial") return entry.entity === this.#entity && this.#id === undefined;
    return entry.kind === "changes" && entry.changes.some((change) => this.#isWanted(change));
  }

  #isWanted({ entity, id }: StoredChange): boolean {
    return entity === this.#entity && (this.#id === undefined || isSealed(id, this.#id));
  }
}

const isSealed = (sealed: Uint8Array | undefined, wanted: Uint8Array | null): boolean =>
  sealed !== undefined && wanted !== null && equalBytes(sealed, wanted);

export class Entries {
  readonly #rows: TrailRows;
  readonly #seal: CursorSeal;
  readonly #entities: ReadonlyMap<string, AnyEntity>;

  constructor(rows: TrailRows, seal: CursorSeal, entities: Iterable<AnyEntity>) {
    this.#rows = rows;
    this.#seal = seal;
    this.#entities = new Map([...entities].map((entity) => [entity.name, entity]));
  }

  list(id: TenantId, filter: AuditFilter | undefined): AsyncGenerator<AuditEntry, undefined, undefined> {
    return this.#list(id, takeOptions(filter, filterNames, "entries"));
  }

  async *#list(id: TenantId, filter: AuditFilter): AsyncGenerator<AuditEntry, undefined, undefined> {
    for await (const { entry } of this.#found(id, filterOf(filter), undefined)) yield entry;
  }

  async page(id: TenantId, options: AuditPageOptions): Promise<AuditPage> {
    const taken = takeOptions(options, pageNames, "page");
    const { size, cursor, principal } = taken;
    if (!Number.isSafeInteger(size) || size < 1 || size > pageSizeMax) {
      throw tenantryError("PAGE_SIZE_INVALID", { size, pageSizeMax });
    }
    const filter = filterOf(taken);
    const { from, to, subject, entity, id: record, kind, reverse } = filter;
    const parts = [from, to, subject, entity, record, kind].map((part) => part ?? null);
    const query = pack(["audit", ...parts, reverse]);
    assertPrincipal(principal);
    const binding: CursorBinding = { tenantId: id, principal, query };
    const position = cursor === undefined ? undefined : await this.#seal.open(cursor, binding);
    const items: AuditEntry[] = [];
    let cut: Uint8Array | undefined;
    for await (const { entry, incarnation, key } of this.#found(id, filter, position && placeOf(position.cut))) {
      if (items.length === size) {
        return { items, next: cut && (await this.#seal.seal({ direction: "next", cut }, binding)) };
      }
      items.push(entry);
      cut = pack([incarnation, reverse ? key : keyAfter(key)]);
    }
    return { items, next: undefined };
  }

  async *#found(
    id: TenantId,
    filter: TakenFilter,
    place: Place | undefined,
  ): AsyncGenerator<Found, undefined, undefined> {
    const { reverse, signal } = filter;
    const { record, key } = await this.#rows.tenant(id, signal);
    const wanted = new Wanted(filter, key);
    const incarnations = incarnationsOf(record);
    if (reverse) incarnations.reverse();
    for (const each of incarnations) {
      const { incarnation } = each;
      if (place !== undefined && (reverse ? incarnation > place.incarnation : incarnation < place.incarnation))
        continue;
      const range = await this.#range(each, wanted, signal);
      const own = place?.incarnation === incarnation ? place.key : undefined;
      const part = own === undefined ? range : reverse ? { ...range, end: own } : { ...range, begin: own };
      for await (const [at, value] of this.#rows.rows(each, part, { reverse, signal })) {
        const stored = decodeEntry(value);
        if (wanted.has(stored)) yield { entry: this.#entry(stored, at, incarnation, key), incarnation, key: at };
      }
    }
  }

  /** The part of a trail that entries of the wanted times are in: seals tell when what is before them was written. */
  async #range(
    incarnation: Incarnation,
    { from, to }: Wanted,
    signal: AbortSignal | undefined,
  ): Promise<RelativeRange> {
    const range = { ...entriesRange() };
    if (from === undefined && to === undefined) return range;
    for await (const [, value] of this.#rows.rows(incarnation, sealsRange(), { signal })) {
      const { at, stamp } = decodeSeal(value);
      const { begin } = entriesAfter({ stamp });
      if (from !== undefined && at < from - auditClockSkewMs) range.begin = begin;
      if (to !== undefined && at > to + auditClockSkewMs) {
        range.end = begin;
        break;
      }
    }
    return range;
  }

  #entry(stored: StoredEntry, at: Uint8Array, incarnation: number, key: AuditKey | undefined): AuditEntry {
    const { subject, request, operation } = stored;
    return {
      stamp: Buffer.from(entryStamp(at)).toString("hex"),
      incarnation,
      at: stored.at,
      kind: stored.kind,
      outcome: stored.kind === "denial" ? "denied" : "done",
      subject: subject && key?.openText("subject", subject),
      pseudonym: hex(subject?.subarray(0, 16)),
      requestId: request && key?.openText("request", request),
      operation,
      changes: stored.kind === "changes" ? stored.changes.map((change) => this.#change(change, key)) : [],
      move: stored.kind === "tenant" ? { from: stored.from, to: stored.to } : undefined,
      quota: stored.kind === "tenant" ? stored.quota : undefined,
      reason: "reason" in stored && stored.reason !== undefined ? key?.openText("reason", stored.reason) : undefined,
      denial: stored.kind === "denial" ? { code: stored.code, entity: stored.entity, count: stored.count } : undefined,
    };
  }

  #change({ entity, kind, id, before, after }: StoredChange, key: AuditKey | undefined): AuditedChange {
    return {
      entity,
      kind,
      id: this.#idText(entity, key?.open(`id of ${entity}`, id)),
      before: hex(before),
      after: hex(after),
    };
  }

  #idText(name: string, packed: Uint8Array | undefined): string | undefined {
    if (packed === undefined) return undefined;
    // Members and sessions, which are of no entity, have texts for ids.
    if (name.startsWith("#")) return unpack(packed).join(" ");
    const entity = this.#entities.get(name);
    if (entity === undefined) return undefined;
    const model = modelOf(entity);
    return model.formatId(model.decodeId(packed));
  }
}

function placeOf(cut: Uint8Array): Place {
  const [incarnation, key] = unpack(cut);
  if (typeof incarnation === "number" && key instanceof Uint8Array) return { incarnation, key };
  throw tenantryError("CURSOR_INVALID", {});
}
