/** Codes of entity definitions, and of records and ids that do not fit theirs. */
import { define } from "../definition.js";

/** One complaint about a record: where in it, and what is wrong. The shape is zod's. */
export interface RecordIssue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A change of a definition that stored records need not fit: see `SchemaChange`. */
export interface UnsafeChange {
  readonly entity: string;
  readonly kind: string;
  readonly name: string | undefined;
  readonly version: number;
}

export const schemaErrors = {
  ENTITY_INVALID: define<{ entity: string; path: string; reason: string }>()(
    "usage",
    "The entity cannot be defined like this.",
    "entity",
    "path",
    "reason",
  ),
  SCHEMA_INCOMPATIBLE: define<{ changes: readonly UnsafeChange[] }>()(
    "usage",
    "Stored records need not fit the entities given: each change needs a migration step, or has to be taken back.",
    "changes",
  ),
  MIGRATION_OPTION_INVALID: define<{ option: string; migrationConcurrencyMax: number }>()(
    "usage",
    "An option of `migrate` is not valid.",
    "option",
    "migrationConcurrencyMax",
  ),
  INDEX_BUILD_OVERTAKEN: define<{ entity: string; index: string }>()(
    "conflict",
    "While an index or aggregate was built, a program without it wrote records: build again when no such program runs.",
  ),
  SCHEMA_OUTDATED: define<{ entity: string; version: number; migratedTo: number }>()(
    "unavailable",
    "The tenant's records were migrated to a later version of the entity: run the program that has this version.",
  ),
  MIGRATION_STEP_FAILED: define<{ entity: string; version: number; reason: string; id?: string | undefined }>()(
    "usage",
    "A migration step did not make a record of the next version.",
    "entity",
    "version",
    "reason",
  ),
  STORED_RECORD_INVALID: define<{ entity: string; issues: readonly RecordIssue[]; id?: string | undefined }>()(
    "corrupt",
    "A stored record does not fit its entity's schema.",
  ),
  RECORD_INVALID: define<{ entity: string; issues: readonly RecordIssue[] }>()(
    "input",
    "The record does not fit its entity.",
  ),
  RECORD_ID_INVALID: define<{ entity: string; field: string | undefined; reason: string }>()(
    "input",
    "This is not an id of the entity.",
  ),
  KEY_VALUE_INVALID: define<{ field: string; reason: string }>()("input", "The value cannot be a part of a key."),
} as const;
