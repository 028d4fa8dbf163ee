/**
 * What a call leaves behind is garbage for the next small collection, and nothing that waits for a full one. In a
 * process of its own: what specs before it left would be collected, too.
 * Left out of the quick run.
 */
import { getHeapSpaceStatistics } from "node:v8";
import { expect, test } from "vitest";
import { z } from "zod";
import { entity, memory, open } from "../../lib/index.js";

const Visit = entity("visit", {
  version: 1,
  schema: z.object({ id: z.int(), name: z.string(), count: z.int() }),
  id: ["id"],
});

const visits = 100;
const callsAtOnce = 16;
const calls = 16_000;

const oldBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space")?.space_used_size ?? 0;

/** Bytes that outlived two small collections, by each of the calls: what full ones took away meanwhile is not undone. */
async function outlivingBytes(call: (number: number) => Promise<unknown>): Promise<number> {
  let outliving = 0;
  let before = oldBytes();
  for (let number = 0; number < calls; number += callsAtOnce) {
    await Promise.all(Array.from({ length: callsAtOnce }, (_, at) => call(number + at)));
    const now = oldBytes();
    outliving += Math.max(0, now - before);
    before = now;
  }
  return outliving / calls;
}

// One in flight outlives a collection now and then. Where something old refers to what comes after it (a set that is
// added to and deleted from, a generator function made for each commit), most of a call does, some thousand bytes.
const outlivingBytesMax = 800;

test.each([
  ["alone", {}],
  ["in fair turns", { fairness: { runningPerTenant: 4 } }],
])("an update %s leaves nothing behind", async (_, options) => {
  const db = await open({ engine: memory(), entities: [Visit], ...options });
  const { id } = await db.tenants.provision({ name: "Visited" });
  const repository = db.tenant(id).repository(Visit);
  await repository.createMany(Array.from({ length: visits }, (_, number) => ({ id: number, name: "visit", count: 0 })));
  const update = (number: number) =>
    repository.update(number % visits, (visit) => ({ ...visit, count: visit.count + 1 }));
  await outlivingBytes(update);
  expect(await outlivingBytes(update)).toBeLessThan(outlivingBytesMax);
  await db.close();
});
