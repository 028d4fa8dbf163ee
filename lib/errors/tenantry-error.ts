/** The error classes every room throws, and how to recognise one. */
import { catalogue, type ErrorCode, type ErrorDetails } from "./catalogue.js";
import type { ErrorFamily } from "./definition.js";
import { beginStack, pauseStacks, resumeStacks } from "./stack.js";
import { copiedDetails } from "./told/copied-details.js";
import { messageOf } from "./told/message.js";

// A registered symbol, so that errors are recognised across duplicate installs of the package.
const brand = Symbol.for("tenantry.error");

/**
 * What all errors of Tenantry have, whichever class they extend.
 *
 * @example
 * ```ts
 * import { type CodedError, isTenantryError } from "tenantry";
 * declare const error: unknown;
 * const coded: CodedError | undefined = isTenantryError(error) ? error : undefined;
 * console.log(coded?.code, coded?.family, coded?.details);
 * ```
 */
export interface CodedError<C extends ErrorCode = ErrorCode> extends Error {
  /** The stable, documented name of what went wrong. */
  readonly code: C;
  /** What kind of trouble it is; see {@link ErrorFamily}. */
  readonly family: ErrorFamily;
  /** The values concerned; its shape follows from `code`. */
  readonly details: ErrorDetails<C>;
}

/**
 * An error as `JSON.stringify` gives it: without its cause.
 *
 * @example
 * ```ts
 * import type { ErrorJson } from "tenantry";
 * declare const text: string;
 * const { code, message, details }: ErrorJson = JSON.parse(text);
 * ```
 */
export interface ErrorJson<C extends ErrorCode = ErrorCode> {
  readonly code: C;
  readonly message: string;
  readonly details: ErrorDetails<C>;
}

const errorJson = <C extends ErrorCode>({ code, message, details }: CodedError<C>): ErrorJson<C> => ({
  code,
  message,
  details,
});

/**
 * Any error that is not the caller's bug. The message is constant per code; what varies is in `details`.
 *
 * @example
 * ```ts
 * import { isTenantryError } from "tenantry";
 * declare const cities: { require(id: number): Promise<object> };
 * try {
 *   await cities.require(1);
 * } catch (error) {
 *   if (isTenantryError(error, "RECORD_NOT_FOUND")) console.log(error.details.entity);
 *   else throw error;
 * }
 * ```
 */
export class TenantryError<C extends ErrorCode = ErrorCode> extends Error implements CodedError<C> {
  readonly code: C;
  readonly details: ErrorDetails<C>;

  constructor(code: C, details: ErrorDetails<C>, options?: ErrorOptions) {
    const own = copiedDetails(details);
    const shown = pauseStacks();
    super(messageOf(code, own), options);
    resumeStacks(shown);
    this.name = "TenantryError";
    this.code = code;
    this.details = own;
    beginStack(this);
  }

  get family(): ErrorFamily {
    return catalogue[this.code].family;
  }

  /** Code, message and details: the cause is for logs and stays behind. */
  toJSON(): ErrorJson<C> {
    return errorJson(this);
  }

  static {
    Object.defineProperty(TenantryError.prototype, brand, { value: true });
  }
}

/**
 * The caller's bug (family `usage`): a `TypeError` with a code and details.
 *
 * @example
 * ```ts
 * import { TenantryTypeError } from "tenantry";
 * declare const error: unknown;
 * if (error instanceof TenantryTypeError) console.error("a bug in this program:", error.code, error.details);
 * ```
 */
export class TenantryTypeError<C extends ErrorCode = ErrorCode> extends TypeError implements CodedError<C> {
  readonly code: C;
  readonly details: ErrorDetails<C>;

  constructor(code: C, details: ErrorDetails<C>, options?: ErrorOptions) {
    const own = copiedDetails(details);
    const shown = pauseStacks();
    super(messageOf(code, own), options);
    resumeStacks(shown);
    this.name = "TenantryTypeError";
    this.code = code;
    this.details = own;
    beginStack(this);
  }

  get family(): ErrorFamily {
    return catalogue[this.code].family;
  }

  /** Code, message and details: the cause is for logs and stays behind. */
  toJSON(): ErrorJson<C> {
    return errorJson(this);
  }

  static {
    Object.defineProperty(TenantryTypeError.prototype, brand, { value: true });
  }
}

/** Makes the error of a code, of the class its family asks for: `throw tenantryError("KEY_TOO_LARGE", { … })`. */
export function tenantryError<C extends ErrorCode>(
  code: C,
  details: ErrorDetails<C>,
  options?: ErrorOptions,
): CodedError<C> {
  return catalogue[code].family === "usage"
    ? new TenantryTypeError(code, details, options)
    : new TenantryError(code, details, options);
}

/**
 * Whether `error` is Tenantry's (and has one of the codes given): narrows `code` and `details`, also across
 * duplicate installs of the package.
 *
 * @example
 * ```ts
 * import { isTenantryError } from "tenantry";
 * declare const error: unknown;
 * if (isTenantryError(error, "KEY_TOO_LARGE")) console.log(error.details.bytes, error.details.keyBytesMax);
 * ```
 */
export function isTenantryError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly C[]
): error is CodedError<C> {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return codes.length === 0 || ("code" in error && (codes as readonly unknown[]).includes(error.code));
}
