/** What a request is allowed to work with, found again from the request itself. */
import type { Principal } from "../../access/index.js";
import type { ConnectionLease } from "../../quota/index.js";
import type { TenantContext } from "../../tenant/index.js";
import type { Tenant } from "../../tenant-handle.js";

/**
 * A request's tenant, who asks, and the id that ties together what is logged about it.
 *
 * @example
 * ```ts
 * import type { RequestScope } from "tenantry/http";
 * const line = ({ requestId, context }: RequestScope) => `${requestId} ${context.tenant} ${context.subject}`;
 * ```
 */
export interface RequestScope {
  /** The handle of the tenant, bound to the context. */
  readonly tenant: Tenant;
  readonly context: TenantContext;
  readonly principal: Principal;
  readonly requestId: string;
  /** Aborted when the client is gone before it has the answer: for calls that nobody will wait for any more. */
  readonly signal: AbortSignal;
  /**
   * Counts a connection for as long as the request lasts: as `tenant.quotas.connect()`, and given back when the answer is
   * sent, when the client is gone, in the middle of connecting too, or when it is released. For answers that go on, such
   * as streams of events.
   */
  connect(): Promise<ConnectionLease>;
}
