/** More than one transaction can write is an error that says so, and writes nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Database, entity, memory, open, type Tenant } from "../../lib/index.js";
import { transactionBytesMax } from "../../lib/limits/index.js";

const Blob = entity("blob", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string() }),
  id: ["id"],
});
const megabyte = "x".repeat(999_000);
const blobs = (count: number) => Array.from({ length: count }, (_, id) => ({ id, text: megabyte }));
const tooLarge = { code: "TRANSACTION_TOO_LARGE", family: "limit" };

describe("more than a transaction can write", () => {
  let db: Database;
  let tenant: Tenant;
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Blob] });
    tenant = db.tenant((await db.tenants.provision({ name: "x" })).id);
  });
  afterAll(() => db.close());

  test.each(["createMany", "putMany"] as const)("%s says how much it is", async (method) => {
    const all = tenant.repository(Blob);
    await expect(all[method](blobs(11))).rejects.toMatchObject({
      ...tooLarge,
      details: { bytes: expect.any(Number), transactionBytesMax },
    });
    expect(await all.count()).toBe(0);
    expect(await all[method](blobs(9))).toHaveLength(9);
    await all.deleteMany(blobs(9).map(({ id }) => id));
  });

  test("in one transaction says so at the write that is too many, which writes nothing", async () => {
    const stored = await tenant.transact(async (tx) => {
      const all = tx.repository(Blob);
      await all.createMany(blobs(9));
      await expect(
        all.createMany([
          { id: 20, text: "small" },
          { id: 21, text: megabyte },
          { id: 22, text: megabyte },
        ]),
      ).rejects.toMatchObject(tooLarge);
      return await all.count();
    });
    expect(stored).toBe(9);
    expect(await tenant.repository(Blob).count()).toBe(9);
    await tenant.repository(Blob).deleteMany(blobs(9).map(({ id }) => id));
  });

  test("that only the engine can tell has the same name", async () => {
    const ids = Array.from({ length: 1_000 }, (_, id) => ({ id: 1_000 + id, text: "x".repeat(9_930) }));
    const failed = await tenant
      .repository(Blob)
      .createMany(ids)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({
      ...tooLarge,
      cause: { code: "ENGINE", fdbCode: 2101 },
      details: { bytes: undefined },
    });
    expect(await tenant.repository(Blob).count()).toBe(0);
  });
});
