/** Fair shares: the policy that lets tenants' calls run in turn. */
import { tenantryError } from "../errors/index.js";
import {
  fairnessBackgroundDivisor,
  fairnessRowsPerTurn,
  fairnessRunningMax,
  fairnessRunningPerTenantMax,
  fairnessWaitingPerTenantMax,
  fairnessWeightMax,
} from "../limits/index.js";
import { optionNames, takeOptions } from "../options/index.js";
import type { TenantId } from "../tenant/index.js";
import type { CallEnd, CallPolicy, TenantCall } from "../transaction/index.js";
import { FairQueue } from "./fair-queue.js";

/**
 * How a process shares itself out among its tenants.
 *
 * @example
 * ```ts
 * import type { FairnessOptions, TenantId } from "tenantry";
 * declare const paying: ReadonlySet<TenantId>;
 * const fairness: FairnessOptions = { running: 32, runningPerTenant: 8, weightOf: (id) => (paying.has(id) ? 4 : 1) };
 * ```
 */
export interface FairnessOptions {
  /** Calls that run at once in this process, of all tenants together; default `fairnessRunningMax` (32). */
  readonly running?: number | undefined;
  /** Calls of one tenant that run at once; default `fairnessRunningPerTenantMax` (16). */
  readonly runningPerTenant?: number | undefined;
  /** Calls of one tenant that wait; more are refused with `TENANT_BUSY`. Default `fairnessWaitingPerTenantMax` (1,000). */
  readonly waitingPerTenant?: number | undefined;
  /**
   * A tenant's share in relation to others', from 0.000001 to 1,000,000 (`fairnessWeightMax`); 1 unless
   * given. Asked with every call: it has to know the answer at once, and the answer counts from then on.
   */
  readonly weightOf?: ((tenant: TenantId) => number) | undefined;
}

const names = optionNames<FairnessOptions>({
  running: true,
  runningPerTenant: true,
  waitingPerTenant: true,
  weightOf: true,
});

const invalid = (option: string, reason: string): Error =>
  tenantryError("DATABASE_OPTION_INVALID", { option: `fairness.${option}`, reason });

function bound(option: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw invalid(option, "not a whole number from 1");
  return value;
}

/**
 * Lets calls run at once while there is room, and by turns of their tenants when there is not. Calls with the priority
 * `batch` take turns of their own, with a tenth of their tenant's share. A turn costs 1, and 1 more for each
 * `fairnessRowsPerTurn` rows it read.
 *
 * @throws DATABASE_OPTION_INVALID, OPTION_UNKNOWN
 */
export class FairShare implements CallPolicy {
  readonly name = "fairness";
  readonly #queue: FairQueue;
  readonly #waitingPerTenant: number;
  readonly #weightOf: (tenant: TenantId) => number;

  constructor(options: FairnessOptions) {
    const {
      running = fairnessRunningMax,
      runningPerTenant = Math.min(running, fairnessRunningPerTenantMax),
      waitingPerTenant = fairnessWaitingPerTenantMax,
      weightOf = () => 1,
    } = takeOptions(options, names, "fairness");
    this.#waitingPerTenant = bound("waitingPerTenant", waitingPerTenant);
    this.#queue = new FairQueue({
      runningMax: bound("running", running),
      runningPerFlowMax: bound("runningPerTenant", runningPerTenant),
      waitingPerFlowMax: this.#waitingPerTenant,
    });
    this.#weightOf = weightOf;
  }

  /** @throws TENANT_BUSY when too many of the tenant's calls wait already */
  enter({ tenantId, priority, onStop }: TenantCall): CallEnd | Promise<CallEnd> {
    const weight = this.#weightOf(tenantId);
    if (!(weight >= 1 / fairnessWeightMax && weight <= fairnessWeightMax)) {
      throw invalid("weightOf", `gave no number from ${1 / fairnessWeightMax} to ${fairnessWeightMax}`);
    }
    const asked =
      priority === "batch"
        ? this.#queue.ask(`${tenantId} batch`, weight / fairnessBackgroundDivisor)
        : this.#queue.ask(tenantId, weight);
    if (asked === undefined) throw tenantryError("TENANT_BUSY", { waitingPerTenant: this.#waitingPerTenant });
    if ("end" in asked) return ({ rows }) => asked.end(rows / fairnessRowsPerTurn);
    onStop(() => asked.leave());
    return asked.turn.then(
      (turn) =>
        ({ rows }) =>
          turn.end(rows / fairnessRowsPerTurn),
    );
  }
}
