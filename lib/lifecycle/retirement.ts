/** Retirement: a tenant's end, with time to think again, and the erasure of what it held. */
import { isTenantryError, tenantryError } from "../errors/index.js";
import { retirementGraceLongestMs, retirementGraceMs } from "../limits/index.js";
import { takeOptions } from "../options/index.js";
import {
  type OperatorOptions,
  operatorAct,
  type TenantAct,
  type TenantId,
  type TenantRecord,
} from "../tenant/index.js";
import { controlRows } from "./control-plane.js";
import { type EraseOptions, eraseNames, invalid, type RetireOptions, retireNames } from "./options.js";
import type { Registry } from "./registry.js";

/** The record without what it says of a retirement. */
export function unretired({ eraseAfter, ...record }: TenantRecord): TenantRecord {
  return record;
}

export class Retirement {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  async retire(id: TenantId, options: RetireOptions | undefined): Promise<TenantRecord> {
    const { graceMs = retirementGraceMs, by, reason, signal } = takeOptions(options, retireNames, "retire");
    if (!Number.isSafeInteger(graceMs) || graceMs < 0 || graceMs > retirementGraceLongestMs) {
      throw invalid("graceMs", `not whole milliseconds from 0 to ${retirementGraceLongestMs}`);
    }
    const act = { operation: "retire", by, reason, signal, quota: undefined };
    return await this.#registry.change(id, act, async (record, transaction) => {
      if (record.state === "retired") return record;
      const from = Math.max(await this.#registry.latestTime(transaction), record.createdAt);
      return { ...record, state: "retired", eraseAfter: from + graceMs };
    });
  }

  async erase(id: TenantId, options: EraseOptions | undefined): Promise<TenantRecord> {
    const { withinGrace, by, reason, signal } = takeOptions(options, eraseNames, "erase");
    return await this.#erase(id, { operation: "erase", by, reason, signal, quota: undefined }, withinGrace === true);
  }

  async #erase(id: TenantId, act: TenantAct, withinGrace: boolean): Promise<TenantRecord> {
    const now = this.#registry.clock.now();
    return await this.#registry.change(id, act, (record, transaction) => {
      if (record.state === "erased") return record;
      const { eraseAfter = Number.POSITIVE_INFINITY } = record;
      // A state that does not lead there is told by its move, not by a period it has not.
      if (record.state === "retired" && eraseAfter > now && !withinGrace) {
        throw tenantryError("TENANT_GRACE_UNENDED", { eraseAfter });
      }
      if (record.state === "retired") transaction.clearTenantData(record.id);
      const { incarnation, createdAt, revision } = record;
      return { id: record.id, name: "", state: "erased", incarnation, createdAt, revision };
    });
  }

  /** Erases all retired tenants whose time has come. Each is a transaction of its own: what was left goes on next time. */
  async eraseDue(options: OperatorOptions | undefined): Promise<TenantId[]> {
    const due = operatorAct("eraseDue", options);
    const act = { ...due, operation: "erase" };
    const { control, keys, clock } = this.#registry;
    const erased: TenantId[] = [];
    for await (const [key] of controlRows(control, keys.jobs("erasure", clock.now()), { signal: act.signal })) {
      const id = keys.lastTenant(key);
      if (id === undefined) continue;
      try {
        const { state } = await this.#erase(id, act, false);
        if (state === "erased") erased.push(id);
      } catch (error) {
        if (!isOvertaken(error)) throw error;
      }
    }
    return erased;
  }
}

/** Whether somebody resumed the tenant, or retired it anew, since it was found to be due. */
const isOvertaken = (error: unknown): boolean => isTenantryError(error, "TENANT_MOVE_INVALID", "TENANT_GRACE_UNENDED");
