/** Codes of stored values: what cannot be stored exactly, and stored bytes that cannot be read. */
import { define } from "../definition.js";

export const valueErrors = {
  VALUE_UNSUPPORTED: define<{ path: readonly string[]; reason: string }>()(
    "input",
    "The value cannot be stored and come back equal.",
  ),
  VALUE_CORRUPT: define<{ offset: number; reason: string }>()("corrupt", "The stored value is damaged."),
  VALUE_FORMAT_UNKNOWN: define<{ format: number }>()(
    "corrupt",
    "The stored value has a format this version cannot read.",
  ),
  VALUE_LAYOUT_UNKNOWN: define<{ schemaVersion: number; fingerprint: string }>()(
    "corrupt",
    "The stored record has a layout that this program does not know: it was written under another definition.",
  ),
  VALUE_VERSION_NEWER: define<{ schemaVersion: number; supported: number }>()(
    "corrupt",
    "The record was written by a newer version of its entity: run the program that has this version.",
  ),
  VALUE_SEALED: define()("corrupt", "The stored value is transformed, and was not restored before reading."),
} as const;
