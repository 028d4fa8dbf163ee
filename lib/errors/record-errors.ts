/** Codes of entities, records, queries and repositories. */
import { define } from "./definition.js";

export const recordErrors = {
  RECORD_NOT_FOUND: define<{ entity: string; id: string }>()("missing", "There is no such record."),
} as const;
