/** The hooks of one attempt, each with its view of its own subspace. */
import type { TenantGuard } from "../../guard/index.js";
import { subspacePrefix } from "../../keyspace/index.js";
import type { TenantContext, TenantRecord } from "../../tenant/index.js";
import type { CallLabel } from "../call/call-terms.js";
import { type Operation, perform, performAtOnce } from "../operation.js";
import type { HookScope, RecordChange, TransactionHook } from "../policy/hook.js";
import type { Attempt } from "./attempt.js";
import { TenantView } from "./tenant-view.js";

/** What hooks join. */
export interface HookedAttempt {
  readonly tenant: TenantRecord;
  readonly attempt: Attempt;
  readonly guard: TenantGuard;
  /** The guard of the tenant's audit trail. */
  readonly trail: () => TenantGuard;
  readonly context: TenantContext | undefined;
  readonly operator: string | undefined;
  readonly label: CallLabel;
}

const isOperation = (joining: void | Promise<void> | Operation<void>): joining is Operation<void> =>
  typeof joining === "object" && Symbol.iterator in joining;

/** Calls hooks in their order. */
export class HookChain {
  readonly #links: readonly { readonly hook: TransactionHook; readonly scope: HookScope }[];
  readonly #changes: RecordChange[] = [];
  readonly #attempt: Attempt;

  constructor(hooks: readonly TransactionHook[], hooked: HookedAttempt) {
    const { tenant, attempt, guard, trail, context, operator, label } = hooked;
    this.#attempt = attempt;
    this.#links = hooks.map((hook) => ({
      hook,
      scope: {
        tenant,
        context,
        operator,
        label,
        transaction: new TenantView(attempt, guard.within(subspacePrefix(hook.subspace))),
        trail: hook.trail === true ? new TenantView(attempt, trail()) : undefined,
      },
    }));
  }

  change(change: RecordChange): void {
    this.#changes.push(change);
    for (const { hook, scope } of this.#links) hook.change?.(scope, change);
  }

  async beforeCommit(): Promise<void> {
    for (const { hook, scope } of this.#links) {
      const joining = hook.beforeCommit?.(scope, this.#changes);
      const work = isOperation(joining) ? perform(scope.transaction, joining) : Promise.resolve(joining);
      await this.#attempt.awaited(work);
    }
  }

  /** As `beforeCommit`, at once; false where a hook has to wait for something. */
  beforeCommitAtOnce(): boolean {
    return this.#links.every(({ hook, scope }) => {
      const joining = hook.beforeCommit?.(scope, this.#changes);
      if (isOperation(joining)) return performAtOnce(scope.transaction, joining) !== undefined;
      // What it does goes for nothing, and so does what becomes of it.
      joining?.catch(() => {});
      return joining === undefined;
    });
  }
}
