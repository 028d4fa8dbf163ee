/** Counting records and bytes, and the limits that hold for them. */
import { describe, expect, test } from "vitest";
import { type Engine, memory } from "../../lib/engine/index.js";
import { errorResponse, open, type QuotaPlan, type Tenant } from "../../lib/index.js";
import { Keyspace } from "../../lib/keyspace/index.js";
import { codeOf } from "../transaction/fixture.js";
import { Note, note, openStage, Tag, usedOf } from "./stage.js";

/** Bytes of all keys and values of the tenant's records of an entity, relative to it. */
async function bytesStored(engine: Engine, tenant: Tenant, entity: string): Promise<number> {
  const rows = await rowsOf(engine, tenant);
  const prefix = Buffer.from(`\x02${entity}\0`);
  return rows
    .filter(([key]) => Buffer.from(key).subarray(0, prefix.length).equals(prefix))
    .reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}

async function rowsOf(engine: Engine, tenant: Tenant): Promise<[Uint8Array, Uint8Array][]> {
  const { begin, end, prefixLength } = new Keyspace().tenant(tenant.id);
  const at = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
  const { rows } = await engine.begin().getRange(at(begin), at(end));
  return rows.map(([key, value]) => [key.subarray(prefixLength), value]);
}

describe("counting", () => {
  test("is exact after creates, updates, deletes and batches, and each tenant is counted on its own", async () => {
    await using stage = await openStage({ none: {} });
    const [a, b] = [await stage.tenant("none"), await stage.tenant("none")];
    await b.repository(Note).createMany([note(1), note(2)]);
    const notes = a.repository(Note);
    await notes.createMany([note(1), note(2, 500), note(3)]);
    await notes.put(note(2, 90));
    await notes.update(3, (was) => ({ ...was, text: "longer than it was before" }));
    await notes.delete(1);
    await notes.delete(1);
    await codeOf(notes.create(note(2)));
    await a.transact(async (tx) => {
      await tx.repository(Note).create(note(4));
      await tx.repository(Note).delete(4);
      await tx.repository(Tag).put({ id: 1 });
    });
    await codeOf(
      a.transact(async (tx) => {
        await tx.repository(Note).create(note(5));
        throw new RangeError("no");
      }),
    );
    const report = await a.quotas.usage();
    expect(usedOf(report, "records:note")).toBe(2);
    expect(usedOf(report, "records:tag")).toBe(1);
    const bytes = [await bytesStored(stage.engine, a, "note"), await bytesStored(stage.engine, a, "tag")] as const;
    expect(usedOf(report, "bytes:note")).toBe(bytes[0]);
    expect(usedOf(report, "bytes:tag")).toBe(bytes[1]);
    expect(usedOf(report, "storageBytes")).toBe(bytes[0] + bytes[1]);
    expect(usedOf(await stage.db.quotas.usage(b.id), "records:note")).toBe(2);
    expect((await stage.db.quotas.recount(a.id)).filter(({ drift }) => drift !== 0)).toEqual([]);
  });
});

