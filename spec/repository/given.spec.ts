/** What a caller gives is copied when the call is made, and all that becomes of a record is made of what is stored. */
import { deepStrictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { memory } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import type { AccessPolicy } from "../../lib/repository/index.js";
import { entity } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import type { Tenant } from "../../lib/tenant-handle.js";
import { runs } from "../runs.js";
import { lied } from "../value/lies.js";
import { storable } from "../value/storable.js";

const marked = (record: unknown): boolean =>
  z.looseObject({ extra: z.looseObject({ mark: z.literal(true) }) }).safeParse(record).success;

/** A record with everything that stays the caller's behind zod: bytes, dates, and values of no type. */
const Parcel = entity("parcel", {
  version: 1,
  schema: z.object({
    id: z.instanceof(Uint8Array),
    text: z.string(),
    weight: z.int().default(1),
    sent: z.date().optional(),
    seal: z.instanceof(Uint8Array).default(Uint8Array.of(1, 2, 3)),
    at: z.date().default(new Date(7)),
    kind: z.any().default({ of: { what: "parcel" } }),
    extra: z.any().optional(),
  }),
  id: ["id"],
  indexes: {
    bySent: { fields: ["sent"] },
    byMark: { fields: ["text"], where: marked },
    byText: { fields: ["text"], unique: true, sparse: true, where: marked },
    bySeal: { fields: ["seal"], stored: ["extra"] },
  },
  aggregates: {
    weights: { sum: "weight", where: marked },
    parcels: { count: true, by: ["text"] },
    reads: { counter: true },
  },
});

/** Only who says so may be written; who says so once is asked once. */
const policy: AccessPolicy = {
  right: (_, __, action) => (action === "read" ? true : (record) => marked(record)),
};

describe("what is given", () => {
  let db: Database;
  let tenants: readonly Tenant[];
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Parcel], roles: policy, audit: {} });
    tenants = await Promise.all(
      ["one", "other"].map(async (name) => db.tenant((await db.tenants.provision({ name })).id)),
    );
  });
  afterAll(() => db.close());

  /** A tenant of its own, since each case counts what is there. */
  const fresh = async () => {
    const { id } = await db.tenants.provision({ name: "fresh" });
    const tenant = db.tenant(id);
    return { id, tenant, parcels: tenant.repository(Parcel) };
  };
  const parcel = (id: Uint8Array<ArrayBuffer>, text = "t") => ({ id, text });
  /** The digests of what records became, as the trail has them. */
  const told = async (id: TenantId): Promise<(string | undefined)[]> => {
    const digests: (string | undefined)[] = [];
    for await (const entry of db.audit.entries(id, { kind: "changes" })) {
      if (entry.kind === "changes") digests.push(...entry.changes.map(({ after }) => after));
    }
    return digests;
  };

  test("is copied when the call is made", async () => {
    const { parcels } = await fresh();
    const id = Uint8Array.of(1);
    const sent = new Date(1);
    const extra = { list: [1] };
    const making = parcels.create({ ...parcel(id), sent, extra });
    id[0] = 9;
    sent.setTime(9);
    extra.list.push(9);
    const made = await making;
    expect(made).toMatchObject({ id: Uint8Array.of(1), sent: new Date(1), extra: { list: [1] } });
    expect(await parcels.get(Uint8Array.of(1))).toStrictEqual(made);

    const changes = { sent: new Date(2), extra: { list: [2] } };
    const wanted = Uint8Array.of(1);
    const patching = parcels.patch(wanted, changes);
    wanted[0] = 9;
    changes.sent.setTime(9);
    changes.extra = { list: [9] };
    expect(await patching).toStrictEqual({ ...made, sent: new Date(2), extra: { list: [2] } });

    const amounts = { reads: 2 };
    const adding = parcels.add(Uint8Array.of(1), amounts);
    amounts.reads = 100;
    await adding;
    expect(await parcels.counters(Uint8Array.of(1))).toEqual({ reads: 2 });
    expect(await parcels.verify()).toEqual([]);
  });

  test("is copied in batches, too", async () => {
    const { parcels } = await fresh();
    const inputs = [1, 2, 3].map((n) => parcel(Uint8Array.of(n), String(n)));
    const making = parcels.createMany(inputs);
    inputs[0] = parcel(Uint8Array.of(9), "9");
    for (const { id } of inputs) id[0] = 9;
    inputs.pop();
    expect((await making).map(({ id, text }) => [...id, text])).toEqual([1, 2, 3].map((n) => [n, String(n)]));
    const ids = [1, 2].map((n) => Uint8Array.of(n));
    const getting = parcels.getMany(ids);
    for (const id of ids) id[0] = 3;
    expect((await getting).map((found) => found?.text)).toEqual(["1", "2"]);
    const gone = [1, 2].map((n) => Uint8Array.of(n));
    const deleting = parcels.deleteMany(gone);
    for (const id of gone) id[0] = 3;
    expect(await deleting).toBe(2);
    expect((await parcels.list()).map(({ text }) => text)).toEqual(["3"]);
  });

  test("is copied from queries", async () => {
    const { parcels } = await fresh();
    await parcels.createMany([1, 2, 3].map((n) => ({ ...parcel(Uint8Array.of(n), String(n)), sent: new Date(n) })));
    const from = Uint8Array.of(2);
    const scan = parcels.scan({ from });
    from[0] = 9;
    const seen: string[] = [];
    for await (const { text } of scan) seen.push(text);
    expect(seen).toEqual(["2", "3"]);
    const sent = [new Date(2)];
    const listing = parcels.list({ index: "bySent", equals: sent as [Date] });
    sent[0]?.setTime(3);
    sent.pop();
    expect((await listing).map(({ text }) => text)).toEqual(["2"]);
    const lying = [lied(new Date(3), "nonsense") as Date];
    expect((await parcels.list({ index: "bySent", equals: lying as [Date] })).map(({ text }) => text)).toEqual(["3"]);
  });

  test("is copied from the chunks of an import", async () => {
    const { tenant, parcels } = await fresh();
    await parcels.create(parcel(Uint8Array.of(1)));
    const lines: string[] = [];
    for await (const line of tenant.export()) lines.push(line);
    const [header = "", record = ""] = lines;
    // Twice the same record: the first is stored before the second is taken.
    const before = [header, record, record];
    const sha256 = createHash("sha256").update(before.join("")).digest("hex");
    const trailer = JSON.stringify({ end: true, records: 2, pointInTime: true, sha256 });
    const file = Buffer.from([...before, trailer].join(""));
    const target = await fresh();
    const imported = await target.tenant.import([file], { onProgress: () => void file.fill(0x20) });
    expect(imported).toEqual({ records: 2 });
    expect(await target.parcels.list()).toStrictEqual(await parcels.list());
  });

  test("arrays are read by their indices, and what is none is refused", async () => {
    const { parcels } = await fresh();
    const lying = Object.defineProperty([parcel(Uint8Array.of(1))], Symbol.iterator, {
      value: () => [][Symbol.iterator](),
    });
    Object.defineProperty(lying, "map", { value: () => [] });
    expect(await parcels.createMany(lying)).toHaveLength(1);
    const ids = Object.defineProperty([Uint8Array.of(1)], "map", { value: () => [] });
    expect(await parcels.getMany(ids)).toHaveLength(1);
    for (const batch of [undefined, "x", { length: 1, 0: Uint8Array.of(1) }, new Set([Uint8Array.of(1)])]) {
      const refused = expect.objectContaining({ code: "BATCH_INVALID" });
      await expect(parcels.getMany(batch as never)).rejects.toThrow(refused);
      await expect(parcels.deleteMany(batch as never)).rejects.toThrow(refused);
      await expect(parcels.putMany(batch as never)).rejects.toThrow(refused);
    }
  });

  test("what is given back is nobody else's", async () => {
    for (const tenant of tenants) {
      const parcels = tenant.repository(Parcel);
      const made = await parcels.create(parcel(Uint8Array.of(5)));
      expect(made).toMatchObject({ seal: Uint8Array.of(1, 2, 3), at: new Date(7), kind: { of: { what: "parcel" } } });
      // What one tenant does to its record is not done to the definition's default.
      made.seal.fill(9);
      made.at.setTime(9);
      made.kind.of.what = "bomb";
      expect(await parcels.get(Uint8Array.of(5))).toMatchObject({ seal: Uint8Array.of(1, 2, 3), at: new Date(7) });
    }
  });

  test("what a transaction's function does to a record it was given changes no digest", async () => {
    const { id, tenant } = await fresh();
    const stored = await tenant.transact(async (tx) => {
      const parcels = tx.repository(Parcel);
      const made = await parcels.put({ ...parcel(Uint8Array.of(1)), extra: { a: 1 } });
      made.text = "else";
      made.extra.a = 2;
      const changed = await parcels.update(Uint8Array.of(1), (before) => ({ ...before, text: "second" }));
      changed.text = "else again";
      return await parcels.get(Uint8Array.of(1));
    });
    if (stored === undefined) throw new Error("nothing was stored");
    const first = { ...stored, text: "t" };
    const digests = await Promise.all([first, stored].map((record) => db.audit.digest(id, Parcel, record)));
    expect(await told(id)).toEqual(digests);
  });

  test("a proxy cannot pass a role with one value and store another", async () => {
    const { id } = await fresh();
    const ada = db.tenant(id, { context: { tenant: id, subject: "ada", roles: [] } });
    let asked = 0;
    const extra = new Proxy(
      { mark: true },
      { get: (target, name) => (name === "mark" ? asked++ % 2 === 0 : Reflect.get(target, name)) },
    );
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map((n) => ada.repository(Parcel).put({ ...parcel(Uint8Array.of(n), String(n)), extra })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const all = await db.tenant(id).repository(Parcel).list();
    expect(all.map((record) => record.extra)).toEqual([{ mark: true }, { mark: true }]);
  });

  test("a record whose values change whenever they are read is one record for everything", async () => {
    const { id, parcels } = await fresh();
    const written: (string | undefined)[] = [];
    /** A value that answers something else every time. */
    const changing = fc
      .tuple(fc.array(storable, { minLength: 1, maxLength: 3 }), fc.array(fc.boolean(), { minLength: 1 }))
      .map(([values, marks]) => {
        let at = 0;
        return {
          get mark() {
            return marks[at++ % marks.length] === true ? true : undefined;
          },
          get value() {
            return values[at++ % values.length];
          },
        };
      });
    const inputs = fc.record(
      { n: fc.nat({ max: 3 }), text: fc.constantFrom("a", "b", "c"), extra: changing, instance: fc.boolean() },
      { noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(inputs, { minLength: 1, maxLength: 4 }), async (steps) => {
        for (const { n, text, extra, instance } of steps) {
          const input = { ...parcel(Uint8Array.of(n), text), extra };
          const given = instance ? Object.assign(Object.create({ inherited: true }), input) : input;
          const made = await parcels.put(given).catch((error: { code: string }) => error.code);
          if (made === "UNIQUE_VIOLATION") continue;
          const stored = await parcels.get(Uint8Array.of(n));
          deepStrictEqual(made, stored);
          if (stored !== undefined) written.push(await db.audit.digest(id, Parcel, stored));
        }
        expect(await parcels.verify()).toEqual([]);
      }),
      { numRuns: runs(30) },
    );
    expect(await told(id)).toEqual(written);
  });

  test("instances of classes are taken by the fields that the schema names", async () => {
    const { parcels } = await fresh();
    class Given {
      readonly #text = "private";
      readonly id = Uint8Array.of(1);
      get text(): string {
        return this.#text;
      }
    }
    const given = new Given();
    const making = parcels.create(given);
    given.id[0] = 9;
    expect(await making).toMatchObject({ id: Uint8Array.of(1), text: "private" });
  });
});

