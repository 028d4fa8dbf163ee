/** Stores written by every earlier format and definition still open. */
import { expect, test } from "vitest";
import { memory, openEngine } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import * as first from "./first-definitions.js";
import { restore } from "./rows.js";

test("the first store opens with its own definitions", async () => {
  const engine = await openEngine(memory());
  await restore(engine, "first.jsonl");
  await using db = await open({ engine, entities: [first.City, first.Street] });
  const [one, other] = first.tenants.map((id) => db.tenant(id));
  const byId = [...first.cities].sort((a, b) => a.id - b.id);

  expect(await one?.repository(first.City).list()).toEqual(byId);
  expect(await one?.repository(first.City).entry(1)).toMatchObject({ revision: 1 });
  expect(await one?.repository(first.Street).list()).toEqual(first.streets);
  expect(await other?.repository(first.City).list()).toEqual([first.cities[1]]);
  expect(await other?.repository(first.Street).list()).toEqual([]);
  expect((await db.tenants.get(first.tenants[0]))?.name).toBe("tenant 0");

  await one?.repository(first.City).patch(1, { name: "Lutetia" });
  expect(await one?.repository(first.City).get(1)).toEqual({ ...first.cities[0], name: "Lutetia" });
  await engine.close();
});
