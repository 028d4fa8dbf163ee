/** Reads that wait for nothing: no deadline can pass, nothing can end them, and they need no promise. */
import { isAborted } from "../../intrinsics/index.js";
import type { TenantId } from "../../tenant/index.js";
import type { Actor } from "../call/actor.js";
import type { CallTerms } from "../call/call-terms.js";
import type { TransactionHost } from "../host.js";
import type { ReadTransaction } from "../read-transaction.js";
import { emptyTally } from "../run/index.js";
import { Attempt, ReadView } from "../view/index.js";
import { beginReading, readOnly } from "./read-plan.js";

/**
 * Performs a read of the library's own at once and for good, at the newest version, and observes it. Undefined where
 * somebody has to be asked or waited for, where `fn` gives way by returning undefined, or where something is in the way:
 * then it is `perform` that says what.
 */
export function performSync<T>(
  host: TransactionHost,
  tenantId: TenantId,
  fn: (transaction: ReadTransaction) => T | undefined,
  terms: CallTerms,
  actor: Actor,
): T | undefined {
  const { signal, attempts, deadline } = terms;
  if (host.engine.capabilities.readsAtOnce !== true || host.policies.length > 0) return undefined;
  if (signal !== undefined && isAborted(signal)) return undefined;
  if (attempts !== undefined || deadline !== undefined) return undefined;
  host.running.assertAdmitted();
  const engine = beginReading(host, tenantId, terms);
  try {
    const admission = host.gate.admitSync(engine, tenantId);
    if (admission === undefined) return undefined;
    const begun = host.observer.listens ? host.clock.monotonic() : 0;
    const attempt = new Attempt(engine, readOnly);
    let value: T | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      value = fn(new ReadView(attempt, admission.seat.guard, true));
    } catch (error) {
      failure = { error };
    }
    attempt.end();
    if (host.observer.listens && (value !== undefined || failure !== undefined)) {
      const observed = host.observer.begin({ kind: "read", tenantId, terms, actor }, begun);
      if (failure !== undefined) observed?.failed(failure.error);
      const { rows, bytesRead } = attempt;
      observed?.end({ ...emptyTally, attempts: 1, rows, bytesRead });
    }
    if (failure !== undefined) throw failure.error;
    return value;
  } finally {
    engine.cancel();
  }
}
