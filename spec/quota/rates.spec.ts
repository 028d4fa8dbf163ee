/** Rates: calls, reads and writes of a tenant, bounded for all processes together. */
import { describe, expect, test } from "vitest";
import { errorResponse } from "../../lib/index.js";
import { type Clock, systemClock } from "../../lib/observe/index.js";
import { codeOf } from "../transaction/fixture.js";
import { Note, note, openStage } from "./stage.js";

/** Time that is given by hand: what this process measures. The database's own goes on. */
function handClock(): Clock & { pass(ms: number): void; step(ms: number): void } {
  let monotonic = 0;
  let wall = Date.now();
  return {
    ...systemClock,
    now: () => wall,
    monotonic: () => monotonic,
    pass(ms) {
      monotonic += ms;
      wall += ms;
    },
    step(ms) {
      wall += ms;
    },
  };
}

const plans = {
  ten: { rates: { calls: { perMinute: 10 } } },
  writes: { rates: { writes: { perMinute: 3 } } },
  requests: { rates: { requests: { perMinute: 60, burst: 5 }, jobs: { perSecond: 100 } } },
  zero: { rates: { calls: { perSecond: 0 } } },
  plenty: { rates: { calls: { perSecond: 1_000_000 } } },
  none: {},
};

describe("rates of calls", () => {
  test("hold for all processes together, reads and writes, and say after how long it goes on", async () => {
    await using stage = await openStage(plans);
    const tenant = await stage.tenant("ten");
    const others = [tenant, (await stage.another()).tenant(tenant.id), (await stage.another()).tenant(tenant.id)];
    const codes = await Promise.all(
      Array.from({ length: 30 }, (_, i) => {
        const notes = others[i % 3]?.repository(Note);
        return codeOf(async () => (i % 2 === 0 ? notes?.get(i) : notes?.put(note(i))));
      }),
    );
    expect(codes.filter((code) => code === undefined)).toHaveLength(10);
    const error = await tenant
      .repository(Note)
      .get(1)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "QUOTA_EXCEEDED", details: { resource: "calls", limit: 10 } });
    const { retryAfterMs } = (error as { details: { retryAfterMs: number } }).details;
    expect(retryAfterMs).toBeGreaterThan(3_000);
    expect(retryAfterMs).toBeLessThanOrEqual(6_000);
    const response = errorResponse(error);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1_000)));
    // Another tenant on the plan has its own.
    expect(await codeOf((await stage.tenant("ten")).repository(Note).get(1))).toBeUndefined();
  });

  test("of writes leave reads alone, and a transaction counts once", async () => {
    await using stage = await openStage(plans);
    const tenant = await stage.tenant("writes");
    const notes = tenant.repository(Note);
    await tenant.transact(async (tx) => {
      for (let i = 0; i < 9; i++) await tx.repository(Note).create(note(i));
    });
    await notes.put(note(1));
    await notes.put(note(2));
    expect(await codeOf(notes.put(note(3)))).toBe("QUOTA_EXCEEDED");
    for (let i = 0; i < 9; i++) expect(await notes.get(i)).toBeDefined();
  });

  test("follow the plan at once, and what there is no rate for is not bounded", async () => {
    const clock = handClock();
    await using stage = await openStage(plans, { clock });
    const tenant = await stage.tenant("zero");
    const notes = tenant.repository(Note);
    expect(await codeOf(notes.get(1))).toBe("QUOTA_EXCEEDED");
    await stage.move(tenant, "none");
    // Whoever is refused asks again within a lease's time.
    clock.pass(1_100);
    await tenant.quotas.usage();
    for (let i = 0; i < 50; i++) await notes.get(i);
    await stage.move(tenant, "ten");
    await notes.get(1);
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(notes.get(1))));
    expect(codes.filter((code) => code === undefined).length).toBeLessThanOrEqual(10);
  });

  test("stand still under clocks that are set forwards and back", async () => {
    const clock = handClock();
    await using stage = await openStage(plans, { clock });
    const tenant = await stage.tenant("ten");
    const notes = tenant.repository(Note);
    const before = await Promise.all(Array.from({ length: 12 }, () => codeOf(notes.get(1))));
    expect(before.filter((code) => code === undefined)).toHaveLength(10);
    for (const hours of [1, -2, 24, -48]) {
      clock.step(hours * 3_600_000);
      expect(await codeOf(notes.get(1))).toBe("QUOTA_EXCEEDED");
    }
    // This process's own time runs ahead: it asks the database, whose time has not.
    clock.pass(60_000);
    expect(await codeOf(notes.get(1))).toBe("QUOTA_EXCEEDED");
  });

  test("cost a transaction for many calls, and none for a flood that is refused", async () => {
    const clock = handClock();
    let commits = 0;
    await using stage = await openStage(plans, { clock }, (inner) => ({
      name: inner.name,
      capabilities: inner.capabilities,
      close: () => inner.close(),
      begin() {
        const transaction = inner.begin();
        const commit = transaction.commit.bind(transaction);
        transaction.commit = () => {
          commits++;
          return commit();
        };
        return transaction;
      },
    }));
    const plenty = (await stage.tenant("plenty")).repository(Note);
    for (let i = 0; i < 100; i++) {
      await plenty.get(i);
      clock.pass(10);
    }
    const leases = commits;
    for (let i = 0; i < 500; i++) {
      await plenty.get(i);
      clock.pass(1);
    }
    expect(commits - leases).toBeLessThan(12);
    const ten = (await stage.tenant("ten")).repository(Note);
    for (let i = 0; i < 11; i++) await codeOf(ten.get(1));
    const refused = commits;
    for (let i = 0; i < 500; i++) expect(await codeOf(ten.get(1))).toBe("QUOTA_EXCEEDED");
    expect(commits).toBe(refused);
  });

  test("do not keep an unknown or a read-only tenant from answering as ever", async () => {
    await using stage = await openStage(plans);
    const unknown = stage.db.tenant("3f2b8c1e-9a4d-4e6f-8b1a-0123456789aa" as never).repository(Note);
    expect(await unknown.get(1)).toBeUndefined();
    expect(await codeOf(unknown.put(note(1)))).toBe("TENANT_UNAVAILABLE");
    const tenant = await stage.tenant("ten");
    await tenant.repository(Note).put(note(1));
    await stage.move(tenant, "ten", "readOnly");
    const codes = await Promise.all(Array.from({ length: 30 }, () => codeOf(tenant.repository(Note).get(1))));
    expect(codes.filter((code) => code === undefined).length).toBeLessThanOrEqual(19);
    await stage.move(tenant, "ten", "suspended");
    expect(await codeOf(tenant.repository(Note).get(1))).toMatch(/TENANT_UNAVAILABLE|QUOTA_EXCEEDED/);
  });
});

