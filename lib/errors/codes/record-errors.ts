/** Codes of entities, records, queries and repositories. */
import { define } from "../definition.js";

export const recordErrors = {
  RECORD_NOT_FOUND: define<{ entity: string; id: string }>()("missing", "There is no such record."),
  RECORD_EXISTS: define<{ entity: string; id: string }>()("conflict", "There is a record with this id already."),
  REVISION_MISMATCH: define<{ entity: string; id: string; expected: number; actual: number | undefined }>()(
    "conflict",
    "The record has another revision than the one asked for.",
  ),
  RECORD_ID_CHANGED: define<{ entity: string; id: string }>()(
    "input",
    "A change must leave the id of a record as it is.",
  ),
  RECORD_TOO_LARGE: define<{
    entity: string;
    id: string;
    bytes: number;
    recordBytesMax: number;
    transactionBytesMax: number;
  }>()(
    "limit",
    "The record is larger than its entity allows: all of it is written in one transaction, which has a bound.",
  ),
  INDEX_ENTRY_TOO_LARGE: define<{ entity: string; id: string; index: string; bytes: number; valueBytesMax: number }>()(
    "limit",
    "The fields that an index stores are too large for one of its entries.",
  ),
  BATCH_INVALID: define()("usage", "A batch is an array of records or of ids."),
  BATCH_TOO_LARGE: define<{ records: number; batchRecordsMax: number }>()("limit", "The batch holds too many records."),
  LIST_TOO_LARGE: define<{ entity: string; listRecordsMax: number }>()(
    "limit",
    "There are more records than a list may hold: give a limit, or use scan or page.",
  ),
  PAGE_SIZE_INVALID: define<{ size: number; pageSizeMax: number }>()(
    "input",
    "The size of a page is a whole number from 1 to the most allowed.",
  ),
  QUERY_INVALID: define<{
    entity: string;
    index: string | undefined;
    reason: string;
    lacks: readonly string[] | undefined;
  }>()("usage", "The query cannot be answered by one range of a key or an index.", "entity", "reason"),
  CURSOR_INVALID: define()("input", "The cursor cannot be used."),
  UNIQUE_VIOLATION: define<{ entity: string; index: string; id: string }>()(
    "conflict",
    "Another record has the same values in a unique index.",
  ),
  INDEX_ELEMENTS_TOO_MANY: define<{ entity: string; index: string; indexElementsMax: number }>()(
    "limit",
    "An array of the record has too many distinct elements for an index.",
  ),
  INDEX_CORRUPT: define<{ entity: string; index: string; id?: string | undefined }>()(
    "corrupt",
    "An index disagrees with the records.",
  ),
  IMPORT_LINE_INVALID: define<{ line: number; reason: string; entity: string | undefined }>()(
    "input",
    "A line of the import cannot be taken; what the lines before it say is stored.",
  ),
  IMPORT_SOURCE_INVALID: define()("usage", "An import reads texts or bytes."),
  WATCHES_TOO_MANY: define<{ watchesMax: number }>()("limit", "The engine holds as many watches as it may."),
  TENANT_WATCHES_TOO_MANY: define<{ watchesPerTenantMax: number }>()(
    "limit",
    "The tenant holds as many watches in this process as it may.",
  ),
  WORK_NAME_INVALID: define<{ entity: string; workNameBytesMax: number }>()(
    "usage",
    "The name of long work, or its version, is not well-formed text of the length allowed.",
    "entity",
    "workNameBytesMax",
  ),
  WORK_NAME_TAKEN: define<{ entity: string; differs: "operation" | "query" | "function" }>()(
    "usage",
    "Other work, of another operation, query or function, has come to a place under this name.",
    "entity",
    "differs",
  ),
  WORK_MOVES_RECORD: define<{ entity: string; id: string; index: string }>()(
    "usage",
    "Long work would move a record further on in the index that it goes through.",
    "entity",
    "index",
  ),
  WORK_PLACE_CORRUPT: define<{ entity: string }>()("corrupt", "The stored place of long work is not one."),
  AGGREGATE_VALUE_TOO_LARGE: define<{ entity: string; aggregate: string; field: string }>()(
    "limit",
    "A value that an aggregate sums has more than 64 bits.",
  ),
  AGGREGATE_TOO_LARGE: define<{ entity: string; aggregate: string }>()(
    "limit",
    "The aggregate is past the integers that a number holds exactly: sum a bigint field instead.",
  ),
  COUNTER_INVALID: define<{ entity: string; counter: string; reason: string }>()(
    "input",
    "The records have no such counter, or the amount is none.",
  ),
  AGGREGATE_CORRUPT: define<{ entity: string; aggregate: string }>()("corrupt", "An aggregate's value is damaged."),
  INDEX_NOT_READABLE: define<{ entity: string; index: string; status: string }>()(
    "unavailable",
    "The index does not have all of its entries in this tenant yet: build it with `db.migrate`.",
  ),
  AGGREGATE_NOT_READABLE: define<{ entity: string; aggregate: string; status: string }>()(
    "unavailable",
    "The aggregate does not count all records in this tenant yet: build it with `db.migrate`.",
  ),
  RECORD_UNCOUNTED: define<{ entity: string; id: string }>()(
    "conflict",
    "A record cannot be counted by the aggregates of its entity: the cause says why.",
  ),
  ENTITY_UNKNOWN: define<{ entity: string }>()("usage", "The database was opened without this entity.", "entity"),
} as const;
