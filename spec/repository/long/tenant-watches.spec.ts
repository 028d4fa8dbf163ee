/** Watches of one tenant: as many as it may hold, and no fewer for its neighbours. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../../lib/database.js";
import { memory } from "../../../lib/engine/index.js";
import { isTenantryError } from "../../../lib/errors/index.js";
import { watchesMax, watchesPerTenantMax } from "../../../lib/limits/index.js";
import { open } from "../../../lib/open.js";
import { TenantWatches } from "../../../lib/repository/long/tenant-watches.js";
import { newTenantId } from "../../../lib/tenant/index.js";
import type { Tenant } from "../../../lib/tenant-handle.js";
import { runs } from "../../runs.js";
import { Parcel } from "./parcel.js";

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => (isTenantryError(error) ? error.code : error),
  );

describe("a tenant's watches", () => {
  let db: Database;
  const fresh = async (): Promise<Tenant> => db.tenant((await db.tenants.provision({ name: "a" })).id);
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Parcel] });
  });
  afterAll(() => db.close());

  test("are bounded, whatever they watch and whoever holds the handle, and their neighbours' are not", async () => {
    const [tenant, neighbour] = [await fresh(), await fresh()];
    const context = { tenant: tenant.id, subject: "u1", roles: [] };
    const handles = [tenant, db.tenant(tenant.id), db.tenant(tenant.id, { context })];
    const started = Array.from({ length: watchesPerTenantMax }, (_, n) =>
      (handles[n % 3] ?? tenant)
        .repository(Parcel)
        .watch(n % 7)
        [Symbol.asyncIterator](),
    );
    await Promise.all(started.map((states) => states.next()));
    const oneMore = () => tenant.repository(Parcel).watch(1)[Symbol.asyncIterator]();
    const refused = oneMore();
    await expect(refused.next()).rejects.toMatchObject({
      code: "TENANT_WATCHES_TOO_MANY",
      details: { watchesPerTenantMax },
    });
    expect(await refused.next()).toEqual({ value: undefined, done: true });
    // Nothing is held by one that has not begun.
    for (let n = 0; n < 5; n++) tenant.repository(Parcel).watch(1)[Symbol.asyncIterator]();
    const other = neighbour.repository(Parcel).watch(1)[Symbol.asyncIterator]();
    expect(await other.next()).toEqual({ value: undefined, done: false });
    await other.return?.();
    // Each that ends makes room for one, however it ends and however often it is told to.
    await started[0]?.return?.();
    await started[0]?.return?.();
    const stop = new AbortController();
    const stopped = tenant.repository(Parcel).watch(2, { signal: stop.signal })[Symbol.asyncIterator]();
    await stopped.next();
    expect(await codeOf(oneMore().next())).toBe("TENANT_WATCHES_TOO_MANY");
    stop.abort();
    const last = oneMore();
    expect(await last.next()).toEqual({ value: undefined, done: false });
    expect(await codeOf(oneMore().next())).toBe("TENANT_WATCHES_TOO_MANY");
    await Promise.all([...started, last].map((states) => states.return?.()));
    const again = Array.from({ length: 3 }, oneMore);
    await Promise.all(again.map((states) => states.next()));
    await Promise.all(again.map((states) => states.return?.()));
  });

  test("that a signal or the tenant's state refuses are none", async () => {
    const tenant = await fresh();
    const watching = (signal?: AbortSignal) =>
      tenant
        .repository(Parcel)
        .watch(1, signal && { signal })
        [Symbol.asyncIterator]();
    for (let n = 0; n < watchesPerTenantMax + 1; n++) {
      expect(await codeOf(watching(AbortSignal.abort()).next())).toBe("TRANSACTION_ABORTED");
    }
    await db.tenants.suspend(tenant.id);
    expect(await codeOf(watching().next())).toBe("TENANT_UNAVAILABLE");
    await db.tenants.resume(tenant.id);
    const states = watching();
    await states.next();
    await states.return?.();
  });
});

test("what is counted is what is held, for each tenant by itself", () => {
  const tenants = [newTenantId(), newTenantId()];
  const step = fc.record({ tenant: fc.nat(1), ends: fc.boolean(), at: fc.nat(), twice: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 400 }), (steps) => {
      const watches = new TenantWatches();
      const held: [(() => void)[], (() => void)[]] = [[], []];
      for (const { tenant, ends, at, twice } of steps) {
        const own = held[tenant === 0 ? 0 : 1];
        const id = tenants[tenant] ?? expect.unreachable();
        if (ends && own.length > 0) {
          const [giveBack] = own.splice(at % own.length, 1);
          giveBack?.();
          if (twice) giveBack?.();
        } else own.push(watches.take(id));
      }
      for (const [at, own] of held.entries()) {
        const id = tenants[at] ?? expect.unreachable();
        while (own.length < watchesPerTenantMax) own.push(watches.take(id));
        expect(() => watches.take(id)).toThrow(expect.objectContaining({ code: "TENANT_WATCHES_TOO_MANY" }));
      }
    }),
    { numRuns: runs(20) },
  );
  expect(watchesPerTenantMax * 10).toBe(watchesMax);
});
