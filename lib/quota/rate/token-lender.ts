/** The token lender: leases tokens from the bucket that is stored with the tenant, shared by all processes. */
import { isTenantryError } from "../../errors/index.js";
import type { Clock } from "../../observe/index.js";
import type { TenantRecord } from "../../tenant/index.js";
import type { TenantTransaction } from "../../transaction/index.js";
import { databaseTime } from "../database-time.js";
import { UsageKeys } from "../usage/resource.js";
import { type Bucket, decodeBucket, drawn, encodeBucket, refilled, restored } from "./bucket.js";
import type { Leased, LeaseTokens } from "./token-desk.js";

/** Runs one transaction of a tenant. */
export type LenderTransact = <T>(
  fn: (transaction: TenantTransaction, tenant: TenantRecord | undefined) => Promise<T>,
) => Promise<T>;

/**
 * Leases tokens of one rate of one tenant: one get and one set. While the tenant takes no writes, from a bucket that
 * this process has for itself.
 */
export function tokenLender(name: string, transact: LenderTransact, clock: Clock): LeaseTokens {
  const key = UsageKeys.ofTenant.rate(name);
  let own: Bucket | undefined;
  return async (rate, returned, needed, wanted): Promise<Leased> => {
    const draw = (bucket: Bucket | undefined, now: number) =>
      drawn(restored(refilled(bucket, rate, now), rate, returned), rate, needed, wanted);
    try {
      const { bucket, tokens, waitMs } = await transact(async (transaction) => {
        const row = await transaction.get(key);
        const now = await databaseTime(transaction);
        const drawing = draw(row === undefined ? undefined : decodeBucket(row), now);
        transaction.set(key, encodeBucket(drawing.bucket));
        return drawing;
      });
      return { tokens, waitMs, left: Math.floor(bucket.tokens) };
    } catch (error) {
      if (!isTenantryError(error, "TENANT_UNAVAILABLE")) throw error;
      const { bucket, tokens, waitMs } = draw(own, clock.monotonic());
      own = bucket;
      return { tokens, waitMs, left: Math.floor(bucket.tokens) };
    }
  };
}