describe("a field called __proto__", () => {
  const Loose = entity("loose", {
    version: 1,
    schema: z.looseObject({ id: z.int(), at: z.looseObject({}).optional(), any: z.any().optional() }),
    id: ["id"],
  });
  const evil = (): Record<string, unknown> => JSON.parse('{"__proto__":{"admin":true}}');
  const refused = expect.objectContaining({
    code: "RECORD_INVALID",
    details: expect.objectContaining({ issues: [expect.objectContaining({ code: "unrecognized_keys" })] }),
  });

  test("is refused wherever it is", async () => {
    const db = await open({ engine: memory(), entities: [Loose] });
    const records = db.tenant((await db.tenants.provision({ name: "loose" })).id).repository(Loose);
    await records.create({ id: 1, more: 1 });
    const places = [evil(), { at: evil() }, { any: { deep: [evil()] } }, { more: new Map([["k", evil()]]) }];
    for (const place of places) {
      await expect(records.patch(1, place)).rejects.toThrow(refused);
      await expect(records.create({ id: 2, ...place })).rejects.toThrow(refused);
      await expect(records.put({ id: 1, ...place })).rejects.toThrow(refused);
      await expect(records.update(1, (before) => ({ ...before, ...place }))).rejects.toThrow(refused);
    }
    expect(await records.get(1)).toStrictEqual({ id: 1, more: 1 });
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
    await db.close();
  });
});
