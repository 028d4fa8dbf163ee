/** `verifyOnRead`: what was stored under a looser schema is found, wherever a record is read. */
import { expect, test } from "vitest";
import { z } from "zod";
import { openEngine } from "../../lib/engine/index.js";
import { entity, memory, open } from "../../lib/index.js";

const city = (people: z.ZodInt) =>
  entity("city", {
    version: 1,
    schema: z.object({ id: z.int(), people }),
    id: ["id"],
    indexes: { byPeople: { fields: ["people"] } },
  });

test("finds records that a stricter schema refuses, and only when asked to", async () => {
  const engine = await openEngine(memory());
  const Loose = city(z.int());
  const before = await open({ engine, entities: [Loose] });
  const { id } = await before.tenants.provision({ name: "France" });
  await before
    .tenant(id)
    .repository(Loose)
    .createMany([
      { id: 1, people: 5 },
      { id: 2, people: -5 },
    ]);
  await before.close();

  const Strict = city(z.int().min(0));
  const after = await open({ engine, entities: [Strict] });
  const tenant = after.tenant(id);
  expect(await tenant.repository(Strict).get(2)).toEqual({ id: 2, people: -5 });

  const careful = tenant.repository(Strict, { verifyOnRead: true });
  const details = { entity: "city", id: "2", issues: [expect.objectContaining({ path: ["people"] })] };
  const refused = expect.objectContaining({ code: "STORED_RECORD_INVALID", family: "corrupt", details });
  expect(await careful.get(1)).toEqual({ id: 1, people: 5 });
  expect(await careful.list({ limit: 1 })).toHaveLength(1);
  for (const read of [
    () => careful.get(2),
    () => careful.require(2),
    () => careful.entry(2),
    () => careful.getMany([1, 2]),
    () => careful.list(),
    () => careful.list({ index: "byPeople" }),
    () => careful.page({ size: 2 }),
    () => careful.first({ from: 2 }),
    () => careful.patch(2, {}),
    () => tenant.read((tx) => tx.repository(Strict, { verifyOnRead: true }).get(2)),
    () => tenant.transact((tx) => tx.repository(Strict, { verifyOnRead: true }).get(2)),
    async () => {
      for await (const _ of careful.scan());
    },
  ]) {
    await expect(read()).rejects.toEqual(refused);
  }
  expect(await careful.has(2)).toBe(true);

  // Its index entry is in order, as long as it is there.
  const unfit = { part: "record", kind: "unfit", id: 2 };
  expect(await careful.verify({ repair: true })).toEqual([{ ...unfit, code: "STORED_RECORD_INVALID" }]);
  expect(await tenant.repository(Strict).verify({ repair: true })).toEqual([{ ...unfit, code: "KEY_VALUE_INVALID" }]);
  expect(await tenant.repository(Strict).list({ index: "byPeople" })).toHaveLength(2);

  // What is replaced or removed need not fit: its index entry goes with it.
  expect(await careful.put({ id: 2, people: 7 })).toEqual({ id: 2, people: 7 });
  expect(await careful.list({ index: "byPeople", select: ["people"] })).toEqual([{ people: 5 }, { people: 7 }]);
  expect(await careful.verify()).toEqual([]);
  await after.close();
  await engine.close();
});
