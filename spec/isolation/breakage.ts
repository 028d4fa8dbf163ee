/** Breakages: the ways in which isolation is broken on purpose, to see the laws fail. */

/** What is broken; the name says what somebody might have written. */
export type Breakage =
  | "a tenant's prefix is one byte short"
  | "ranges end at strinc of the prefix"
  | "a selector goes to the engine as it is"
  | "results are not checked"
  | "cursors are not sealed"
  | "cursors are sealed for the database, not for a tenant"
  | "cursors are sealed for whoever asks"
  | "the cursor's query is not part of its seal"
  | "a stale cache gives the last tenant's guard"
  | "writes conflict on the whole registry"
  | "a write goes to a neighbour as well"
  | "ids are unique across tenants"
  | "unique values are those of the database"
  | "index entries are cached across tenants"
  | "a missing record's error names who has asked before"
  | "the log names the last tenant"
  | "idempotency keys are those of the database"
  | "a result is cached across tenants"
  | "a metric counts what all tenants hold"
  | "writers of all tenants take turns at a limit"
  | "tokens of a rate are those of the last who took any"
  | "connections count for the first who has any"
  | "claims are those of the database"
  | "the audit trail is the last tenant's"
  | "each write makes all processes read their caches anew";

/** The assertion that notices. */
export const noticedBy: Readonly<Record<Breakage, string>> = {
  "a tenant's prefix is one byte short": "assertStaysInTenant",
  "ranges end at strinc of the prefix": "assertStaysInTenant",
  "a selector goes to the engine as it is": "assertStaysInTenant",
  "results are not checked": "assertForeignRowsRefused",
  "cursors are not sealed": "assertCursorRefused",
  "cursors are sealed for the database, not for a tenant": "assertCursorRefused",
  "cursors are sealed for whoever asks": "assertCursorRefused",
  "the cursor's query is not part of its seal": "assertCursorRefused",
  "a stale cache gives the last tenant's guard": "assertStaysInTenant",
  "writes conflict on the whole registry": "assertStaysInTenant",
  "a write goes to a neighbour as well": "assertStaysInTenant",
  "ids are unique across tenants": "assertForeignLooksMissing",
  "unique values are those of the database": "assertForeignLooksMissing",
  "index entries are cached across tenants": "assertForeignLooksMissing",
  "a missing record's error names who has asked before": "assertSilentAbout",
  "the log names the last tenant": "assertSilentAbout",
  "idempotency keys are those of the database": "assertStaysInTenant",
  "a result is cached across tenants": "assertForeignLooksMissing",
  "a metric counts what all tenants hold": "assertForeignLooksMissing",
  "writers of all tenants take turns at a limit": "assertForeignLooksMissing",
  "tokens of a rate are those of the last who took any": "assertStaysInTenant",
  "connections count for the first who has any": "assertStaysInTenant",
  "claims are those of the database": "assertForeignLooksMissing",
  "the audit trail is the last tenant's": "assertStaysInTenant",
  "each write makes all processes read their caches anew": "assertStaysInTenant",
};
