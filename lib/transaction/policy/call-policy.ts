/** The call port: how rate limits, fairness and sight stand in front of every call of a tenant, outside its transaction. */
import type { TenantContext, TenantId, TenantRecord } from "../../tenant/index.js";
import type { CallLabel } from "../call/call-terms.js";
import type { TransactionPriority } from "../options.js";
import { emptyTally, type Tally } from "../run/index.js";

/** A call that asks to be let in: a transaction with all its attempts, or one step of a scan. */
export interface TenantCall {
  readonly kind: "transact" | "read";
  readonly tenantId: TenantId;
  /** The tenant as this process's last transaction there saw it; undefined for one it has not met, or that is unknown. */
  readonly tenant: TenantRecord | undefined;
  /** Undefined for a handle that acts for nobody in particular. */
  readonly context: TenantContext | undefined;
  readonly label: CallLabel;
  readonly priority: TransactionPriority;
  /**
   * Whoever makes the call wait gives a function that takes it out of the queue: it is called when the call's deadline
   * passes, its signal aborts it or the database closes. A call that is let in after that is ended at once.
   */
  readonly onStop: (leave: () => void) => void;
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
   * Lets a call in: at once, or when the promise resolves. Throwing refuses it: nothing was read or written.
   */
  enter(call: TenantCall): CallEnd | undefined | Promise<CallEnd | undefined>;
}

/** A call's report. Field by field: spreading the tally and adding to it leaves half a kilobyte that outlives the call. */
export const reportOf = (
  { attempts, conflicts, rows, bytesRead, bytesWritten }: Tally,
  ms: number,
  failure: string | undefined,
): CallReport => ({ attempts, conflicts, rows, bytesRead, bytesWritten, ms, failure });

/** What those that let a call in are told when it was refused after all. */
const refusal = reportOf(emptyTally, 0, "refused");

/** Tells of the end of a call that never ran. */
export function endRefused(ends: readonly CallEnd[]): void {
  for (const end of ends) end(refusal);
}

/**
 * Asks the policies for a call; the ends of those that let it in, last first: at once when nobody has to wait. When one
 * refuses, those before it are told.
 */
export function enterAll(
  policies: readonly CallPolicy[],
  call: TenantCall,
): readonly CallEnd[] | Promise<readonly CallEnd[]> {
  const ends: CallEnd[] = [];
  const enterFrom = (first: number): readonly CallEnd[] | Promise<readonly CallEnd[]> => {
    for (let at = first; at < policies.length; at++) {
      const answer = policies[at]?.enter(call);
      if (answer instanceof Promise) {
        return answer.then((end) => {
          if (end !== undefined) ends.unshift(end);
          return enterFrom(at + 1);
        });
      }
      if (answer !== undefined) ends.unshift(answer);
    }
    return ends;
  };
  const refuse = (error: unknown): never => {
    endRefused(ends);
    throw error;
  };
  try {
    const entered = enterFrom(0);
    return entered instanceof Promise ? entered.catch(refuse) : entered;
  } catch (error) {
    return refuse(error);
  }
}
