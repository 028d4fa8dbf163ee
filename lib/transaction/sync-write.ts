/** Writes that wait for nothing but their commit: done in one go, on engines that read at once and tell their outcomes. */
import type { EngineTransaction } from "../engine/index.js";
import { tenantryError } from "../errors/index.js";
import type { TenantId } from "../tenant/index.js";
import { admitWrites } from "./gate.js";
import type { Call, TransactionHost } from "./host.js";
import type { ActingOptions, ReadTransactionOptions } from "./options.js";
import { commitUnknownResult, emptyTally, fdbCodeOf, isRetryable, notCommitted, type Tally } from "./run/index.js";
import { OwnWritePlan, type WriteFunction } from "./tenant-plan.js";
import type { TenantTransaction } from "./tenant-transaction.js";
import { Attempt, TenantView } from "./view/index.js";

/** What an attempt at once came to; undefined where it has to wait for something. */
export type AtOnce<T> = (transaction: TenantTransaction) => { readonly value: T } | undefined;

/** An attempt of a call that is left to its commit. */
interface Committing<T> {
  readonly call: Call;
  readonly begun: number;
  readonly engine: EngineTransaction;
  readonly attempt: Attempt;
  readonly value: T;
  /** The same work as a run would do it. */
  readonly fn: WriteFunction<T>;
}

/**
 * Performs a write of the library's own at once: the first attempt, which `perform` goes on from when it lost to
 * another. Undefined where somebody has to be asked or waited for, where `fn` gives way by returning undefined, or where
 * something is in the way: then it is `perform` that says what. `atOnce` reads first and then writes, since it does not
 * see its own writes.
 */
export function performWriteSync<T>(
  host: TransactionHost,
  tenantId: TenantId,
  atOnce: AtOnce<T>,
  fn: WriteFunction<T>,
  options: ReadTransactionOptions & ActingOptions,
): Promise<T> | undefined {
  const { signal, attempts, deadline, priority } = options;
  const { readsAtOnce, tellsOutcomes } = host.engine.capabilities;
  if (readsAtOnce !== true || tellsOutcomes !== true || host.policies.length > 0 || host.hooks.length > 0) {
    return undefined;
  }
  if (signal?.aborted === true || attempts !== undefined || deadline !== undefined) return undefined;
  try {
    host.running.assertAdmitted();
  } catch (error) {
    return Promise.reject(error);
  }
  const engine = host.begin(tenantId, priority);
  // It need not keep what was read in case a write of its own meets it, nor look there before each read.
  engine.setOption("readYourWritesDisable");
  const call: Call = { kind: "transact", tenantId, options };
  const begun = host.clock.monotonic();
  let attempt: Attempt | undefined;
  try {
    const admission = host.gate.admitSync(engine, tenantId);
    if (admission !== undefined) {
      attempt = new Attempt(engine, { firstWrite: () => admitWrites(admission, engine) });
      const done = atOnce(new TenantView(attempt, admission.seat.guard, admission.states));
      if (done !== undefined) {
        attempt.assertInside();
        attempt.end();
        if (attempt.wrote) admission.seat.slots.sweepIfDue(engine, host.clock.now());
        return committed(host, tenantId, { call, begun, engine, attempt, value: done.value, fn });
      }
    }
    attempt?.end();
    engine.cancel();
    return undefined;
  } catch (error) {
    attempt?.end();
    engine.cancel();
    if (isRetryable(fdbCodeOf(error), false)) return undefined;
    observe(host, call, begun, tallyOf(attempt), error);
    return Promise.reject(error);
  }
}

const tallyOf = (attempt: Attempt | undefined): Tally => {
  const { rows, bytesRead, bytesWritten } = attempt ?? emptyTally;
  return { attempts: 1, conflicts: 0, rows, bytesRead, bytesWritten };
};

function observe(host: TransactionHost, call: Call, begun: number, tally: Tally, failure?: unknown): void {
  if (!host.observer.listens) return;
  const seen = host.observer.begin(call, begun);
  if (failure !== undefined) seen?.failed(failure);
  seen?.end(tally);
}

async function committed<T>(host: TransactionHost, tenantId: TenantId, committing: Committing<T>): Promise<T> {
  const { call, begun, engine, attempt, value, fn } = committing;
  const { running } = host;
  running.beginLone();
  try {
    await host.loneCommits.until(engine.commit());
    observe(host, call, begun, tallyOf(attempt));
    return value;
  } catch (cause) {
    const fdbCode = fdbCodeOf(cause);
    const isUnknown = fdbCode === commitUnknownResult;
    const tally = { ...tallyOf(attempt), conflicts: fdbCode === notCommitted ? 1 : 0 };
    if (!isUnknown && isRetryable(fdbCode, true)) {
      return await host.perform(call, new OwnWritePlan(host, tenantId, fn, call.options), { tally, at: begun });
    }
    const error = isUnknown ? tenantryError("TRANSACTION_OUTCOME_UNKNOWN", { attempts: 1, fdbCode }, { cause }) : cause;
    observe(host, call, begun, tally, error);
    throw error;
  } finally {
    running.endLone();
  }
}
