/** The registry of tenants: every one is listed once, however many there are. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { tenantsListedAtOnceMax } from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { collect } from "../repository/shelf.js";

describe("the registry", () => {
  let db: Database;
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [] });
  });
  afterAll(() => db.close());

  test("lists more tenants than it reads at once, each of them once, in the order of their ids", async () => {
    const total = tenantsListedAtOnceMax + 5;
    const ids = await Promise.all(
      Array.from({ length: total }, async (_, n) => (await db.tenants.provision({ name: `tenant ${n}` })).id),
    );
    const listed = await collect(db.tenants.list());
    expect(listed.map(({ id }) => id)).toEqual([...ids].sort());
    const rest = await collect(db.tenants.list({ after: ids.sort()[2] }));
    expect(rest).toHaveLength(total - 3);
    expect(await collect(db.tenants.list({ limit: tenantsListedAtOnceMax + 1 }))).toHaveLength(total - 4);
  });

  test("gives an id to one of those who ask for it at the same time", async () => {
    const id = newTenantId();
    const names = ["a", "b", "c", "d"];
    const answers = await Promise.allSettled(names.map((name) => db.tenants.provision({ name, id })));
    const winners = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    expect(winners).toHaveLength(1);
    expect(await db.tenants.get(id)).toEqual(winners[0]);
    for (const answer of answers) {
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "TENANT_EXISTS", details: {} });
    }
  });

  test("stops a listing whose signal is aborted", async () => {
    await expect(collect(db.tenants.list({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: "TRANSACTION_ABORTED",
    });
  });
});
