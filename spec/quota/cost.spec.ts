/** What counting costs: the engine's calls of one create, without quotas, counted, and under hard limits. */
import { expect, test } from "vitest";
import { memory, openEngine } from "../../lib/engine/index.js";
import { open, type QuotaPlan } from "../../lib/index.js";
import { Keyspace, subspaces } from "../../lib/keyspace/index.js";
import { recording } from "../../lib/testing/index.js";
import { compareBytes, pack } from "../../lib/tuple/index.js";
import { Note, note } from "./stage.js";

test.each<[string, QuotaPlan | undefined, gets: number, ranges: number]>([
  ["without quotas", undefined, 0, 0],
  ["when they are counted", {}, 1, 0],
  ["under a hard limit", { entities: { note: { records: 1_000 } } }, 2, 0],
  ["under two of one entity", { entities: { note: { records: 1_000, bytes: 1_000_000 } } }, 2, 0],
  ["and one of all bytes", { entities: { note: { records: 1_000 } }, storageBytes: 1_000_000 }, 3, 0],
  ["under a soft limit", { entities: { note: { records: { soft: 1_000 } } } }, 2, 0],
  ["under a soft limit of all bytes", { storageBytes: { soft: 1_000_000 } }, 1, 1],
])("a create %s", async (_, plan, gets, ranges) => {
  const engine = recording(await openEngine(memory()));
  const callsOf = async (quotas: QuotaPlan | undefined): Promise<[number, number]> => {
    const options = quotas === undefined ? {} : { quotas: { plans: { p: quotas }, defaultPlan: "p" } };
    const db = await open({ engine, entities: [Note], ...options });
    const { id } = await db.tenants.provision({ name: "Acme" });
    const notes = db.tenant(id).repository(Note);
    await notes.create(note(1));
    engine.take();
    await notes.create(note(2));
    const kinds = engine.take().flatMap(({ kind, operation }) => (kind === "asked" ? [operation] : []));
    await db.close();
    return [kinds.filter((kind) => kind === "get").length, kinds.filter((kind) => kind === "getRange").length];
  };
  const [bareGets, bareRanges] = await callsOf(undefined);
  const [ownGets, ownRanges] = await callsOf(plan);
  expect([ownGets - bareGets, ownRanges - bareRanges]).toEqual([gets, ranges]);
  await engine.close();
});

test("a change that leaves what is limited as it is does not touch what is left of it", async () => {
  const engine = recording(await openEngine(memory()));
  const quotas = { plans: { p: { entities: { note: { records: 1_000 } } } }, defaultPlan: "p" };
  await using db = await open({ engine, entities: [Note], quotas });
  const { id } = await db.tenants.provision({ name: "Acme" });
  const notes = db.tenant(id).repository(Note);
  await notes.create(note(1));
  const { begin, end } = new Keyspace().tenant(id).within(pack([subspaces.usage, 2]));
  const touched = (): number =>
    engine.take().filter((access) => compareBytes(access.begin, begin) >= 0 && compareBytes(access.begin, end) < 0)
      .length;
  engine.take();
  await notes.put(note(1, 50));
  expect(touched()).toBe(0);
  await notes.delete(1);
  expect(touched()).toBeGreaterThan(0);
});
