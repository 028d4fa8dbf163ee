/** Codes of stored values: what cannot be stored exactly, and stored bytes that cannot be read. */
import { define } from "../definition.js";

/** Which stored record an error is about, where that is known. */
export interface RecordName {
  readonly entity?: string | undefined;
  /** Its id, as `formatId` writes it. */
  readonly id?: string | undefined;
}

export const valueErrors = {
  VALUE_UNSUPPORTED: define<{ path: readonly string[]; reason: string }>()(
    "input",
    "The value cannot be stored and come back equal.",
  ),
  VALUE_CORRUPT: define<{ offset: number; reason: string } & RecordName>()("corrupt", "The stored value is damaged."),
  VALUE_FORMAT_UNKNOWN: define<{ format: number } & RecordName>()(
    "corrupt",
    "The stored value has a format this version cannot read.",
  ),
  VALUE_LAYOUT_UNKNOWN: define<{ schemaVersion: number; fingerprint: string } & RecordName>()(
    "corrupt",
    "The stored record has a layout that this program does not know: it was written under another definition.",
  ),
  VALUE_VERSION_NEWER: define<{ schemaVersion: number; supported: number } & RecordName>()(
    "corrupt",
    "The record was written by a newer version of its entity: run the program that has this version.",
  ),
  VALUE_SEALED: define<RecordName>()(
    "corrupt",
    "The stored value is transformed, and was not restored before reading.",
  ),
} as const;
