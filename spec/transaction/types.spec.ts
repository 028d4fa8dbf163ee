/** Misuse of transactions does not compile. */
import { expect, test } from "vitest";
import type {
  ReadTransaction,
  SystemTransaction,
  TenantTransaction,
  TransactionRunner,
} from "../../lib/transaction/index.js";

// Compiled by the type check, never run.
function misuse(
  runner: TransactionRunner,
  read: ReadTransaction,
  write: TenantTransaction,
  system: SystemTransaction,
  id: Parameters<TransactionRunner["read"]>[0],
): unknown[] {
  const key = new Uint8Array();
  return [
    // @ts-expect-error a read transaction has no writes
    () => read.set(key, key),
    // @ts-expect-error nor range clears
    () => read.clearRange({ begin: key, end: key }),
    // @ts-expect-error nor does the one that `read` hands out
    () => runner.read(id, async (tx) => tx.atomic("add", key, key)),
    // @ts-expect-error a function that returns no promise could not be awaited
    () => runner.transact(id, () => 1),
    // @ts-expect-error text is no tenant id
    () => runner.transact("11111111-1111-4111-8111-111111111111", async () => 1),
    // @ts-expect-error stamped keys have a method of their own
    () => write.atomic("setVersionstampedKey", key, key),
    // @ts-expect-error a range has both ends
    () => write.getRange({ begin: key }),
    // @ts-expect-error there is no way to the engine's transaction
    () => write.raw,
    // @ts-expect-error nor to another tenant
    () => write.at(id),
    // @ts-expect-error a system transaction is no tenant's
    (): TenantTransaction => system,
    // @ts-expect-error and a runner of tenants has none
    () => runner.system,
  ];
}

test("misuse does not compile", () => {
  expect(misuse).toBeTypeOf("function");
});