describe("hard limits", () => {
  test("are reached and never passed by writers at once; what is deleted can be used again", async () => {
    await using stage = await openStage({ small: { entities: { note: { records: 40 } } } });
    const tenant = await stage.tenant("small");
    const other = (await stage.another()).tenant(tenant.id);
    const create = (i: number) => codeOf((i % 2 === 0 ? tenant : other).repository(Note).create(note(i)));
    const codes = await Promise.all(Array.from({ length: 64 }, (_, i) => create(i)));
    expect(codes.filter((code) => code === undefined)).toHaveLength(40);
    expect(codes.filter((code) => code === "QUOTA_EXCEEDED")).toHaveLength(24);
    const { resources } = await tenant.quotas.usage();
    expect(resources.find(({ resource }) => resource === "records:note")).toEqual({
      resource: "records:note",
      used: 40,
      limit: 40,
      kind: "hard",
      remaining: 0,
    });
    const error = await tenant
      .repository(Note)
      .create(note(1_000))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "QUOTA_EXCEEDED",
      details: { resource: "records:note", limit: 40, used: 40, retryAfterMs: undefined },
    });
    expect(errorResponse(error).status).toBe(403);
    const ids = (await tenant.repository(Note).list()).map(({ id }) => id);
    await tenant.repository(Note).deleteMany(ids.slice(0, 3));
    expect(await codeOf(tenant.repository(Note).createMany([1, 2, 3, 4].map((i) => note(2_000 + i))))).toBe(
      "QUOTA_EXCEEDED",
    );
    await tenant.repository(Note).createMany([1, 2, 3].map((i) => note(2_000 + i)));
    expect(await codeOf(tenant.repository(Note).create(note(3_000)))).toBe("QUOTA_EXCEEDED");
  });

  test("hold for bytes of one entity and of all, counted as they are stored", async () => {
    await using stage = await openStage({ small: { storageBytes: 1_000, entities: { tag: { bytes: 60 } } } });
    const tenant = await stage.tenant("small");
    const notes = tenant.repository(Note);
    await notes.create(note(1, 800));
    expect(await codeOf(notes.create(note(2, 200)))).toBe("QUOTA_EXCEEDED");
    await notes.put(note(1, 400));
    await notes.create(note(2, 200));
    const tags = tenant.repository(Tag);
    let stored = 0;
    while ((await codeOf(tags.create({ id: stored }))) === undefined) stored++;
    expect(stored).toBeGreaterThan(1);
    const report = await tenant.quotas.usage();
    expect(usedOf(report, "bytes:tag")).toBeLessThanOrEqual(60);
    expect(usedOf(report, "bytes:tag")).toBe(await bytesStored(stage.engine, tenant, "tag"));
  });

  test("of zero let nothing in, and decreases always pass", async () => {
    await using stage = await openStage({ zero: { entities: { note: { records: 0 } } }, none: {} });
    const tenant = await stage.tenant("zero");
    const notes = tenant.repository(Note);
    expect(await codeOf(notes.create(note(1)))).toBe("QUOTA_EXCEEDED");
    await stage.move(tenant, "none");
    await notes.createMany([note(1), note(2)]);
    await stage.move(tenant, "zero");
    await notes.put(note(1, 50));
    await notes.delete(1);
    expect(await codeOf(notes.create(note(1)))).toBe("QUOTA_EXCEEDED");
    expect(await notes.deleteMany([1, 2])).toBe(1);
    expect(await codeOf(notes.create(note(1)))).toBe("QUOTA_EXCEEDED");
  });

  test("follow the tenant's plan at once, in every process, and come back right", async () => {
    const plans = {
      five: { entities: { note: { records: 5 } } },
      none: {},
      two: { entities: { note: { records: 2 } } },
    };
    await using stage = await openStage(plans);
    const tenant = await stage.tenant("five");
    const [here, there] = [tenant.repository(Note), (await stage.another()).tenant(tenant.id).repository(Note)];
    await here.createMany([note(1), note(2)]);
    await there.create(note(3));
    await stage.move(tenant, "two");
    for (const notes of [here, there]) expect(await codeOf(notes.create(note(9)))).toBe("QUOTA_EXCEEDED");
    await here.deleteMany([1, 2]);
    await there.create(note(4));
    expect(await codeOf(here.create(note(9)))).toBe("QUOTA_EXCEEDED");
    await stage.move(tenant, "none");
    await there.createMany([5, 6, 7, 8].map((id) => note(id)));
    await here.deleteMany([5, 6]);
    await stage.move(tenant, "five");
    await here.create(note(5));
    for (const notes of [there, here]) expect(await codeOf(notes.create(note(9)))).toBe("QUOTA_EXCEEDED");
    expect((await stage.db.quotas.recount(tenant.id)).every(({ drift }) => drift === 0)).toBe(true);
  });
});

