/** A row that is no record any more is named, can be replaced and removed, and is nobody else's trouble. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import type { Engine } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import { expiryOfRecord, isSplit } from "../../lib/records/index.js";
import type { AccessPolicy } from "../../lib/repository/index.js";
import { modelOf } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { runs } from "../runs.js";
import { type Change, cut, engines, Note, RawRows } from "./damage.js";

const model = modelOf(Note);

/** Staff may do anything with the notes that are not secret, a reader sees all and may change none in any case. */
const policy: AccessPolicy = {
  right: ({ subject }, _, action) => {
    if (subject === "staff") return (record) => "text" in record && record.text !== "secret";
    return subject === "boss" || action === "read" || ((record) => "text" in record);
  },
};

describe.each(engines)("a damaged row on %s", (_, make) => {
  let engine: Engine;
  let db: Database;
  let raw: RawRows;
  beforeAll(async () => {
    engine = await make();
    raw = new RawRows(engine);
    db = await open({
      engine,
      entities: [Note],
      roles: policy,
      audit: {},
      quotas: { plans: { free: {} }, defaultPlan: "free" },
    });
  });
  afterAll(async () => {
    await db.close();
    await engine.close();
  });

  const fresh = async () => {
    const { id } = await db.tenants.provision({ name: "fresh" });
    return { id, notes: db.tenant(id).repository(Note) };
  };
  const as = (id: TenantId, subject: string) =>
    db.tenant(id, { context: { tenant: id, subject, roles: [] } }).repository(Note);
  const damage = (tenant: TenantId, id: number, change: Change): Promise<void> => raw.damage(tenant, id, change);
  /** Whether a row can be read, and is of a record that has expired. */
  async function hasExpired(tenant: TenantId, id: number): Promise<boolean> {
    const row = await raw.row(tenant, id);
    try {
      return row !== undefined && !isSplit(row) && Number(model.decodeRecord(row) && expiryOfRecord(row)) <= Date.now();
    } catch {
      return false;
    }
  }
  const code = (expected: string) => expect.objectContaining({ code: expected });

  test("is an error that names it, and no other record's", async () => {
    const { id, notes } = await fresh();
    await notes.createMany([1, 2].map((n) => ({ id: n, text: `t${n}` })));
    await damage(id, 1, cut);
    const named = expect.objectContaining({
      code: "VALUE_CORRUPT",
      details: expect.objectContaining({ entity: "note", id: "1" }),
    });
    await expect(notes.get(1)).rejects.toThrow(named);
    await expect(notes.getMany([2, 1])).rejects.toThrow(named);
    await expect(notes.update(1, (before) => before)).rejects.toThrow(named);
    await expect(notes.patch(1, { size: 2 })).rejects.toThrow(named);
    await expect(notes.add(1, { reads: 1 })).rejects.toThrow(named);
    await expect(notes.create({ id: 1, text: "new" })).rejects.toThrow(code("RECORD_EXISTS"));
    expect((await notes.get(2))?.text).toBe("t2");
  });

  const damages = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.option(fc.nat({ max: 40 })) });
  test("of whatever bytes is replaced and removed, with its chunks and its place among those that expire", async () => {
    const { id, notes } = await fresh();
    const neighbour = await fresh();
    await neighbour.notes.create({ id: 1, text: "neighbour" });
    let n = 0;
    let lost = 0;
    await fc.assert(
      fc.asyncProperty(damages, fc.boolean(), fc.boolean(), fc.boolean(), async (how, large, expires, removes) => {
        n += 1;
        const rest = large ? "x".repeat(150_000) : "";
        await notes.create({ id: n, text: `t${n}`, rest, ...(expires ? { until: new Date(8e15) } : {}) });
        await notes.add(n, { reads: 2 });
        await damage(id, n, (row) => {
          const copy = Uint8Array.from(row);
          // The head's layout and version may be another program's.
          copy[7 + (how.at % (copy.length - 7))] = how.byte;
          const left = how.cut === null ? copy : copy.subarray(0, 7 + (how.cut % (copy.length - 6)));
          lost += row.length - left.length;
          return left;
        });
        // One that can be read and says that it expired long ago is no damaged one.
        const there = !(await hasExpired(id, n));
        if (removes && there) {
          expect(await notes.delete(n)).toBe(true);
        } else {
          const put = await notes.put({ id: n, text: `again ${n}` });
          expect(await notes.get(n)).toStrictEqual(put);
          expect(await notes.counters(n)).toEqual({ reads: there ? 2 : 0 });
          expect(await notes.delete(n)).toBe(true);
        }
        expect(await notes.has(n)).toBe(false);
        expect(await raw.chunks(id, n)).toBe(0);
        expect(await notes.create({ id: n, text: `t${n} again` })).toMatchObject({ rest: "" });
        expect(await notes.counters(n)).toEqual({ reads: 0 });
        expect(await notes.delete(n)).toBe(true);
      }),
      { numRuns: runs(40) },
    );
    const { resources } = await db.quotas.usage(id);
    // What a row has lost to damage was written, and is not there to be taken back.
    const used = resources.filter((one) => one.used !== 0).map((one) => [one.resource, one.used]);
    expect(Object.fromEntries(used)).toEqual({ storageBytes: lost, "bytes:note": lost });
    expect(await neighbour.notes.list()).toMatchObject([{ id: 1, text: "neighbour" }]);
  });

  test("is changed in batches, too", async () => {
    const { id, notes } = await fresh();
    await notes.createMany([1, 2, 3].map((n) => ({ id: n, text: `t${n}` })));
    await damage(id, 1, cut);
    await damage(id, 2, () => Uint8Array.of(0x10));
    expect(await notes.putMany([{ id: 1, text: "one" }])).toMatchObject([{ id: 1, text: "one" }]);
    expect(await notes.deleteMany([1, 2, 9])).toBe(2);
    expect(await notes.list()).toMatchObject([{ id: 3 }]);
  });

  test("stays as it is for whoever may not see all records", async () => {
    const { id, notes } = await fresh();
    await notes.create({ id: 1, text: "secret" });
    await damage(id, 1, cut);
    const staff = as(id, "staff");
    await expect(staff.delete(1)).rejects.toThrow(code("VALUE_CORRUPT"));
    await expect(staff.put({ id: 1, text: "mine" })).rejects.toThrow(code("VALUE_CORRUPT"));
    await expect(staff.put({ id: 1, text: "mine" }, { unreadable: true })).rejects.toThrow(code("VALUE_CORRUPT"));
    await expect(staff.create({ id: 1, text: "mine" })).rejects.toThrow(code("RECORD_EXISTS"));
    expect(await notes.has(1)).toBe(true);
    expect(await as(id, "boss").delete(1)).toBe(true);
  });

  test("takes the right to update, or to delete, all records", async () => {
    const { id, notes } = await fresh();
    await notes.create({ id: 1, text: "a" });
    await damage(id, 1, cut);
    const reader = as(id, "reader");
    await expect(reader.delete(1)).rejects.toThrow(code("ACCESS_DENIED"));
    await expect(reader.put({ id: 1, text: "mine" })).rejects.toThrow(code("ACCESS_DENIED"));
  });

  test("has the revision that its head says, or none that anybody could have been told", async () => {
    const { id, notes } = await fresh();
    await notes.create({ id: 1, text: "a" });
    await notes.patch(1, { size: 2 });
    await damage(id, 1, cut);
    await expect(notes.put({ id: 1, text: "b" }, { ifRevision: 1 })).rejects.toThrow(code("REVISION_MISMATCH"));
    await notes.put({ id: 1, text: "b" }, { ifRevision: 2 });
    expect((await notes.entry(1))?.revision).toBe(3);
    await damage(id, 1, () => Uint8Array.of(0x10));
    for (const change of [
      () => notes.put({ id: 1, text: "c" }, { ifRevision: 3 }),
      () => notes.delete(1, { ifRevision: 3 }),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: "REVISION_MISMATCH", details: { expected: 3, actual: 0 } });
    }
    await notes.put({ id: 1, text: "c" });
    expect((await notes.entry(1))?.revision).toBe(1);
  });

  test("is replaced by an import", async () => {
    const { id, notes } = await fresh();
    await notes.createMany([1, 2].map((n) => ({ id: n, text: `t${n}` })));
    const lines: string[] = [];
    for await (const line of db.tenant(id).export()) lines.push(line);
    await damage(id, 1, cut);
    expect(await db.tenant(id).import(lines)).toEqual({ records: 2 });
    expect(await notes.list()).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  test("counts for nothing in aggregates until they are counted anew, and an update or a removal is audited", async () => {
    const { id, notes } = await fresh();
    await notes.createMany([1, 2, 3].map((n) => ({ id: n, text: `t${n}` })));
    await damage(id, 1, cut);
    await damage(id, 2, cut);
    const one = await notes.put({ id: 1, text: "one" });
    await notes.delete(2);
    expect(await notes.aggregate("all")).toBe(4);
    await notes.recount();
    expect(await notes.aggregate("all")).toBe(2);
    const { items } = await db.audit.page(id, { entity: Note, size: 10 });
    expect(items.flatMap(({ changes }) => changes).slice(-2)).toMatchObject([
      { kind: "update", before: undefined, after: await db.audit.digest(id, Note, one) },
      { kind: "delete", before: undefined, after: undefined },
    ]);
  });

  test("of another layout or version is another program's, unless the caller says that it goes", async () => {
    const { id, notes } = await fresh();
    for (const [at, error] of [
      [1, "VALUE_LAYOUT_UNKNOWN"],
      [5, "VALUE_VERSION_NEWER"],
    ] as const) {
      await notes.create({ id: at, text: `t${at}` });
      await damage(id, at, (row) => row.map((byte, place) => (place === at ? byte ^ 0x40 : byte)));
      await expect(notes.get(at)).rejects.toThrow(code(error));
      await expect(notes.put({ id: at, text: "new" })).rejects.toThrow(code(error));
      await expect(notes.delete(at)).rejects.toThrow(code(error));
      await expect(notes.deleteMany([at])).rejects.toThrow(code(error));
      await expect(notes.putMany([{ id: at, text: "new" }])).rejects.toThrow(code(error));
      expect(await notes.delete(at, { unreadable: true })).toBe(true);
      expect(await notes.get(at)).toBeUndefined();
      await notes.create({ id: at, text: `again ${at}` });
      await damage(id, at, (row) => row.map((byte, place) => (place === at ? byte ^ 0x40 : byte)));
      expect(await notes.putMany([{ id: at, text: `put ${at}` }], { unreadable: true })).toHaveLength(1);
      await damage(id, at, (row) => row.map((byte, place) => (place === at ? byte ^ 0x40 : byte)));
      expect(await notes.deleteMany([at], { unreadable: true })).toBe(1);
      expect(await notes.has(at)).toBe(false);
    }
  });
});
