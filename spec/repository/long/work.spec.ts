/** Long work: every record of a range once, batch by batch, and on from where it ended. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../../lib/database.js";
import { memory, openEngine } from "../../../lib/engine/index.js";
import { open } from "../../../lib/open.js";
import type { WorkProgress } from "../../../lib/repository/index.js";
import { parseTenantId, tenantIdBytes } from "../../../lib/tenant/index.js";
import type { Tenant } from "../../../lib/tenant-handle.js";
import { concatBytes, pack, unpack, uuid } from "../../../lib/tuple/index.js";
import { collect } from "../shelf.js";
import { fill, hit, Parcel } from "./parcel.js";

let db: Database;
let skewMs = 0;
beforeAll(async () => {
  db = await open({
    engine: memory(),
    entities: [Parcel],
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now() + skewMs,
      after: (ms, fn) => {
        const timer = setTimeout(fn, ms);
        return () => clearTimeout(timer);
      },
    },
  });
});
afterAll(() => db.close());

const fresh = async (): Promise<Tenant> => db.tenant((await db.tenants.provision({ name: "parcels" })).id);

describe("transform", () => {
  test("changes every record of a range once, in several batches, and tells after each", async () => {
    const parcels = await fill(await fresh(), 1_200);
    const told: WorkProgress[] = [];
    const progress = await parcels.transform({ from: 100 }, hit, { onProgress: (now) => void told.push(now) });
    expect(progress).toEqual({ examined: 1_100, changed: 1_100, done: true });
    expect(told.length).toBeGreaterThan(2);
    expect(told.at(-1)).toEqual(progress);
    expect(told.map(({ examined }) => examined)).toEqual(
      told.map(({ examined }) => examined).toSorted((a, b) => a - b),
    );
    for await (const { id, hits } of parcels.scan()) expect(hits).toBe(id < 100 ? 0 : 1);
    expect(await parcels.verify()).toEqual([]);
  });

  test("leaves unwritten what it is not asked to change, also when the function spoils its record", async () => {
    const parcels = await fill(await fresh(), 30);
    const spoil = (parcel: Parcel) => {
      if (parcel.id % 3 === 0) return { ...parcel };
      const after = parcel.id % 3 === 1 ? undefined : hit(parcel);
      parcel.noise = Number.NaN;
      return after;
    };
    expect(await parcels.transform({ reverse: true }, spoil)).toEqual({ examined: 30, changed: 10, done: true });
    const revisions = await Promise.all(Array.from({ length: 30 }, (_, id) => parcels.entry(id)));
    expect(revisions.map((entry) => entry?.revision)).toEqual(revisions.map((_, id) => (id % 3 === 2 ? 2 : 1)));
    expect(await parcels.verify()).toEqual([]);
  });

  test("may move records out of the range of an index, or behind, but not further on", async () => {
    const parcels = await fill(await fresh(), 700);
    const paid = await parcels.transform({ index: "byState", equals: "open" }, (parcel) => ({
      ...hit(parcel),
      state: "paid",
    }));
    expect(paid).toEqual({ examined: 700, changed: 700, done: true });
    const down = await parcels.transform({ index: "byHitsDown" }, hit);
    expect(down).toEqual({ examined: 700, changed: 700, done: true });
    const reversed = await parcels.transform({ index: "byHits", reverse: true }, hit);
    expect(reversed).toEqual({ examined: 700, changed: 700, done: true });
    for (const query of [{ index: "byHits" }, { index: "byHitsDown", reverse: true }] as const) {
      await expect(parcels.transform(query, hit)).rejects.toMatchObject({
        code: "WORK_MOVES_RECORD",
        details: { entity: "parcel", index: query.index },
      });
    }
    expect(await parcels.transform({ index: "byHits", equals: 3 }, hit)).toMatchObject({ changed: 700 });
    for await (const { hits } of parcels.scan()) expect(hits).toBe(4);
    expect(await parcels.verify()).toEqual([]);
  });

  test("takes fewer records at once when a transaction would be too large", async () => {
    const parcels = await fill(await fresh(), 400);
    const weight = "x".repeat(60_000);
    let most = 0;
    let before = 0;
    await parcels.transform({}, (parcel) => ({ ...hit(parcel), weight }), {
      onProgress: ({ examined }) => {
        most = Math.max(most, examined - before);
        before = examined;
      },
    });
    expect(most).toBeLessThan(170);
    for await (const batch of parcels.scan().batches()) for (const { hits } of batch) expect(hits).toBe(1);
  });

  test("takes few large records at once, and finds the next after them", async () => {
    const parcels = await fill(await fresh(), 12, (id) => ({ weight: "x".repeat(id % 2 === 0 ? 600_000 : 10) }));
    const told: number[] = [];
    for (const query of [{}, { index: "byState", reverse: true }] as const) {
      told.length = 0;
      await parcels.transform(query, hit, { onProgress: ({ examined }) => void told.push(examined) });
      expect(told.length).toBeGreaterThanOrEqual(3);
      expect(told.at(-1)).toBe(12);
    }
    for await (const { id, hits, weight } of parcels.scan()) {
      expect([hits, weight.length]).toEqual([2, id % 2 === 0 ? 600_000 : 10]);
    }
    expect(await parcels.verify()).toEqual([]);
  });

  test("that fails keeps the batches before, and goes on from there under its name", async () => {
    const tenant = await fresh();
    const parcels = await fill(tenant, 1_000);
    const failing = (parcel: Parcel) => {
      if (parcel.id === 600) throw new RangeError("no");
      return hit(parcel);
    };
    await expect(parcels.transform({}, failing, { name: "hit" })).rejects.toThrow(RangeError);
    const { count } = await parcels.count({ index: "byHits", equals: 1, max: 1_000 });
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(600);
    const invalid = parcels.transform({}, (parcel) => ({ ...parcel, hits: 0.5 }), { name: "hit" });
    await expect(invalid).rejects.toMatchObject({ code: "RECORD_INVALID" });
    const renamed = parcels.transform({}, (parcel) => ({ ...parcel, id: -1 }), { name: "hit" });
    await expect(renamed).rejects.toMatchObject({ code: "RECORD_ID_CHANGED" });
    const mended = (parcel: Parcel) => ({ ...parcel, noise: 1, id: parcel.id });
    expect(await parcels.transform({}, mended, { name: "hit" })).toMatchObject({
      examined: 1_000,
      changed: 1_000,
      done: true,
    });
    expect(await parcels.count({ index: "byHits", equals: 1 })).toBe(count);
    expect(await parcels.count({ index: "byNoise", equals: 1 })).toBe(1_000 - count);

    // Done is done, until it is forgotten; other work has other names.
    const never = () => expect.unreachable();
    expect(await parcels.transform({}, mended, { name: "hit" })).toEqual({
      examined: 1_000,
      changed: 1_000,
      done: true,
    });
    await expect(parcels.transform({ from: 1 }, never, { name: "hit" })).rejects.toMatchObject({
      code: "WORK_NAME_TAKEN",
      details: { differs: "query" },
    });
    await expect(parcels.transform({ reverse: true }, never, { name: "hit" })).rejects.toMatchObject({
      details: { differs: "query" },
    });
    await expect(parcels.deleteWhere({}, never, { name: "hit" })).rejects.toMatchObject({
      code: "WORK_NAME_TAKEN",
      details: { differs: "operation" },
    });
    await parcels.forgetWork("hit");
    expect(await parcels.deleteWhere({}, ({ hits }) => hits === 1, { name: "hit" })).toEqual({
      examined: 1_000,
      changed: count,
      done: true,
    });
    // Another tenant's names are its own.
    const neighbour = await fill(await fresh(), 3);
    expect(await neighbour.transform({}, hit, { name: "hit" })).toMatchObject({ changed: 3 });
  });

  test("ends at its signal, and where the caller's own function throws, after a whole batch", async () => {
    const parcels = await fill(await fresh(), 1_000);
    const stop = new AbortController();
    const stopped = parcels.transform({}, hit, { name: "a", signal: stop.signal, onProgress: () => stop.abort() });
    await expect(stopped).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
    const thrown = parcels.transform({}, hit, {
      name: "a",
      onProgress: () => {
        throw new RangeError("enough");
      },
    });
    await expect(thrown).rejects.toThrow("enough");
    await parcels.transform({}, hit, { name: "a" });
    for await (const { hits } of parcels.scan()) expect(hits).toBe(1);
  });

  test("keeps its place in the form that is documented", async () => {
    const engine = await openEngine(memory());
    const own = await open({ engine, entities: [Parcel] });
    const id = parseTenantId("7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f0a");
    await own.tenants.provision({ name: "parcels", id });
    const parcels = await fill(own.tenant(id), 3);
    const half = parcels.transform({}, (parcel) => (parcel.id < 2 ? hit(parcel) : undefined), { name: "half" });
    expect(await half).toEqual({ examined: 3, changed: 2, done: true });
    const value = await engine.begin().get(pack(["tenantry", uuid(tenantIdBytes(id)), 11, "work", "parcel", "half"]));
    expect(unpack(value ?? expect.unreachable())).toEqual([
      2,
      "transform",
      pack([pack(["parcel"]), concatBytes(pack(["parcel"]), Uint8Array.of(0xff)), false]),
      pack(["parcel", 2]),
      3,
      2,
      true,
      expect.any(Uint8Array),
    ]);
    await own.close();
    await engine.close();
  });

  test("of nothing does nothing", async () => {
    const parcels = await fill(await fresh(), 3);
    const never = () => expect.unreachable();
    const nothing = { examined: 0, changed: 0, done: true };
    expect(await parcels.transform({ from: 9, to: 9 }, never)).toEqual(nothing);
    expect(await parcels.transform({ from: 9, to: 9 }, never, { name: "n" })).toEqual(nothing);
    expect(await parcels.deleteWhere({ from: 3 }, never)).toEqual(nothing);
  });

  test("refuses what it cannot go through once, and names that are none", async () => {
    const parcels = (await fresh()).repository(Parcel);
    const never = () => expect.unreachable();
    // As a program without types may ask.
    const queries = [
      [{ index: "byTag" }, "QUERY_INVALID"],
      [{ hits: 3 }, "QUERY_INVALID"],
      [{ limit: 3 }, "OPTION_UNKNOWN"],
      [{ select: ["id"] }, "OPTION_UNKNOWN"],
      [{ signal: new AbortController().signal }, "OPTION_UNKNOWN"],
      [{ max: 3 }, "OPTION_UNKNOWN"],
    ] as [never, string][];
    for (const [query, code] of queries) {
      await expect(parcels.transform(query, never)).rejects.toMatchObject({ code });
      await expect(parcels.deleteWhere(query, never)).rejects.toMatchObject({ code });
    }
    for (const name of ["", "\ud800", "x".repeat(256), 7 as never]) {
      const invalid = { code: "WORK_NAME_INVALID", details: { entity: "parcel", workNameBytesMax: 255 } };
      await expect(parcels.transform({}, never, { name })).rejects.toMatchObject(invalid);
      await expect(parcels.forgetWork(name)).rejects.toMatchObject(invalid);
    }
  });

  test("is not to be had inside a transaction", async () => {
    await (await fresh()).transact(async (tx) => {
      for (const name of ["transform", "deleteWhere", "scanAll", "watch", "forgetWork"]) {
        expect(name in tx.repository(Parcel)).toBe(false);
      }
    });
  });
});

describe("deleteWhere", () => {
  test("deletes what the predicate says, with its entries", async () => {
    const parcels = await fill(await fresh(), 1_100, (id) => ({ tags: ["a", `${id % 7}`] }));
    expect(await parcels.deleteWhere({}, ({ id }) => id % 2 === 0)).toEqual({
      examined: 1_100,
      changed: 550,
      done: true,
    });
    expect((await parcels.list({ select: ["id"] })).map(({ id }) => id)).toEqual(
      Array.from({ length: 550 }, (_, at) => 2 * at + 1),
    );
    expect(await parcels.deleteWhere({ index: "byState", reverse: true }, () => true)).toMatchObject({ changed: 550 });
    expect(await parcels.count({ index: "byTag" })).toBe(0);
    expect(await parcels.verify()).toEqual([]);
  });
});

describe("scanAll", () => {
  test("is a scan of any length that tells how far it is", async () => {
    const parcels = await fill(await fresh(), 2_500);
    const told: { records: number; done: boolean }[] = [];
    const scan = parcels.scanAll(
      {},
      {
        onProgress: (now) => {
          told.push(now);
          // Every batch of a later time.
          skewMs += 5_000;
        },
      },
    );
    expect((await collect(scan)).map(({ id }) => id)).toEqual(Array.from({ length: 2_500 }, (_, id) => id));
    expect(told.at(-1)).toEqual({ records: 2_500, done: true });
    expect(told.length).toBeGreaterThan(3);
    let rows = 0;
    for await (const batch of parcels.scanAll({ index: "byHits", select: ["id"], limit: 1_001 }).batches()) {
      rows += batch.length;
    }
    expect(rows).toBe(1_001);
  });
});
