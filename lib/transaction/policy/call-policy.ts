/** The call port: how rate limits, fairness and sight stand in front of every call of a tenant, outside its transaction. */
import type { TenantContext, TenantId } from "../../tenant/index.js";
import type { TransactionLabel } from "../options.js";
import { emptyTally, type Tally } from "../run/index.js";

/** A call that asks to be let in: a transaction with all its attempts, or one step of a scan. */
export interface TenantCall {
  readonly kind: "transact" | "read";
  readonly tenantId: TenantId;
  /** Undefined for a handle that acts for nobody in particular. */
  readonly context: TenantContext | undefined;
  readonly label: TransactionLabel;
  readonly signal: AbortSignal | undefined;
}

/** What a call came to. */
export interface CallReport extends Tally {
  /** Milliseconds from its admission to its end. */
  readonly ms: number;
  /** The code of its error; undefined when it succeeded. */
  readonly failure: string | undefined;
}

/** Told once when the call it was given for has ended. Throws nothing. */
export type CallEnd = (report: CallReport) => void;

/**
 * Stands in front of every call of a tenant. The runner asks all policies in the order they were given and ends those
 * that let the call in, last first, whatever becomes of it.
 */
export interface CallPolicy {
  /** For errors and logs. */
  readonly name: string;
  /**
   * Lets a call in: at once, or when the promise resolves. Throwing refuses it: nothing was read or written. Whoever
   * waits heeds the call's `signal`.
   */
  enter(call: TenantCall): CallEnd | undefined | Promise<CallEnd | undefined>;
}

/** Asks the policies for a call; the ends of those that let it in. Ends them itself when one refuses. */
export async function enterAll(policies: readonly CallPolicy[], call: TenantCall): Promise<readonly CallEnd[]> {
  const ends: CallEnd[] = [];
  try {
    for (const policy of policies) {
      const answer = policy.enter(call);
      const end = answer instanceof Promise ? await answer : answer;
      if (end !== undefined) ends.unshift(end);
    }
  } catch (error) {
    for (const end of ends) end({ ...emptyTally, ms: 0, failure: "refused" });
    throw error;
  }
  return ends;
}
