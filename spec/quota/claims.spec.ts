/** Claims: things used by name, each once. */
import { describe, expect, test } from "vitest";
import { codeOf } from "../transaction/fixture.js";
import { Note, note, openStage, usedOf } from "./stage.js";

const plans = { three: { resources: { seats: 3 } } };

describe("claims", () => {
  test("count each name once, up to the limit, from any process, and can be released", async () => {
    await using stage = await openStage(plans);
    const [tenant, other] = [await stage.tenant("three"), await stage.tenant("three")];
    const seats = tenant.quotas.claims("seats");
    const elsewhere = (await stage.another()).tenant(tenant.id).quotas.claims("seats");
    expect(await seats.claim("ada")).toBe(true);
    expect(await elsewhere.claim("ada")).toBe(false);
    const same = await Promise.all([seats, elsewhere, seats].map((claims) => claims.claim("bob")));
    expect(same.filter(Boolean)).toHaveLength(1);
    expect(await elsewhere.claim("cy\0c/l\xff")).toBe(true);
    expect(await codeOf(seats.claim("dora"))).toBe("QUOTA_EXCEEDED");
    expect(await seats.claim("bob")).toBe(false);
    expect(await seats.release("ada")).toBe(true);
    expect(await seats.release("ada")).toBe(false);
    expect(await seats.claim("dora")).toBe(true);
    expect([await seats.has("ada"), await elsewhere.has("dora")]).toEqual([false, true]);
    expect(await seats.list()).toEqual(["bob", "cy\0c/l\xff", "dora"]);
    expect(await seats.list({ after: "bob", limit: 1 })).toEqual(["cy\0c/l\xff"]);
    expect(await other.quotas.claims("seats").list()).toEqual([]);
    expect(usedOf(await tenant.quotas.usage(), "seats")).toBe(3);
    expect(usedOf(await other.quotas.usage(), "seats")).toBe(0);
  });

  test("in a transaction stand or fall with it, also several at once", async () => {
    await using stage = await openStage(plans);
    const tenant = await stage.tenant("three");
    const seats = tenant.quotas.claims("seats");
    await tenant.transact(async (tx) => {
      const claims = tx.claims("seats");
      const answers = await Promise.all([claims.claim("a"), claims.claim("b"), claims.claim("a"), claims.has("b")]);
      expect(answers).toEqual([true, true, false, true]);
      await tx.repository(Note).create(note(1));
    });
    const failed = tenant.transact(async (tx) => {
      await tx.repository(Note).create(note(2));
      await Promise.all([tx.claims("seats").claim("c"), tx.claims("seats").claim("d")]);
    });
    expect(await codeOf(failed)).toBe("QUOTA_EXCEEDED");
    expect(await seats.list()).toEqual(["a", "b"]);
    expect(await tenant.repository(Note).count()).toBe(1);
    expect((await stage.db.quotas.recount(tenant.id)).every(({ drift }) => drift === 0)).toBe(true);
  });

  test("are refused under names that are none, of resources that are none, and in tenants that are none", async () => {
    await using stage = await openStage(plans);
    const tenant = await stage.tenant("three");
    const seats = tenant.quotas.claims("seats");
    for (const name of ["", "\ud800", "x".repeat(256), 7 as never]) {
      expect(await codeOf(seats.claim(name))).toBe("QUOTA_CLAIM_INVALID");
    }
    for (const resource of ["rooms", "constructor", "storageBytes", undefined as never]) {
      expect(await codeOf(() => tenant.quotas.claims(resource))).toBe("QUOTA_UNKNOWN");
    }
    expect(await codeOf(seats.list({ limit: Number.NaN }))).toBe("QUOTA_AMOUNT_INVALID");
    const unknown = stage.db.tenant("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa" as never);
    expect(await codeOf(unknown.quotas.claims("seats").claim("a"))).toBe("TENANT_UNAVAILABLE");
  });
});
