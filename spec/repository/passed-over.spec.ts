/** What walks through records goes past those that cannot be read, where it is asked to or does so by itself. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import type { Engine } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import { expiryOfRecord } from "../../lib/records/index.js";
import type { AccessPolicy, UnreadableRecord } from "../../lib/repository/index.js";
import { entity } from "../../lib/schema/index.js";
import { runs } from "../runs.js";
import { changes, cut, engines, Note, RawRows } from "./damage.js";

/** Staff see the notes that are not secret. */
const policy: AccessPolicy = {
  right: ({ subject }, _, action) =>
    subject !== "staff" || (action === "read" && ((record) => "text" in record && record.text !== "secret")),
};

describe.each(engines)("a record that cannot be read on %s", (_, make) => {
  let engine: Engine;
  let db: Database;
  let raw: RawRows;
  beforeAll(async () => {
    engine = await make();
    raw = new RawRows(engine);
    db = await open({ engine, entities: [Note], roles: policy });
  });
  afterAll(async () => {
    await db.close();
    await engine.close();
  });

  const noteOf = (id: number) => ({ id, text: `t${id}`, size: id / 2, tags: ["all"] });
  const populated = async (records: number) => {
    const { id } = await db.tenants.provision({ name: "populated" });
    const notes = db.tenant(id).repository(Note);
    await notes.createMany(Array.from({ length: records }, (_, at) => noteOf(at)));
    return { id, tenant: db.tenant(id), notes };
  };
  const all = async <T>(rows: AsyncIterable<T>): Promise<T[]> => {
    const found: T[] = [];
    for await (const row of rows) found.push(row);
    return found;
  };
  const named = (n: number) =>
    expect.objectContaining({
      code: "VALUE_CORRUPT",
      details: expect.objectContaining({ entity: "note", id: `${n}` }),
    });
  const ids = (records: readonly { readonly id: number }[]): number[] => records.map(({ id }) => id);

  /** Six notes of which 1 is cut, 4 has lost a chunk, and 3 is gone without its index entries. */
  const broken = async () => {
    const { id, tenant, notes } = await populated(6);
    await notes.put({ ...noteOf(4), rest: "x".repeat(150_000) });
    await raw.damage(id, 1, cut);
    await raw.damage(id, 4, (row) => row.map((byte, at) => (at === row.length - 1 ? byte ^ 1 : byte)));
    await raw.damage(id, 3, undefined);
    return { id, tenant, notes };
  };

  test("is an error that names it, to every method that reads it", async () => {
    const { tenant, notes } = await broken();
    for (const read of [
      () => notes.list(),
      () => notes.list({ reverse: true, from: 0, to: 2 }),
      () => notes.first({ from: 1 }),
      () => notes.page({ size: 2 }),
      () => all(notes.scan()),
      () => all(notes.scanAll()),
      () => notes.getMany([0, 1]),
      () => notes.transform({}, () => undefined),
      () => notes.deleteWhere({}, () => false),
      () => tenant.transact((tx) => tx.repository(Note).list()),
      () => tenant.read((tx) => tx.repository(Note).list({ index: "byText", to: "t2" })),
    ]) {
      await expect(read()).rejects.toThrow(named(1));
    }
    await expect(notes.list({ from: 4 })).rejects.toThrow(named(4));
    await expect(notes.getMany([4])).rejects.toThrow(named(4));
    const orphan = { code: "INDEX_CORRUPT", details: { entity: "note", index: "byText", id: "3" } };
    await expect(notes.list({ index: "byText", from: "t3" })).rejects.toMatchObject(orphan);
    await expect(notes.transform({ index: "byText", from: "t3" }, () => undefined)).rejects.toMatchObject(orphan);
    // What reads no record meets none.
    expect(await notes.count()).toBe(5);
    expect(await notes.list({ index: "bySize", select: ["id", "text"] })).toHaveLength(6);
    expect(await notes.has(1)).toBe(true);
    expect(await notes.get(0)).toMatchObject(noteOf(0));
  });

  test("is passed over, and told once, by whoever is asked to", async () => {
    const { tenant, notes } = await broken();
    let told: UnreadableRecord[] = [];
    const onUnreadable = (record: UnreadableRecord): void => {
      told.push(record);
    };
    const heard = (): unknown => {
      const heardOf = told.map(({ entity: of, id, error }) => `${of} ${id} ${error.code}`);
      told = [];
      return heardOf;
    };
    const damaged = ["note 1 VALUE_CORRUPT", "note 4 VALUE_CORRUPT"];
    const through = ["note 1 VALUE_CORRUPT", "note 3 INDEX_CORRUPT", "note 4 VALUE_CORRUPT"];
    expect(ids(await notes.list({ onUnreadable }))).toEqual([0, 2, 5]);
    expect(heard()).toEqual(damaged);
    expect(ids(await notes.list({ onUnreadable, limit: 2, reverse: true }))).toEqual([5, 2]);
    expect(heard()).toEqual(["note 4 VALUE_CORRUPT"]);
    expect(ids(await notes.list({ onUnreadable, index: "byText" }))).toEqual([0, 2, 5]);
    expect(heard()).toEqual(through);
    expect(await notes.list({ onUnreadable, index: "byText", select: ["text"] })).toHaveLength(6);
    expect(heard()).toEqual([]);
    expect(await notes.first({ onUnreadable, from: 1 })).toMatchObject({ id: 2 });
    expect(heard()).toEqual(["note 1 VALUE_CORRUPT"]);
    expect(ids(await all(notes.scan({ onUnreadable, index: "byTag" })))).toEqual([0, 2, 5]);
    expect(heard()).toEqual(through);
    expect(ids(await all(notes.scanAll({ onUnreadable })))).toEqual([0, 2, 5]);
    expect(heard()).toEqual(damaged);
    expect(await notes.getMany([5, 4, 3, 2, 1], { onUnreadable })).toMatchObject([
      { id: 5 },
      undefined,
      undefined,
      { id: 2 },
      undefined,
    ]);
    expect(heard()).toEqual(damaged.toReversed());
    expect(await notes.count({ onUnreadable })).toBe(5);
    expect(ids(await tenant.read((tx) => tx.repository(Note).list({ onUnreadable })))).toEqual([0, 2, 5]);
    expect(ids(await tenant.transact((tx) => tx.repository(Note).list({ onUnreadable })))).toEqual([0, 2, 5]);
    expect(heard()).toEqual([...damaged, ...damaged]);

    const grown = await notes.transform({}, (note) => ({ ...note, size: 9 }), { onUnreadable, name: "grow" });
    expect(grown).toEqual({ examined: 3, changed: 3, done: true });
    expect(heard()).toEqual(damaged);
    const gone = await notes.deleteWhere({ index: "byText" }, ({ id }) => id > 1, { onUnreadable });
    expect(gone).toEqual({ examined: 3, changed: 2, done: true });
    expect(heard()).toEqual(through);
    expect(ids(await notes.list({ onUnreadable }))).toEqual([0]);
  });

  test("takes no place in a page", async () => {
    const { notes } = await broken();
    let told = 0;
    const query = { size: 2, onUnreadable: () => void told++ } as const;
    const first = await notes.page(query);
    const second = await notes.page({ ...query, cursor: first.next });
    expect([ids(first.items), ids(second.items), second.next, told]).toEqual([[0, 2], [5], undefined, 2]);
    const back = await notes.page({ ...query, cursor: second.previous });
    expect(ids(back.items)).toEqual([0, 2]);
    const through = await notes.page({ ...query, index: "byText", reverse: true });
    expect(ids(through.items)).toEqual([5, 2]);
  });

  test("is left out beside what a subject may not see", async () => {
    const { id, notes } = await populated(4);
    await notes.put({ id: 0, text: "secret" });
    await raw.damage(id, 2, cut);
    const staff = db.tenant(id, { context: { tenant: id, subject: "staff", roles: [] } }).repository(Note);
    const told: UnreadableRecord[] = [];
    const onUnreadable = (record: UnreadableRecord): void => void told.push(record);
    await expect(staff.list()).rejects.toThrow(named(2));
    await expect(staff.count()).rejects.toThrow(named(2));
    expect(ids(await staff.list({ onUnreadable }))).toEqual([1, 3]);
    expect(await staff.count({ onUnreadable })).toBe(2);
    expect(told.map((one) => one.id)).toEqual(["2", "2"]);
  });

  test("ends the reading where who is told of it throws", async () => {
    const { tenant, notes } = await broken();
    const stop = new Error("stop");
    const onUnreadable = (): never => {
      throw stop;
    };
    for (const read of [
      () => notes.list({ onUnreadable }),
      () => notes.page({ size: 3, onUnreadable }),
      () => notes.getMany([1], { onUnreadable }),
      () => all(notes.scan({ onUnreadable })),
      () => notes.transform({}, () => undefined, { onUnreadable }),
      () => all(tenant.export({ onUnreadable })),
    ]) {
      await expect(read()).rejects.toBe(stop);
    }
  });

  test("is left out of an export, which says so in its last line, and an import of it as well", async () => {
    const { tenant } = await broken();
    const told: UnreadableRecord[] = [];
    const progress: unknown[] = [];
    const lines = await all(
      tenant.export({ onUnreadable: (record) => told.push(record), onProgress: (at) => progress.push(at) }),
    );
    expect(told.map((one) => one.id)).toEqual(["1", "4"]);
    expect(progress.at(-1)).toEqual({ records: 3, unreadable: 2 });
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ end: true, records: 3, unreadable: 2 });
    const { id } = await db.tenants.provision({ name: "copy" });
    expect(await db.tenant(id).import(lines)).toEqual({ records: 3, unreadable: 2 });
    expect(ids(await db.tenant(id).repository(Note).list())).toEqual([0, 2, 5]);
    expect(await all(tenant.export())).toEqual(lines);
  });

  test("is left by a sweep and by a recount, which tell of it and do the rest", async () => {
    const { id, tenant, notes } = await populated(3);
    for (const n of [0, 1]) await notes.put({ ...noteOf(n), until: new Date(1_000 + n) });
    await raw.damage(id, 1, cut);
    expect(await tenant.sweep()).toEqual({ removed: 1, failed: 1 });
    await expect(notes.recount()).rejects.toMatchObject({
      code: "RECORD_UNCOUNTED",
      details: { entity: "note", id: "1" },
    });
    await notes.delete(1);
    await notes.recount();
    expect(await tenant.sweep()).toEqual({ removed: 0, failed: 0 });
    await notes.verify({ repair: true });
    expect(await notes.verify()).toEqual([]);
    expect(await notes.aggregate("all")).toBe(1);
  });

  test("is named by a migration, which upgrades the others and builds what it can once it is dealt with", async () => {
    const { id } = await populated(4);
    await raw.damage(id, 2, cut);
    const next = entity("note", {
      version: 2,
      schema: Note.schema.extend({ extra: z.string() }),
      id: ["id"],
      indexes: { byExtra: { fields: ["extra"] } },
      migrations: { 1: { schema: Note.schema, up: (note) => ({ ...note, extra: `e${note.id}` }) } },
    });
    const later = await open({ engine, entities: [next] });
    const report = await later.migrate({ tenants: [id] });
    expect(report.failures).toMatchObject([{ tenant: id, entity: "note", id: "2", error: { code: "VALUE_CORRUPT" } }]);
    const there = later.tenant(id).repository(next);
    await expect(there.list({ index: "byExtra" })).rejects.toMatchObject({ code: "INDEX_NOT_READABLE" });
    expect(await there.list({ onUnreadable: () => {} })).toMatchObject([0, 1, 3].map((n) => ({ extra: `e${n}` })));
    await there.delete(2);
    expect(await later.migrate({ tenants: [id] })).toMatchObject({ failures: [] });
    expect(await there.list({ index: "byExtra" })).toHaveLength(3);
    await later.close();
  });

  test("whatever its bytes, is no other record's trouble, here or in the tenant next door", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(changes), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 4 }),
        async (plan, size) => {
          const { id, tenant, notes } = await populated(plan.length);
          const neighbour = await populated(plan.length);
          const damaged = new Set<string>();
          const whole = new Set<number>();
          for (const [n, change] of plan.entries()) {
            if (change === null) whole.add(n);
            else {
              await raw.damage(id, n, change);
              // One that says that it has expired is not there, whatever else it says.
              const hasExpired = (row: Uint8Array): boolean => Number(expiryOfRecord(row)) <= Date.now();
              await raw.damage(id, n, (row) => (hasExpired(row) ? Uint8Array.of() : row));
              if ((await raw.condition(id, n)) !== "record") damaged.add(`${n}`);
            }
          }
          const told = new Set<string | undefined>();
          const onUnreadable = (record: UnreadableRecord): void => void told.add(record.id);
          const check = (found: readonly object[]): void => {
            const seen = found.filter(
              (note) =>
                "id" in note && whole.has(Number(note.id)) && "text" in note && note.text === `t${Number(note.id)}`,
            );
            expect(seen.length).toBeGreaterThanOrEqual(whole.size);
            expect([...told].sort()).toEqual([...damaged].sort());
            told.clear();
          };
          check(await notes.list({ onUnreadable }));
          check(await notes.list({ onUnreadable, reverse: true }));
          check(await all(notes.scan({ onUnreadable, index: "byText" })));
          const paged: object[] = [];
          for (let cursor: string | undefined, more = true; more; ) {
            const page = await notes.page({ size, onUnreadable, cursor });
            paged.push(...page.items);
            cursor = page.next;
            more = cursor !== undefined;
          }
          check(paged);
          const lines = await all(tenant.export({ onUnreadable }));
          check(lines.map((line) => JSON.parse(line).record ?? {}));
          await notes.transform({}, () => undefined, { onUnreadable });
          expect([...told].sort()).toEqual([...damaged].sort());
          expect(ids(await neighbour.notes.list())).toHaveLength(plan.length);
        },
      ),
      { numRuns: runs(25) },
    );
  });
});
