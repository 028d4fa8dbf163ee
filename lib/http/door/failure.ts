/** Failures: what went wrong in requests through the service's own fault, for its log. */
import type { Principal } from "../../access/index.js";
import { isTenantryError } from "../../errors/index.js";
import type { Logger } from "../../observe/index.js";

/**
 * An error that a request was answered with a 5xx for, whoever threw it: a handler, `authenticate`, or whatever reads
 * bodies. Nothing of it is answered.
 *
 * @example
 * ```ts
 * import type { Failure } from "tenantry/http";
 * const onError = ({ error, status, requestId, principal }: Failure) =>
 *   console.error(requestId, status, principal?.tenant, error);
 * ```
 */
export interface Failure {
  /** What was thrown. */
  readonly error: unknown;
  /** What it is answered with. */
  readonly status: number;
  readonly requestId: string;
  /** Who asked; undefined for a request that has not come in. */
  readonly principal: Principal | undefined;
}

/**
 * Told of failures. What it throws or rejects with changes nothing.
 *
 * @example
 * ```ts
 * import type { OnError } from "tenantry/http";
 * const onError: OnError = ({ requestId, error }) => console.error(requestId, error);
 * ```
 */
export type OnError = (failure: Failure) => void | Promise<void>;

/** Tells somebody who decides nothing, and whose own errors are nobody's. */
export function tell<T>(listener: ((told: T) => unknown) | undefined, told: T): void {
  try {
    Promise.resolve(listener?.(told)).catch(() => {});
  } catch {
    // As above.
  }
}

const consoleError: Pick<Logger, "error"> = { error: (fields, message) => console.error(message, fields) };

/** Writes failures to a log: to the console where the database has none. */
export const logFailures =
  (logger: Pick<Logger, "error"> = consoleError): OnError =>
  ({ error, status, requestId, principal }) =>
    logger.error({ requestId, status, tenant: principal?.tenant, err: error }, "a request failed");

const serverErrors = 500;

/** Whether an answer is a failure of the service: not a call that its own client gave up, nor one of a tenant's too many. */
export const isFailure = (error: unknown, status: number): boolean =>
  status >= serverErrors && !isTenantryError(error, "TRANSACTION_ABORTED", "TENANT_BUSY");
