/** Unreadable records: what was thrown about a record's own bytes, with the name of the record. */
import { type CodedError, type ErrorCode, type ErrorDetails, isTenantryError, tenantryError } from "../errors/index.js";

/** What reading one record may throw for what is stored of it, and for nothing else. */
const codes = [
  "VALUE_CORRUPT",
  "VALUE_FORMAT_UNKNOWN",
  "VALUE_LAYOUT_UNKNOWN",
  "VALUE_VERSION_NEWER",
  "VALUE_SEALED",
  "STORED_RECORD_INVALID",
  "MIGRATION_STEP_FAILED",
] as const satisfies readonly ErrorCode[];

/** An error about a record's own bytes. */
export type RecordError = CodedError<(typeof codes)[number]>;

/** Whether an error is about one record's own bytes, so that others can still be read. */
export const isAboutRecord = (error: unknown): error is RecordError => isTenantryError(error, ...codes);

/** Which of the errors about a row let it be replaced. */
export type MayReplace = (error: unknown) => boolean;

/**
 * Whether an error says that a row is damaged. A layout, a version or a transform that is not known here may be those of
 * another program, whose record it is.
 */
export const isDamage: MayReplace = (error) => isTenantryError(error, "VALUE_CORRUPT", "VALUE_FORMAT_UNKNOWN");

/** The error with the name of the record that it is about. */
export function namingRecord<C extends ErrorCode>(
  error: CodedError<C>,
  name: { readonly entity: string; readonly id: string | undefined },
): Error {
  // The details of each of these codes have room for the name.
  const details = { ...error.details, ...name } as ErrorDetails<C>;
  return tenantryError(error.code, details, { cause: error });
}
