/**
 * Verifying goes past damaged rows, and a repair leaves indexes that lead to what can be read and to nothing else.
 * Left out of the quick run.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import type { Engine } from "../../lib/engine/index.js";
import { indexPrefix, Keyspace } from "../../lib/keyspace/index.js";
import { open } from "../../lib/open.js";
import type { UnreadableRecord } from "../../lib/repository/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { faulty } from "../../lib/testing/index.js";
import { concatBytes, pack } from "../../lib/tuple/index.js";
import { runs } from "../runs.js";
import { type Change, changes, cut, engines, Note, RawRows } from "./damage.js";
import { impatient, rates } from "./fault-mix.js";

describe.each(engines)("verify on %s", (_, make) => {
  let engine: Engine;
  let db: Database;
  let raw: RawRows;
  beforeAll(async () => {
    engine = await make();
    raw = new RawRows(engine);
    db = await open({ engine, entities: [Note] });
  });
  afterAll(async () => {
    await db.close();
    await engine.close();
  });

  const fresh = async () => {
    const { id } = await db.tenants.provision({ name: "fresh" });
    return { id, notes: db.tenant(id).repository(Note) };
  };
  /** Records whose indexes have something to lose. */
  const noteOf = (id: number) => ({ id, text: `t${id}`, size: id / 2, tags: ["all", `tag ${id % 3}`] });
  const populated = async (records: number) => {
    const { id, notes } = await fresh();
    await notes.createMany(Array.from({ length: records }, (_, at) => noteOf(at)));
    return { id, notes };
  };
  const entryKey = (tenant: TenantId, index: string, values: Parameters<typeof pack>[0]): Uint8Array =>
    new Keyspace().tenant(tenant).absolute(concatBytes(indexPrefix("note", index), pack(values)));
  const write = async (key: Uint8Array, value: Uint8Array | undefined): Promise<void> => {
    const transaction = engine.begin();
    if (value === undefined) transaction.clear(key);
    else transaction.set(key, value);
    await transaction.commit();
  };

  test("names each row that cannot be read, and goes on with the others", async () => {
    const { id, notes } = await populated(6);
    await raw.damage(id, 0, cut);
    await raw.damage(id, 1, () => Uint8Array.of(0x20, 1, 2, 3, 4, 5, 6, 7));
    await raw.damage(id, 2, (row) => row.map((byte, at) => (at === 1 ? byte ^ 1 : byte)));
    await raw.damage(id, 3, (row) => row.map((byte, at) => (at === 5 ? 2 : byte)));
    const junk = concatBytes(raw.key(id, 9), Uint8Array.of(0x15, 1));
    await write(junk, Uint8Array.of(1));
    const found = await notes.verify();
    expect(found.filter(({ part }) => part === "record")).toEqual([
      { part: "record", kind: "damaged", id: 0, code: "VALUE_CORRUPT" },
      { part: "record", kind: "damaged", id: 1, code: "VALUE_FORMAT_UNKNOWN" },
      { part: "record", kind: "unknown", id: 2, code: "VALUE_LAYOUT_UNKNOWN" },
      { part: "record", kind: "unknown", id: 3, code: "VALUE_VERSION_NEWER" },
      { part: "record", kind: "damaged", id: undefined, code: "VALUE_CORRUPT" },
    ]);
    expect(found.filter(({ part }) => part !== "record")).toEqual([
      { part: "aggregate", kind: "wrong", aggregate: "all", values: [], stored: 6n, counted: 2n },
    ]);
    expect(await db.tenant(id).read((tx) => tx.repository(Note).verify())).toEqual(found);
  });

  test("finds a record under another's key, and one with values that have no place", async () => {
    const { id, notes } = await populated(3);
    const other = await raw.row(id, 2);
    await raw.damage(id, 1, () => other ?? Uint8Array.of());
    // A number where the text was.
    const at = (await raw.row(id, 0))?.indexOf(0xa2) ?? -1;
    await raw.damage(id, 0, (row) => Uint8Array.from([...row.subarray(0, at), 7, ...row.subarray(at + 3)]));
    const found = await notes.verify();
    expect(found.filter(({ part }) => part === "record")).toEqual([
      { part: "record", kind: "unfit", id: 0, code: "KEY_VALUE_INVALID" },
      { part: "record", kind: "misplaced", id: 1, code: undefined },
    ]);
  });

  test("with repair, leaves no entry of what is gone or damaged, and blocks no unique value with it", async () => {
    const { id, notes } = await populated(4);
    await raw.damage(id, 0, undefined);
    await raw.damage(id, 1, cut);
    await raw.damage(id, 2, cut);
    await notes.delete(2);
    await expect(notes.create({ id: 10, text: "t0" })).rejects.toMatchObject({ code: "UNIQUE_VIOLATION" });
    await expect(notes.list({ index: "bySize" })).rejects.toMatchObject({ code: "INDEX_CORRUPT" });

    const repaired = await notes.verify({ repair: true });
    const told = repaired.flatMap((one) =>
      "repaired" in one ? `${one.index} ${one.kind} ${one.id} ${one.repaired}` : [],
    );
    const all = (kind: string, of: number) => [`bySize ${kind} ${of} true`, `byText ${kind} ${of} true`];
    const tags = (kind: string, of: number) => Array.from({ length: 2 }, () => `byTag ${kind} ${of} true`);
    expect(told.sort()).toEqual(
      [
        ...[...all("orphan", 0), ...tags("orphan", 0)],
        ...[...all("damaged", 1), ...tags("damaged", 1)],
        ...[...all("orphan", 2), ...tags("orphan", 2)],
      ].sort(),
    );
    expect(await notes.verify()).toEqual([
      { part: "record", kind: "damaged", id: 1, code: "VALUE_CORRUPT" },
      expect.objectContaining({ part: "aggregate", kind: "wrong" }),
    ]);
    for (const index of ["byText", "bySize"] as const) {
      expect(await notes.list({ index, select: ["id"] })).toEqual([{ id: 3 }]);
    }
    await notes.createMany([0, 1, 2].map((n) => ({ id: 10 + n, text: `t${n}` })));
    // The damaged row itself stays until somebody decides about it.
    await expect(notes.get(1)).rejects.toMatchObject({ code: "VALUE_CORRUPT" });
    await notes.delete(1);
    await notes.recount();
    expect(await notes.verify()).toEqual([]);
  });

  test("with repair, gives readable records what their place was taken from, and leaves duplicates as they are", async () => {
    const { id, notes } = await populated(4);
    const heldBy = (n: number) => Uint8Array.of(1, 0, pack([n]).length, ...pack([n]));
    await write(entryKey(id, "byText", ["t0"]), heldBy(77));
    await write(entryKey(id, "byText", ["t1"]), Uint8Array.of(9));
    await write(entryKey(id, "bySize", [1, 2]), Uint8Array.of(9));
    await write(entryKey(id, "byTag", ["all", 3]), undefined);
    await write(entryKey(id, "byTag", ["other", 3]), new Uint8Array());
    const repaired = await notes.verify({ repair: true });
    expect(repaired.every((one) => "repaired" in one && one.repaired)).toBe(true);
    expect(await notes.verify()).toEqual([]);
    for (let n = 0; n < 4; n++)
      expect(await notes.first({ index: "byText", equals: `t${n}` })).toMatchObject({ id: n });

    const other = await raw.row(id, 2);
    await raw.damage(id, 3, () => other ?? Uint8Array.of());
    const left = (await notes.verify({ repair: true })).filter((one) => "repaired" in one && !one.repaired);
    expect(left).toEqual([{ index: "byText", kind: "duplicate", id: 3, repaired: false }]);
  });

  test("with repair, keeps the entries of records that another program can read", async () => {
    const { id, notes } = await populated(2);
    await raw.damage(id, 1, (row) => row.map((byte, at) => (at === 5 ? 2 : byte)));
    expect(await notes.verify({ repair: true })).toMatchObject([{ kind: "unknown", id: 1 }, { part: "aggregate" }]);
    await raw.damage(id, 1, (row) => row.map((byte, at) => (at === 5 ? 1 : byte)));
    expect(await notes.verify()).toEqual([]);
  });

  test("with repair, works in batches beside writers", async () => {
    const { id, notes } = await populated(900);
    const transaction = engine.begin();
    for (let n = 0; n < 900; n += 2) transaction.clear(raw.key(id, n));
    await transaction.commit();
    const writing = (async () => {
      for (let n = 0; n < 60; n += 2) await notes.put({ ...noteOf(n), text: `again ${n}` });
    })();
    const repaired = await notes.verify({ repair: true });
    await writing;
    expect(repaired.length).toBeGreaterThan(1_000);
    await notes.verify({ repair: true });
    await notes.recount();
    expect(await notes.verify()).toEqual([]);
    expect(await notes.count({ index: "byText" })).toBe(480);
  });

  test("with repair, ends right where commits fail, and are applied though nobody is told", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { id, notes } = await populated(40);
        for (let n = 0; n < 40; n += 2) await raw.damage(id, n, n % 4 === 0 ? undefined : cut);
        // Of commits: a batch of reads has so many that one of them would fail each time.
        const ofCommits = { ...rates, tooOld: 0, futureVersion: 0, processBehind: 0 };
        const faults = faulty(engine, { seed, rates: ofCommits, delayMs: 2 });
        const troubled = await open({ engine: faults, entities: [Note], random: impatient });
        const told = new Set<string | undefined>();
        const work = { name: "grow", onUnreadable: ({ id: of }: UnreadableRecord) => void told.add(of) };
        const records = troubled.tenant(id).repository(Note);
        await records.transform({}, (note) => ({ ...note, size: note.size + 100 }), work);
        const repaired = await records.verify({ repair: true });
        expect(repaired.filter((one) => "repaired" in one && !one.repaired)).toEqual([]);
        await troubled.close();
        await faults.settled();
        expect([...told].map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, n) => 4 * n + 2));
        const left = await notes.verify();
        expect(left.filter(({ part }) => part !== "aggregate")).toHaveLength(10);
        expect(await notes.list({ index: "bySize", from: 100 })).toHaveLength(20);
      }),
      { numRuns: runs(4) },
    );
  });

  test("is repaired outside of transactions only, by whoever may update all", async () => {
    const { id, notes } = await populated(1);
    await expect(
      db.tenant(id).transact((tx) => tx.repository(Note).verify({ repair: true } as never)),
    ).rejects.toMatchObject({ code: "OPTION_UNKNOWN" });
    expect(await notes.verify({ repair: false })).toEqual([]);
  });

  interface Fate {
    readonly change: Change | undefined;
    readonly end: "leave" | "delete" | "put";
  }
  const fates: fc.Arbitrary<Fate | undefined> = fc.option(
    fc.record({
      change: fc.option(changes, { nil: undefined, freq: 6 }),
      end: fc.constantFrom("leave" as const, "delete" as const, "put" as const),
    }),
    { nil: undefined, freq: 2 },
  );

  test("and delete and put leave what the model says, whatever was damaged, and nothing of it next door", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fates, { minLength: 1, maxLength: 8 }), async (plan) => {
        const { id, notes } = await populated(plan.length);
        const neighbour = await populated(plan.length);
        const empty = await fresh();
        const untouched = await neighbour.notes.list();
        const expected = new Map<number, "record" | "damaged" | "unknown">();
        for (const [n, fate] of plan.entries()) {
          expected.set(n, "record");
          if (fate === undefined) continue;
          await raw.damage(id, n, fate.change);
          const condition = await raw.condition(id, n);
          if (condition === "none") expected.delete(n);
          else expected.set(n, condition);
          const options = condition === "unknown" ? { unreadable: true } : {};
          if (condition === "unknown" && fate.end !== "leave") {
            await expect(fate.end === "put" ? notes.put(noteOf(n)) : notes.delete(n)).rejects.toThrow();
          }
          if (fate.end === "put") {
            expect(await notes.put({ ...noteOf(n), text: `put ${n}` }, options)).toMatchObject({ text: `put ${n}` });
            expected.set(n, "record");
          }
          if (fate.end !== "delete" || condition === "none") continue;
          // One that says that it has expired is left to the sweep.
          if (await notes.delete(n, options)) expected.delete(n);
        }
        const found = await notes.verify({ repair: true });
        const kinds = new Map(
          found.flatMap((one) => (one.part === "record" || one.part === "chunks" ? [[one.id, one]] : [])),
        );
        for (const [n, condition] of expected) {
          expect(await raw.condition(id, n)).toBe(condition);
          if (condition !== "record") expect(kinds.has(n)).toBe(true);
        }
        const left = (await notes.verify()).filter((one) => one.index !== undefined && one.kind !== "duplicate");
        expect(left).toEqual([]);
        for (const index of ["byText", "byTag", "bySize"] as const) {
          const unknown = [...expected.values()].includes("unknown");
          if (!unknown) await notes.list({ index });
        }
        expect(await neighbour.notes.list()).toEqual(untouched);
        expect(await neighbour.notes.verify()).toEqual([]);
        expect(await empty.notes.verify({ repair: true })).toEqual([]);
        expect(await empty.notes.list()).toEqual([]);
      }),
      { numRuns: runs(25) },
    );
  });
});
