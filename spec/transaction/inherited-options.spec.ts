/** Options between the library's own parts: what all objects have been given counts for none of them. In a process of its own. */
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { entity, memory, open } from "../../lib/index.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string() }),
  id: ["id"],
  indexes: { byText: { fields: ["text"] } },
  aggregates: { perText: { count: true, by: ["text"] } },
});

const common = Object.prototype as unknown as Record<string, unknown>;
const names = ["reverse", "snapshot", "limit", "mode", "targetBytes", "iteration"];
afterEach(() => {
  for (const name of names) delete common[name];
});

const all = async (items: AsyncIterable<unknown>): Promise<unknown[]> => {
  const found: unknown[] = [];
  for await (const item of items) found.push(item);
  return found;
};

test.each([
  ["reverse", true],
  ["snapshot", true],
  ["targetBytes", 1],
  ["mode", "small"],
  ["mode", "no mode"],
  ["iteration", -1],
])("%s, set to %j on every object, changes nothing", async (name, value) => {
  const db = await open({ engine: memory(), entities: [Note], audit: {} });
  const tenant = db.tenant((await db.tenants.provision({ name: "Acme" })).id);
  const notes = tenant.repository(Note);
  const seen = async () => [
    await notes.list(),
    await notes.list({ index: "byText" }),
    await notes.count(),
    await notes.groups("perText"),
    await all(notes.scan()),
    await notes.page({ size: 100 }).then(({ items }) => items),
    await notes.recount(),
    await notes.verify(),
    await notes.transform({}, () => undefined, { name: "work" }),
    await all(tenant.export()),
    (await all(db.audit.entries(tenant.id))).length,
    await tenant.read((tx) => tx.repository(Note).list()),
  ];
  await notes.createMany(Array.from({ length: 300 }, (_, id) => ({ id, text: `${id % 3}` })));
  const before = await seen();
  common[name] = value;
  const after = await seen();
  delete common[name];
  expect(after).toEqual(before);
  await db.close();
});
