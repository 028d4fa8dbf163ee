/** Health: whether the database answers, asked without naming any tenant. */

import { isTenantryError, tenantryError } from "../../errors/index.js";
import type { ControlKeys } from "../../keyspace/index.js";
import { healthTimeoutMs, transactionDeadlineLongestMs } from "../../limits/index.js";
import type { Clock } from "../../observe/index.js";
import { optionNames, takeOptions } from "../../options/index.js";
import { callTerms } from "../../transaction/index.js";
import type { ControlPlane } from "../control-plane.js";

/**
 * How a database's health is asked for.
 *
 * @example
 * ```ts
 * import type { Database, HealthOptions } from "tenantry";
 * declare const db: Database;
 * const options: HealthOptions = { timeoutMs: 500, write: true };
 * const { status } = await db.health(options);
 * ```
 */
export interface HealthOptions {
  /** Milliseconds after which a database that does not answer is failing; default `healthTimeoutMs` (1,000). */
  readonly timeoutMs?: number | undefined;
  /** Whether a commit has to succeed, too: finds a full disk, and costs a flush. Default false. */
  readonly write?: boolean | undefined;
}

/**
 * What a load balancer or an operator needs to know; it says nothing of any tenant.
 *
 * @example
 * ```ts
 * import type { Database } from "tenantry";
 * declare const db: Database;
 * const report = await db.health({ timeoutMs: 500 });
 * const response = Response.json(report, { status: report.status === "ok" ? 200 : 503 });
 * ```
 */
export interface HealthReport {
  readonly status: "ok" | "failing";
  /** The engine's name. */
  readonly engine: string;
  /** Milliseconds that the answer took. */
  readonly ms: number;
  /** The code of what kept it from answering; undefined when it did. */
  readonly failure: string | undefined;
}

const healthNames = optionNames<HealthOptions>({ timeoutMs: true, write: true });

/** What asks. */
export interface HealthParts {
  readonly control: ControlPlane;
  readonly keys: ControlKeys;
  readonly clock: Clock;
  readonly engine: string;
}

/**
 * Reads one key, and writes it when asked to, within the timeout. Never rejects for a database that is down: that is
 * the answer.
 *
 * @throws `TRANSACTION_OPTION_INVALID` for a timeout that is none, `OPTION_UNKNOWN`.
 */
export async function checkHealth(
  { control, keys, clock, engine }: HealthParts,
  options: HealthOptions | undefined,
): Promise<HealthReport> {
  const { timeoutMs = healthTimeoutMs, write = false } = takeOptions(options, healthNames, "health");
  if (!(timeoutMs > 0 && timeoutMs <= transactionDeadlineLongestMs)) {
    const reason = `not milliseconds above 0 and up to ${transactionDeadlineLongestMs}`;
    throw tenantryError("TRANSACTION_OPTION_INVALID", { option: "timeoutMs", reason });
  }
  const key = keys.metaKey("health");
  const begun = clock.monotonic();
  let failure: string | undefined;
  try {
    await control.system(
      async (transaction) => {
        await transaction.get(key, { snapshot: true });
        if (write) transaction.set(key, new Uint8Array());
      },
      { ...callTerms("health"), deadline: timeoutMs },
    );
  } catch (error) {
    failure = isTenantryError(error) ? error.code : "UNKNOWN";
  }
  return { status: failure === undefined ? "ok" : "failing", engine, ms: clock.monotonic() - begun, failure };
}
