/** All error codes there are: the one map from a code to its family, message and details. */
import { accessErrors } from "./codes/access-errors.js";
import { auditErrors } from "./codes/audit-errors.js";
import { engineErrors } from "./codes/engine-errors.js";
import { optionErrors } from "./codes/option-errors.js";
import { quotaErrors } from "./codes/quota-errors.js";
import { recordErrors } from "./codes/record-errors.js";
import { schemaErrors } from "./codes/schema-errors.js";
import { tenantErrors } from "./codes/tenant-errors.js";
import { transactionErrors } from "./codes/transaction-errors.js";
import { tupleErrors } from "./codes/tuple-errors.js";
import { valueErrors } from "./codes/value-errors.js";
import type { ErrorDefinition } from "./definition.js";

export const catalogue = {
  ...optionErrors,
  ...tupleErrors,
  ...engineErrors,
  ...tenantErrors,
  ...transactionErrors,
  ...recordErrors,
  ...schemaErrors,
  ...valueErrors,
  ...accessErrors,
  ...quotaErrors,
  ...auditErrors,
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
