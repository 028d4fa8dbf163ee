/** All error codes there are: the one map from a code to its family, message and details. */
import type { ErrorDefinition } from "./definition.js";
import { engineErrors } from "./engine-errors.js";
import { recordErrors } from "./record-errors.js";
import { schemaErrors } from "./schema-errors.js";
import { tenantErrors } from "./tenant-errors.js";
import { transactionErrors } from "./transaction-errors.js";
import { tupleErrors } from "./tuple-errors.js";
import { valueErrors } from "./value-errors.js";

export const catalogue = {
  ...tupleErrors,
  ...engineErrors,
  ...tenantErrors,
  ...transactionErrors,
  ...recordErrors,
  ...schemaErrors,
  ...valueErrors,
} as const;

/**
 * Every code a Tenantry error can have; each has a heading in `docs/reference/errors.md`.
 *
 * @example
 * ```ts
 * import type { ErrorCode } from "tenantry";
 * const retryable: readonly ErrorCode[] = ["TRANSACTION_ATTEMPTS_EXHAUSTED", "DATABASE_CLOSED"];
 * ```
 */
export type ErrorCode = keyof typeof catalogue;

/**
 * The shape of `details` of an error with the code `C`.
 *
 * @example
 * ```ts
 * import type { ErrorDetails } from "tenantry";
 * const title = ({ entity, id }: ErrorDetails<"RECORD_NOT_FOUND">) => `${entity} ${id} is not there`;
 * ```
 */
export type ErrorDetails<C extends ErrorCode> = {
  [K in C]: (typeof catalogue)[K] extends ErrorDefinition<infer D> ? Readonly<D> : never;
}[C];