describe("rates with other names", () => {
  test("are taken when asked, and say how much room is left", async () => {
    await using stage = await openStage(plans);
    const { quotas } = await stage.tenant("requests");
    expect(await quotas.take("requests")).toMatchObject({ limit: 5, remaining: 4 });
    expect((await quotas.take("requests", 3))?.remaining).toBe(1);
    expect(await codeOf(quotas.take("requests", 2))).toBe("QUOTA_EXCEEDED");
    expect((await quotas.take("requests"))?.remaining).toBe(0);
    const { rates } = await quotas.usage();
    expect(rates["requests"]).toMatchObject({ limit: 5, remaining: 0 });
    expect(rates["jobs"]).toMatchObject({ limit: 100 });
    // More than can ever be there: no time helps.
    const never = await quotas.take("requests", 6).catch((thrown: unknown) => thrown);
    expect(never).toMatchObject({ code: "QUOTA_EXCEEDED", details: { retryAfterMs: undefined } });
    expect(errorResponse(never).status).toBe(403);
  });

  test("are refused when they are none, as amounts are", async () => {
    await using stage = await openStage(plans);
    const { quotas } = await stage.tenant("requests");
    for (const rate of ["lost", "constructor", "__proto__"])
      expect(await codeOf(quotas.take(rate))).toBe("QUOTA_UNKNOWN");
    for (const count of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      expect(await codeOf(quotas.take("requests", count))).toBe("QUOTA_AMOUNT_INVALID");
    }
    expect(await (await stage.tenant("none")).quotas.take("requests")).toBeUndefined();
  });
});
