/** The hook ports: how quotas, audit, feed and the like join a caller's transaction without reaching past their own. */
import type { Subspace } from "../../keyspace/index.js";
import type { TenantContext, TenantRecord } from "../../tenant/index.js";
import type { CallLabel } from "../call/call-terms.js";
import type { Operation } from "../operation.js";
import type { TenantTransaction } from "../tenant-transaction.js";

/** One record's change, as a repository announces it; or a member's or a session's. */
export interface RecordChange {
  /** The name of an entity; `#members` and `#sessions`, which none can have, for these. */
  readonly entity: string;
  /** The packed id, the bytes after the entity's prefix. */
  readonly id: Uint8Array;
  readonly kind: "create" | "update" | "delete";
  /** The stored record before; undefined for a create. */
  readonly before: unknown;
  /** The stored record after; undefined for a delete. */
  readonly after: unknown;
  /** Bytes of the record's keys and values before and after, indexes left out. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Whether a change is one of an entity's records, which plans count. */
export const isOfEntity = ({ entity }: RecordChange): boolean => !entity.startsWith("#");

/** What a hook may touch: the caller's transaction, seen through the hook's own subspace alone. */
export interface HookScope {
  /** The tenant as the transaction's gate saw it. */
  readonly tenant: TenantRecord;
  /** On whose behalf; undefined for a handle that acts for nobody in particular. */
  readonly context: TenantContext | undefined;
  /** The operator who acts, where one does. */
  readonly operator: string | undefined;
  /** What the transaction is for; undefined parts where the caller does not say. */
  readonly label: CallLabel;
  /** Keys are relative to the hook's subspace of the tenant. */
  readonly transaction: TenantTransaction;
  /**
   * For a hook that asks for the `trail`: keys are relative to the audit trail of the tenant's present incarnation, which
   * lies in the control plane and outlives the tenant's erasure.
   */
  readonly trail: TenantTransaction | undefined;
}

/**
 * A policy that takes part in every writing transaction of a tenant, once per attempt. Throwing refuses the
 * transaction: nothing is written and the caller gets the error.
 */
export interface TransactionHook {
  /** For errors and logs. */
  readonly name: string;
  /** The tenant's subspace that the hook reaches. */
  readonly subspace: Subspace;
  /** Whether it reaches the tenant's audit trail as well; default false. */
  readonly trail?: boolean | undefined;
  /** Called as soon as a record's change is announced. */
  change?(scope: HookScope, change: RecordChange): void;
  /**
   * Called after the caller's function returned and before the commit, in the order the hooks were given. An operation,
   * which reads nothing that was written before it, can join what is done at once.
   */
  beforeCommit?(scope: HookScope, changes: readonly RecordChange[]): void | Promise<void> | Operation<void>;
}
