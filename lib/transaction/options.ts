/** Options of transactions, as callers give them, and of the runners. */
import type { Engine } from "../engine/index.js";
import { tenantryError } from "../errors/index.js";
import type { OnViolation } from "../guard/index.js";
import type { Keyspace } from "../keyspace/index.js";
import { drainMs as drainMsDefault, transactionDeadlineLongestMs } from "../limits/index.js";
import type { Clock, Logger, Meter, Random, ServiceLevels, TenantLabels, Tracer } from "../observe/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import type { CallPolicy } from "./policy/call-policy.js";
import type { TransactionHook } from "./policy/hook.js";

/**
 * What a transaction is for, in logs, traces and the audit trail: names from the program, never data. Each is a letter
 * and up to 63 more letters, digits or `_.:/-`.
 *
 * @example
 * ```ts
 * import type { Tenant, TransactionLabel } from "tenantry";
 * declare const tenant: Tenant;
 * const label: TransactionLabel = { operation: "checkout" };
 * await tenant.transact(async () => {}, { label });
 * ```
 */
export interface TransactionLabel {
  readonly entity?: string | undefined;
  readonly operation?: string | undefined;
}

/**
 * How long a call may take, and what it is for.
 *
 * @example
 * ```ts
 * import type { ReadTransactionOptions } from "tenantry";
 * declare const request: { signal: AbortSignal };
 * const options: ReadTransactionOptions = { signal: request.signal, deadline: 2_000 };
 * ```
 */
export interface ReadTransactionOptions {
  /** Aborting rejects with `TRANSACTION_ABORTED`, whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How often the function runs at most; default `transactionAttemptsMax`. */
  readonly attempts?: number | undefined;
  /** Milliseconds from the call within which it has to be done; default `transactionDeadlineMs`. */
  readonly deadline?: number | undefined;
  /** What it is for, in logs, traces and the audit trail. */
  readonly label?: TransactionLabel | undefined;
  /**
   * `batch` for work that nobody waits for: it gives way to other calls of its tenant where `open` was given `fairness`,
   * and to other transactions on a FoundationDB cluster. Default `default`.
   */
  readonly priority?: TransactionPriority | undefined;
}

/**
 * Whether somebody waits for a transaction.
 *
 * @example
 * ```ts
 * import type { Tenant, TransactionPriority } from "tenantry";
 * declare const tenant: Tenant;
 * const priority: TransactionPriority = "batch";
 * await tenant.read(async () => {}, { priority });
 * ```
 */
export type TransactionPriority = "default" | "batch";

/**
 * How long a call may take, what it is for, and how often it may be applied: once in any case, and with an
 * `idempotencyKey` once for all calls that give it.
 *
 * @example
 * ```ts
 * import type { Tenant } from "tenantry";
 * declare const tenant: Tenant;
 * declare const request: { headers: Headers };
 * const receipt = await tenant.transact(
 *   async (tx) => {
 *     tx.afterCommit(() => console.info("charged"));
 *     return { charged: 1_000 };
 *   },
 *   { idempotencyKey: request.headers.get("Idempotency-Key") ?? undefined },
 * );
 * ```
 */
export interface TransactionOptions extends ReadTransactionOptions {
  /**
   * A name for this piece of work, unique within the tenant, and within its subject for a handle with a context: whoever
   * calls again with it, in this process or another, within `idempotencyRetentionMs` (a day), gets the first call's value: the function does not run and
   * nothing is written again. The value is stored with the tenant, so it has to be plain data (what a record's field
   * can hold) of at most `idempotentResultBytesMax` bytes, else `IDEMPOTENT_RESULT_INVALID`. A call that failed or
   * wrote nothing is not remembered.
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * What the work is asked to do, such as the body of the request: plain data of at most `idempotencyPayloadBytesMax`
   * (1,000,000) bytes. A later call with the same key and another payload, or another `label`, is
   * `IDEMPOTENCY_KEY_REUSED`. Only a print of it is stored; the order of an object's fields does not matter.
   */
  readonly idempotencyPayload?: unknown;
}

/** What a database's runners are made of. */
export interface RunnerOptions {
  readonly engine: Engine;
  readonly keyspace: Keyspace;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly logger?: Logger | undefined;
  readonly meter?: Meter | undefined;
  readonly tracer?: Tracer | undefined;
  /** Which tenants metrics tell apart; without it, none. */
  readonly tenantLabels?: TenantLabels | undefined;
  /** Told how each tenant is served. */
  readonly serviceLevels?: ServiceLevels | undefined;
  /** Told of attempts to leave a tenant, at a bounded rate and out of band. */
  readonly onViolation?: OnViolation | undefined;
  /** Policies that join every writing transaction, in this order. */
  readonly hooks?: readonly TransactionHook[] | undefined;
  /** Whether each transaction is tagged with its tenant, so that a cluster can throttle one and not the others. */
  readonly tagged?: boolean | undefined;
  /** Policies that stand in front of every call of a tenant, in this order. */
  readonly policies?: readonly CallPolicy[] | undefined;
}

/**
 * How a database is closed.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * declare const db: Database;
 * process.once("SIGTERM", () => db.close({ drainMs: 10_000 }));
 * ```
 */
export interface CloseOptions {
  /** Milliseconds that running transactions are given to end before they are cancelled; default `drainMs` of limits. */
  readonly drainMs?: number | undefined;
}

const closeNames = optionNames<CloseOptions>({ drainMs: true });

/** The time that running transactions are given. @throws TRANSACTION_OPTION_INVALID, OPTION_UNKNOWN */
export function drainMsOf(options: CloseOptions | undefined): number {
  const { drainMs = drainMsDefault } = takeOptions(options, closeNames, "close");
  if (typeof drainMs === "number" && drainMs >= 0 && drainMs <= transactionDeadlineLongestMs) return drainMs;
  const reason = `not milliseconds from 0 to ${transactionDeadlineLongestMs}`;
  throw tenantryError("TRANSACTION_OPTION_INVALID", { option: "drainMs", reason });
}
