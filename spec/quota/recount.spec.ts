/** Recounting: finds what counters are wrong by, exactly, while writers go on, and puts it right. */
import { describe, expect, test } from "vitest";
import type { Engine } from "../../lib/engine/index.js";
import { open, type Tenant } from "../../lib/index.js";
import { Keyspace, subspaces } from "../../lib/keyspace/index.js";
import { encodeCounts } from "../../lib/quota/usage/count.js";
import { faulty } from "../../lib/testing/index.js";
import { pack, type TupleElement } from "../../lib/tuple/index.js";
import { codeOf } from "../transaction/fixture.js";
import { Note, note, openStage, Tag, usedOf } from "./stage.js";

/** Adds to a stored counter, past everything. */
async function plant(
  engine: Engine,
  { id }: Tenant,
  key: readonly TupleElement[],
  deltas: readonly number[],
): Promise<void> {
  const transaction = engine.begin();
  transaction.atomic(
    "add",
    new Keyspace().tenant(id).absolute(pack([subspaces.usage, 1, ...key])),
    encodeCounts(deltas),
  );
  await transaction.commit();
}

const driftOf = (found: readonly { resource: string; drift: number }[]): Record<string, number> =>
  Object.fromEntries(found.filter(({ drift }) => drift !== 0).map(({ resource, drift }) => [resource, drift]));

describe("a recount", () => {
  test("finds and repairs planted drift in several batches while writers change what it has passed and what it has not", async () => {
    await using stage = await openStage({ some: { entities: { note: { records: 5_000 } }, resources: { seats: 9 } } });
    const tenant = await stage.tenant("some");
    const notes = tenant.repository(Note);
    for (let from = 0; from < 1_600; from += 800) {
      await notes.createMany(Array.from({ length: 800 }, (_, i) => note(2 * (from + i), 20)));
    }
    await tenant.repository(Tag).create({ id: 1 });
    await tenant.quotas.claims("seats").claim("ada");
    await plant(stage.engine, tenant, [1, "note"], [-7, 1_000]);
    await plant(stage.engine, tenant, [3, "seats"], [3]);

    let counting = true;
    let changes = 0;
    const writer = async (first: number): Promise<void> => {
      for (let n = first; counting; n += 37) {
        const id = n % 3_300;
        if (n % 3 === 0) await notes.delete(id);
        else await notes.put(note(id, n % 50));
        changes++;
      }
    };
    const writers = [1, 1_000, 2_000, 3_000].map(writer);
    // Slow reads, so that writers get in between.
    const engine = faulty(stage.engine, { seed: 3, rates: { slowRead: 0.5 }, delayMs: 6 });
    const slow = await stage.another(engine);
    const found = await slow.quotas.recount(tenant.id);
    const before = changes;
    const drifts: Record<string, number>[] = [];
    do drifts.push(driftOf(await slow.quotas.recount(tenant.id)));
    while (changes < 200);
    counting = false;
    await Promise.all(writers);
    expect(driftOf(found)).toEqual({ "records:note": 7, "bytes:note": -1_000, seats: -3 });
    expect(before).toBeGreaterThan(20);
    for (const drift of drifts) expect(drift).toEqual({});
    const report = await tenant.quotas.usage();
    expect(usedOf(report, "records:note")).toBe(await notes.count());
    expect(found.find(({ resource }) => resource === "seats")?.used).toBe(1);
  });

  test("counts all rows of large records, and nothing of what is no record", async () => {
    await using stage = await openStage({ none: {} });
    const tenant = await stage.tenant("none");
    const notes = tenant.repository(Note);
    await notes.createMany([note(1, 250_000), note(2), note(3, 120_000)]);
    await notes.put(note(3, 240_000));
    await notes.put(note(1, 5));
    await tenant.members.add("ada", []);
    const report = await tenant.quotas.usage();
    expect(usedOf(report, "bytes:note")).toBeGreaterThan(240_000);
    expect(usedOf(report, "bytes:note")).toBeLessThan(250_000);
    expect(usedOf(report, "storageBytes")).toBe(usedOf(report, "bytes:note"));
    expect(driftOf(await stage.db.quotas.recount(tenant.id))).toEqual({});
    const { begin, end } = new Keyspace().tenant(tenant.id).within(pack([subspaces.usage, 1]));
    const at = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
    expect((await stage.engine.begin().getRange(at(begin), at(end))).rows).toHaveLength(1);
  });

  test("only looks when asked to, and puts hard limits right with the counters", async () => {
    await using stage = await openStage({ ten: { entities: { note: { records: 10 } } } });
    const tenant = await stage.tenant("ten");
    const notes = tenant.repository(Note);
    await notes.createMany([1, 2, 3].map((id) => note(id)));
    // Written without quotas: not counted.
    const bare = await open({ engine: stage.engine, entities: [Note] });
    await bare
      .tenant(tenant.id)
      .repository(Note)
      .createMany([4, 5, 6, 7, 8, 9].map((id) => note(id)));
    await bare.close();
    const looked = await stage.db.quotas.recount(tenant.id, { repair: false });
    expect(driftOf(looked)["records:note"]).toBe(6);
    expect(usedOf(await tenant.quotas.usage(), "records:note")).toBe(3);
    await stage.db.quotas.recount(tenant.id);
    expect(usedOf(await tenant.quotas.usage(), "records:note")).toBe(9);
    await notes.create(note(10));
    expect(await codeOf(notes.create(note(11)))).toBe("QUOTA_EXCEEDED");
    expect(driftOf(await stage.db.quotas.recount(tenant.id))).toEqual({});
  });

  test("gives way to one that began later, and can be aborted", async () => {
    await using stage = await openStage({ none: {} });
    const tenant = await stage.tenant("none");
    await tenant.repository(Note).createMany(Array.from({ length: 900 }, (_, id) => note(id)));
    const both = await Promise.all([1, 2].map(() => codeOf(stage.db.quotas.recount(tenant.id))));
    expect(both.every((code) => code === undefined || code === "QUOTA_RECOUNT_SUPERSEDED")).toBe(true);
    expect(both).toContain(undefined);
    expect(await codeOf(stage.db.quotas.recount(tenant.id, { signal: AbortSignal.abort() }))).toBe(
      "TRANSACTION_ABORTED",
    );
    expect(driftOf(await stage.db.quotas.recount(tenant.id))).toEqual({});
  });
});
