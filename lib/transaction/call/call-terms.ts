/** The terms of a call, as runners go by them: taken from a caller's options, or the library's own. */
import { tenantryError } from "../../errors/index.js";
import {
  idempotencyKeyBytesMax,
  transactionAttemptsMax,
  transactionDeadlineLongestMs,
  transactionDeadlineMs,
  transactionLabelCharsMax,
} from "../../limits/index.js";
import { optionNames, takeOptions } from "../../options/index.js";
import type { ReadTransactionOptions, TransactionLabel, TransactionOptions, TransactionPriority } from "../options.js";

/** What a call is for; both are there, so that nothing inherited is read in their place. */
export interface CallLabel {
  readonly entity: string | undefined;
  readonly operation: string | undefined;
}

/**
 * How a call is run. All of it is there, so that nothing inherited is read in its place; and nothing in it says who acts
 * or reaches further than the call.
 */
export interface CallTerms {
  readonly signal: AbortSignal | undefined;
  readonly attempts: number | undefined;
  readonly deadline: number | undefined;
  readonly priority: TransactionPriority | undefined;
  readonly idempotencyKey: string | undefined;
  /** What is asked for under the key: the caller's own, to be read once. */
  readonly idempotencyPayload: unknown;
  readonly label: CallLabel;
}

/** The terms of a call of the library's own: `operation` and `entity` are names of the program. */
export const callTerms = (
  operation: string | undefined,
  entity?: string | undefined,
  signal?: AbortSignal | undefined,
): CallTerms => ({
  signal,
  attempts: undefined,
  deadline: undefined,
  priority: undefined,
  idempotencyKey: undefined,
  idempotencyPayload: undefined,
  label: { entity, operation },
});

/** Those of a call of which nothing is said. */
export const noTerms: CallTerms = Object.freeze(callTerms(undefined));

const labelNames = optionNames<TransactionLabel>({ entity: true, operation: true });
const readNames = optionNames<ReadTransactionOptions>({
  signal: true,
  attempts: true,
  deadline: true,
  label: true,
  priority: true,
});
const transactNames = optionNames<TransactionOptions>({
  signal: true,
  attempts: true,
  deadline: true,
  label: true,
  priority: true,
  idempotencyKey: true,
  idempotencyPayload: true,
});

/** The terms that a caller gives for a read. @throws OPTION_UNKNOWN, OPTIONS_INVALID, TRANSACTION_OPTION_INVALID */
export function readTerms(options: ReadTransactionOptions | undefined): CallTerms {
  return options === undefined ? noTerms : termsOf(takeOptions(options, readNames, "read"));
}

/** The terms that a caller gives for a transaction. @throws as `readTerms` */
export function transactTerms(options: TransactionOptions | undefined): CallTerms {
  if (options === undefined) return noTerms;
  return termsOf(takeOptions(options, transactNames, "transact"));
}

const termsOf = ({
  signal,
  attempts,
  deadline,
  priority,
  label,
  idempotencyKey,
  idempotencyPayload,
}: TransactionOptions): CallTerms => ({
  signal,
  attempts,
  deadline,
  priority,
  idempotencyKey,
  idempotencyPayload,
  label: labelOf(label),
});

function labelOf(label: TransactionLabel | undefined): CallLabel {
  if (label === undefined) return noTerms.label;
  const { entity, operation } = takeOptions(label, labelNames, "label");
  return { entity: name("label.entity", entity), operation: name("label.operation", operation) };
}

/** Names as programs have them: what comes from a request cannot make new series of a metric or lines of a log. */
const namePattern = new RegExp(`^[A-Za-z][A-Za-z0-9_.:/-]{0,${transactionLabelCharsMax - 1}}$`);

function name(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && namePattern.test(value)) return value;
  throw invalid(option, `not a letter and up to ${transactionLabelCharsMax - 1} letters, digits or _.:/-`);
}

/** The bounds of one call. */
export interface CallBounds {
  readonly attempts: number;
  readonly deadlineMs: number;
}

/** @throws TRANSACTION_OPTION_INVALID */
export function callBounds(terms: CallTerms): CallBounds {
  const { attempts = transactionAttemptsMax, deadline = transactionDeadlineMs, idempotencyKey, priority } = terms;
  if (!Number.isSafeInteger(attempts) || attempts < 1) throw invalid("attempts", "not a whole number from 1");
  if (!(typeof deadline === "number" && deadline > 0 && deadline <= transactionDeadlineLongestMs)) {
    throw invalid("deadline", `not milliseconds above 0 and up to ${transactionDeadlineLongestMs}`);
  }
  if (priority !== undefined && priority !== "default" && priority !== "batch") {
    throw invalid("priority", "neither `default` nor `batch`");
  }
  if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) {
    throw invalid("idempotencyKey", `not well-formed text of 1 to ${idempotencyKeyBytesMax} bytes`);
  }
  if (terms.idempotencyPayload !== undefined && idempotencyKey === undefined) {
    throw invalid("idempotencyPayload", "given without an idempotencyKey");
  }
  return { attempts, deadlineMs: deadline };
}

const invalid = (option: string, reason: string): Error =>
  tenantryError("TRANSACTION_OPTION_INVALID", { option, reason });

const isIdempotencyKey = (key: unknown): boolean =>
  typeof key === "string" &&
  key.length > 0 &&
  !/\p{Surrogate}/u.test(key) &&
  Buffer.byteLength(key) <= idempotencyKeyBytesMax;
