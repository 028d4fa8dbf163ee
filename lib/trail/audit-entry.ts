/** What is answered of a trail: entries, filters and pages. */
import { tenantryError } from "../errors/index.js";
import { timeOf } from "../intrinsics/index.js";
import { optionNames } from "../options/index.js";
import type { AnyEntity } from "../schema/index.js";
import type { QuotaChange } from "../tenant/index.js";

/**
 * A record's change in an audit entry.
 *
 * @example
 * ```ts
 * import type { AuditedChange } from "tenantry";
 * const line = ({ entity, kind, id }: AuditedChange) => `${kind} ${entity} ${id ?? "(erased)"}`;
 * ```
 */
export interface AuditedChange {
  /** The name of an entity; `#members` and `#sessions` for these, whose ids are the subject, and the session. */
  readonly entity: string;
  readonly kind: "create" | "update" | "delete";
  /** As `formatId` writes it; undefined once the tenant is erased, and for an entity the database was opened without. */
  readonly id: string | undefined;
  /** Keyed digest of the record before, in hexadecimal; undefined for a create. Compare with {@link AuditTrails.digest}. */
  readonly before: string | undefined;
  /** Keyed digest of the record after; undefined for a delete. */
  readonly after: string | undefined;
}

/**
 * One entry of a tenant's audit trail: who did what, when, and what came of it. A transaction that changes very many
 * records has several.
 *
 * @example
 * ```ts
 * import type { AuditEntry } from "tenantry";
 * const line = ({ at, subject, operation, outcome }: AuditEntry) =>
 *   `${new Date(at).toISOString()} ${subject ?? "the program"} ${operation ?? ""} ${outcome}`;
 * ```
 */
export interface AuditEntry {
  /** Its place in the trail, in hexadecimal: later entries have greater ones. */
  readonly stamp: string;
  readonly incarnation: number;
  /** Milliseconds since 1970, by the clock of the process that wrote it. */
  readonly at: number;
  /** `changes` of records, of the `tenant` itself, an `operator` going in, a `denial`. */
  readonly kind: "changes" | "tenant" | "operator" | "denial";
  readonly outcome: "done" | "denied";
  /** Who; undefined for the program itself, and once the tenant is erased. */
  readonly subject: string | undefined;
  /** The same for entries of the same subject, also when nobody can tell any more who that was. */
  readonly pseudonym: string | undefined;
  readonly requestId: string | undefined;
  /** What was done: a repository's method, a move of the tenant; undefined for a transaction of the program's own. */
  readonly operation: string | undefined;
  readonly changes: readonly AuditedChange[];
  /** Of `tenant`: the states before and after; before it was made there is none. */
  readonly move: { readonly from: string | undefined; readonly to: string } | undefined;
  /** Of `tenant`, where what operators set for a quota changed: its resource, and the limit, undefined when cleared. */
  readonly quota: QuotaChange | undefined;
  /** Of `tenant` and `operator`: why. */
  readonly reason: string | undefined;
  /** Of `denial`: the code of the refusal, and how many attempts like it the entry stands for. */
  readonly denial: { readonly code: string; readonly entity: string | undefined; readonly count: number } | undefined;
}

/**
 * Which entries are wanted.
 *
 * @example
 * ```ts
 * import type { AuditFilter, Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const filter: AuditFilter = { subject: "ann", from: Date.now() - 86_400_000 };
 * for await (const entry of db.audit.entries(id, filter)) console.log(entry.at, entry.operation);
 * ```
 */
export interface AuditFilter {
  /** From this time on: a Date, or milliseconds since 1970. */
  readonly from?: Date | number | undefined;
  /** Before this time. */
  readonly to?: Date | number | undefined;
  readonly subject?: string | undefined;
  /** Entries with a change of a record of this entity, or a denial about it. */
  readonly entity?: AnyEntity | undefined;
  /** Of that record of the entity. */
  readonly id?: unknown;
  readonly kind?: AuditEntry["kind"] | undefined;
  /** The latest first; default false. */
  readonly reverse?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

const filter = {
  from: true,
  to: true,
  subject: true,
  entity: true,
  id: true,
  kind: true,
  reverse: true,
  signal: true,
} as const;
export const filterNames = optionNames<AuditFilter>(filter);

/** The milliseconds of a time that was given. @throws AUDIT_OPTION_INVALID */
export function timeGiven(option: string, value: unknown): number {
  const time = typeof value === "number" ? value : timeOf(value);
  if (time !== undefined && Number.isFinite(time)) return time;
  throw tenantryError("AUDIT_OPTION_INVALID", { option, reason: "not a time" });
}

/**
 * Which page of a trail.
 *
 * @example
 * ```ts
 * import type { AuditPageOptions, Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * declare const request: { cursor: string | undefined; user: string };
 * const options: AuditPageOptions = { size: 50, reverse: true, cursor: request.cursor, principal: request.user };
 * const { items, next } = await db.audit.page(id, options);
 * ```
 */
export interface AuditPageOptions extends AuditFilter {
  /** Entries of a page: 1 to 1,000. */
  readonly size: number;
  /** Where the page before ended: its `next`. */
  readonly cursor?: string | undefined;
  /** Whom the page is for; another's cursor is refused. */
  readonly principal?: string | undefined;
}

export const pageNames = optionNames<AuditPageOptions>({ ...filter, size: true, cursor: true, principal: true });

/**
 * A page of a trail.
 *
 * @example
 * ```ts
 * import type { AuditPage, Database, TenantId } from "tenantry";
 * declare const db: Database;
 * declare const id: TenantId;
 * const { items, next }: AuditPage = await db.audit.page(id, { size: 20 });
 * ```
 */
export interface AuditPage {
  readonly items: AuditEntry[];
  /** The cursor of the page after, sealed and good for a day; undefined on the last page. */
  readonly next: string | undefined;
}