describe("a plan that comes back", () => {
  test.each<[string, QuotaPlan]>([
    ["none", {}],
    ["a soft one", { entities: { note: { records: { soft: 100 } } } }],
    ["a limit of something else", { entities: { note: { bytes: 100_000 } } }],
  ])("finds what was written under %s", async (_, between) => {
    const ten = { entities: { note: { records: 10 } } };
    await using stage = await openStage({ ten, between });
    const tenant = await stage.tenant("ten");
    const notes = tenant.repository(Note);
    await notes.createMany([1, 2].map((id) => note(id)));
    await stage.move(tenant, "between");
    await notes.createMany([3, 4, 5, 6, 7, 8].map((id) => note(id)));
    await notes.deleteMany([3, 4]);
    await stage.move(tenant, "ten");
    expect(await codeOf(notes.createMany([11, 12, 13, 14, 15].map((id) => note(id))))).toBe("QUOTA_EXCEEDED");
    await notes.createMany([11, 12, 13, 14].map((id) => note(id)));
    expect(await codeOf(notes.create(note(16)))).toBe("QUOTA_EXCEEDED");
  });

  test("lets what is within its limit grow while something else is beyond it, which only shrinks", async () => {
    const plans = {
      large: { entities: { note: { records: 10, bytes: 1_000 } } },
      small: { entities: { note: { records: 10, bytes: 200 } } },
    };
    await using stage = await openStage(plans);
    const tenant = await stage.tenant("large");
    const notes = tenant.repository(Note);
    await notes.createMany([1, 2, 3, 4].map((id) => note(id, 120)));
    await stage.move(tenant, "small");
    await tenant.transact(async (tx) => {
      await tx.repository(Note).create(note(5, 0));
      await tx.repository(Note).put(note(1, 20));
    });
    for (const [id, length] of [
      [2, 90],
      [3, 90],
      [4, 80],
    ] as const) {
      await notes.put(note(id, length));
      // Still beyond: nothing that was given back can be taken.
      for (let i = 0; i < 3; i++) expect(await codeOf(notes.put(note(1, 30)))).toBe("QUOTA_EXCEEDED");
    }
    await notes.deleteMany([2, 3]);
    await notes.put(note(1, 30));
    expect(usedOf(await tenant.quotas.usage(), "bytes:note")).toBeLessThanOrEqual(200);
  });
});

describe("soft limits", () => {
  test("refuse what comes after they are reached, and are passed by no more than what runs at the same time", async () => {
    await using stage = await openStage({ soft: { entities: { note: { records: { soft: 10 } } } } });
    const tenant = await stage.tenant("soft");
    const notes = tenant.repository(Note);
    const codes = await Promise.all(Array.from({ length: 16 }, (_, i) => codeOf(notes.create(note(i)))));
    const stored = codes.filter((code) => code === undefined).length;
    expect(stored).toBeGreaterThanOrEqual(10);
    expect(await codeOf(notes.create(note(100)))).toBe("QUOTA_EXCEEDED");
    await notes.deleteMany(Array.from({ length: 16 }, (_, i) => i).slice(0, 16 - 9));
    const used = usedOf(await tenant.quotas.usage(), "records:note");
    expect(used).toBe(await notes.count());
    if (Number(used) < 10) await notes.create(note(100));
  });
});

