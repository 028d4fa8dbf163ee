/** What an error code is made of: its family, its fixed message and the shape of its details. */

/**
 * What kind of trouble a code stands for. It decides the base class and what may leave a service:
 * - `usage`: the caller's bug; thrown as a `TypeError`
 * - `input`: a value from outside that cannot be taken (a bad id, a record the schema refuses)
 * - `missing`: the thing asked for is not there, or not the caller's
 * - `conflict`: the thing is there, in another state than the caller assumed
 * - `limit`: a stated bound was passed
 * - `quota`: a tenant has used up what it may use
 * - `unauthenticated`: nobody known asks, or not surely enough
 * - `denied`: somebody known asks, and may not
 * - `isolation`: an attempt to leave a tenant
 * - `unavailable`: try again later (engine down, closing, deadline passed)
 * - `corrupt`: stored bytes are not what this program wrote
 *
 * @example
 * ```ts
 * import type { ErrorFamily } from "tenantry";
 * const alarming: readonly ErrorFamily[] = ["isolation", "corrupt"];
 * ```
 */
export type ErrorFamily =
  | "usage"
  | "input"
  | "missing"
  | "conflict"
  | "limit"
  | "quota"
  | "unauthenticated"
  | "denied"
  | "isolation"
  | "unavailable"
  | "corrupt";

declare const detailsOf: unique symbol;

/** A code's family and message; `D` is the type of the `details` an error of that code carries. */
export interface ErrorDefinition<D extends object> {
  readonly family: ErrorFamily;
  readonly message: string;
  /** The details that an error's message tells as well: what the program itself defined or chose, never data. */
  readonly told: readonly string[];
  readonly [detailsOf]?: D;
}

/**
 * Defines a code: `define<{ entity: string }>()("missing", "There is no such record.")`. A `usage` error may tell
 * details in its message.
 */
export const define =
  <D extends object = Record<never, never>>() =>
  <F extends ErrorFamily>(
    family: F,
    message: string,
    ...told: F extends "usage" ? readonly (keyof D & string)[] : readonly []
  ): ErrorDefinition<D> => ({ family, message, told });
