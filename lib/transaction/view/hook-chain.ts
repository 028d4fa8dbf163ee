/** The hooks of one attempt, each with its view of its own subspace. */
import type { TenantGuard } from "../../guard/index.js";
import { subspacePrefix } from "../../keyspace/index.js";
import type { TenantRecord } from "../../tenant/index.js";
import type { HookScope, RecordChange, TransactionHook } from "../hook.js";
import type { Attempt } from "./attempt.js";
import { TenantView } from "./tenant-view.js";

/** What hooks join. */
export interface HookedAttempt {
  readonly tenant: TenantRecord;
  readonly attempt: Attempt;
  readonly guard: TenantGuard;
}

/** Calls hooks in their order. */
export class HookChain {
  readonly #links: readonly { readonly hook: TransactionHook; readonly scope: HookScope }[];
  readonly #changes: RecordChange[] = [];
  readonly #attempt: Attempt;

  constructor(hooks: readonly TransactionHook[], { tenant, attempt, guard }: HookedAttempt) {
    this.#attempt = attempt;
    this.#links = hooks.map((hook) => ({
      hook,
      scope: { tenant, transaction: new TenantView(attempt, guard.within(subspacePrefix(hook.subspace))) },
    }));
  }

  change(change: RecordChange): void {
    this.#changes.push(change);
    for (const { hook, scope } of this.#links) hook.change?.(scope, change);
  }

  async beforeCommit(): Promise<void> {
    for (const { hook, scope } of this.#links) {
      await this.#attempt.awaited(Promise.resolve(hook.beforeCommit?.(scope, this.#changes)));
    }
  }
}