describe("plans", () => {
  test("are overridden for a tenant by its record, part by part", async () => {
    const plans = { base: { entities: { note: { records: 1 }, tag: { records: 1 } }, resources: { seats: 1 } } };
    await using stage = await openStage(plans, {
      quotas: {
        plans,
        defaultPlan: "base",
        overrides: ({ plan }) =>
          plan === "big"
            ? { entities: { note: { records: 3 } }, resources: { seats: Number.POSITIVE_INFINITY } }
            : undefined,
      },
    });
    const [big, base] = [await stage.tenant("big"), await stage.tenant("base")];
    await big.repository(Note).createMany([note(1), note(2), note(3)]);
    expect(await codeOf(big.repository(Note).create(note(4)))).toBe("QUOTA_EXCEEDED");
    expect(await codeOf(big.repository(Tag).createMany([{ id: 1 }, { id: 2 }]))).toBe("QUOTA_EXCEEDED");
    expect(await codeOf(base.repository(Note).createMany([note(1), note(2)]))).toBe("QUOTA_EXCEEDED");
    for (const name of ["a", "b", "c"]) await big.quotas.claims("seats").claim(name);
    await stage.move(big, "base");
    expect(await codeOf(big.quotas.claims("seats").claim("d"))).toBe("QUOTA_EXCEEDED");
  });

  test.each<[string, unknown]>([
    ["a negative limit", { plans: { p: { storageBytes: -1 } } }],
    ["NaN", { plans: { p: { storageBytes: Number.NaN } } }],
    ["an overflow", { plans: { p: { storageBytes: 2 ** 53 } } }],
    ["a fraction", { plans: { p: { connections: 1.5 } } }],
    ["text", { plans: { p: { connections: "5" } } }],
    ["two kinds at once", { plans: { p: { storageBytes: { hard: 1, soft: 2 } } } }],
    ["neither kind", { plans: { p: { storageBytes: {} } } }],
    ["an entity there is not", { plans: { p: { entities: { lost: { records: 1 } } } } }],
    ["a resource with a name of its own", { plans: { p: { resources: { storageBytes: 1 } } } }],
    ["a resource whose name is none", { plans: { p: { resources: { "a b": 1 } } } }],
    ["a negative rate", { plans: { p: { rates: { calls: { perSecond: -1 } } } } }],
    ["a rate of NaN", { plans: { p: { rates: { calls: { perMinute: Number.NaN } } } } }],
    ["a burst without end", { plans: { p: { rates: { calls: { perMinute: 1, burst: Number.POSITIVE_INFINITY } } } } }],
    ["a default that is no plan", { plans: {}, defaultPlan: "p" }],
    ["no plan", { plans: { p: null } }],
    ["a lease of no time", { plans: {}, connectionLeaseMs: 0 }],
  ])("with %s are refused when the database is opened", async (_, quotas) => {
    const opened = open({ engine: memory(), entities: [Note, Tag], quotas: quotas as never });
    expect(await codeOf(opened.then((db) => db.close()))).toBe("DATABASE_OPTION_INVALID");
  });

  test.each<[string, unknown]>([
    ["quotas", { plans: {}, default: "p" }],
    ["plan", { plans: { p: { storage: 1 } } }],
    ["entity quota", { plans: { p: { entities: { tag: { record: 1 } } } } }],
    ["limit", { plans: { p: { storageBytes: { hart: 1 } } } }],
    ["rate", { plans: { p: { rates: { calls: { perHour: 1 } } } } }],
  ])("with another option of %s than there is are refused when the database is opened", async (of, quotas) => {
    const opened = open({ engine: memory(), entities: [Note, Tag], quotas: quotas as never });
    await expect(opened).rejects.toMatchObject({ code: "OPTION_UNKNOWN", details: { of } });
  });

  test("are asked for: without them there is nothing to ask", async () => {
    await using db = await open({ engine: memory(), entities: [] });
    const { id } = await db.tenants.provision({ name: "a" });
    expect(await codeOf(() => db.quotas)).toBe("QUOTAS_OFF");
    for (const ask of [
      () => db.tenant(id).quotas.usage(),
      () => db.tenant(id).quotas.claims("seats"),
      () => db.tenant(id).quotas.take("calls"),
      () => db.tenant(id).quotas.connect(),
      () => db.tenant(id).transact(async (tx) => tx.claims("seats")),
    ]) {
      expect(await codeOf(ask)).toBe("QUOTAS_OFF");
    }
  });
});
