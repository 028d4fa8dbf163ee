/** Opening with other definitions: what just works, what is refused, and what is said of it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import { type AnyEntity, entity, type ObjectSchema } from "../../lib/schema/index.js";
import { newTenantId } from "../../lib/tenant/index.js";
import { recording } from "../../lib/testing/index.js";
import { untold } from "../engine/with-capabilities.js";

const id = newTenantId();
const city = (schema: ObjectSchema, more: object = {}): AnyEntity =>
  entity("city", { version: 1, schema, id: ["id"], ...more } as never);
const fields = { id: z.int(), name: z.string(), at: z.object({ lat: z.number() }).nullable() };
const Before = city(z.object(fields), { indexes: { byName: { fields: ["name"] } } });

let engine: Engine;
beforeEach(async () => {
  engine = await openEngine(memory());
  const db = await open({ engine, entities: [Before] });
  expect(db.schemaChanges).toEqual([{ entity: "city", kind: "entityAdded", name: undefined, version: 1, safe: true }]);
  await db.tenants.provision({ name: "t", id });
  await db
    .tenant(id)
    .repository(Before)
    .createMany([
      { id: 1, name: "Paris", at: { lat: 48.85 } },
      { id: 2, name: "Nowhere", at: null },
    ]);
});
afterEach(() => engine.close());

const kinds = (changes: readonly { kind: string; name: string | undefined }[]): string[] =>
  changes.map(({ kind, name }) => (name === undefined ? kind : `${kind} ${name}`)).sort();

/** What `open` makes of other definitions. */
async function changesWith(...entities: AnyEntity[]): Promise<{ readonly unsafe: string[]; readonly safe: string[] }> {
  try {
    const db = await open({ engine, entities });
    return { unsafe: [], safe: kinds(db.schemaChanges) };
  } catch (error) {
    expect(error).toMatchObject({ code: "SCHEMA_INCOMPATIBLE" });
    const { changes } = (error as { details: { changes: { kind: string; name: string | undefined }[] } }).details;
    return { unsafe: kinds(changes), safe: [] };
  }
}

describe("fields", () => {
  test("of the common kinds are added, moved and removed without a word, and records of before read and go on", async () => {
    const After = entity("city", {
      version: 1,
      schema: z.object({
        mayor: z.string().optional(),
        at: z.object({ lon: z.number().default(0), lat: z.number(), note: z.string().nullable() }).nullable(),
        since: z.date().nullable(),
        id: z.int(),
        tags: z.array(z.string()).default([]),
      }),
      id: ["id"],
    });
    const db = await open({ engine, entities: [After] });
    expect(kinds(db.schemaChanges)).toEqual([
      "fieldAdded at.lon",
      "fieldAdded at.note",
      "fieldAdded mayor",
      "fieldAdded since",
      "fieldAdded tags",
      "fieldRemoved name",
      "indexRemoved byName",
    ]);
    expect(db.schemaChanges.every(({ safe }) => safe)).toBe(true);
    const cities = db.tenant(id).repository(After);
    expect(await cities.list()).toEqual([
      { id: 1, at: { lat: 48.85, lon: 0, note: null }, since: null, tags: [] },
      { id: 2, at: null, since: null, tags: [] },
    ]);
    expect(await cities.patch(1, { mayor: "Anne" })).toMatchObject({ id: 1, mayor: "Anne", tags: [] });
    expect(await cities.get(1)).toMatchObject({ mayor: "Anne", at: { lat: 48.85, lon: 0, note: null } });

    // What has to be there for the program of before is not there any more: it is not started again beside this one.
    expect((await changesWith(Before)).unsafe).toEqual(["fieldRequired name"]);
  });

  test("a program that was open before the change refuses the newer records and leaves them alone", async () => {
    const older = await open({ engine, entities: [Before] });
    const After = entity("city", {
      version: 1,
      schema: z.object({ ...fields, mayor: z.string().optional() }),
      id: ["id"],
    });
    const db = await open({ engine, entities: [After] });
    await db.tenant(id).repository(After).patch(1, { mayor: "Anne" });
    const cities = older.tenant(id).repository(Before);
    await expect(cities.get(1 as never)).rejects.toMatchObject({ code: "VALUE_LAYOUT_UNKNOWN" });
    await expect(cities.patch(1 as never, { name: "x" } as never)).rejects.toMatchObject({
      code: "VALUE_LAYOUT_UNKNOWN",
    });
    expect(await cities.get(2 as never)).toMatchObject({ name: "Nowhere" });
    expect(await db.tenant(id).repository(After).get(1)).toMatchObject({ mayor: "Anne", name: "Paris" });
  });

  test.each<[string, ObjectSchema, string[]]>([
    ["a required field", z.object({ ...fields, mayor: z.string() }), ["fieldRequired mayor"]],
    ["another kind", z.object({ ...fields, name: z.int() }), ["typeChanged name"]],
    ["null no more", z.object({ ...fields, at: z.object({ lat: z.number() }) }), ["nullForbidden at"]],
    [
      "all of it, nested too",
      z.object({ id: z.int(), name: z.string(), at: z.object({ lat: z.string(), lon: z.number() }), x: z.date() }),
      ["fieldRequired at.lon", "fieldRequired x", "nullForbidden at", "typeChanged at.lat"],
    ],
  ])("%s is refused before anything is written, all at once", async (_name, schema, unsafe) => {
    expect(await changesWith(city(schema))).toEqual({ unsafe, safe: [] });
    expect((await open({ engine, entities: [Before] })).schemaChanges).toEqual([]);
  });

  test("which ones were unsafe is told when asked to report, and the records that do not fit are refused one by one", async () => {
    const After = city(
      z.object({ id: z.int(), name: z.string(), at: z.object({ lat: z.number() }), mayor: z.string() }),
    );
    const db = await open({ engine, entities: [After], schemaCheck: "report" });
    expect(db.schemaChanges.filter(({ safe }) => !safe).map(({ kind }) => kind)).toEqual([
      "nullForbidden",
      "fieldRequired",
    ]);
    await expect(
      db
        .tenant(id)
        .repository(After)
        .get(1 as never),
    ).rejects.toMatchObject({ code: "VALUE_LAYOUT_UNKNOWN" });
    await expect(open({ engine, entities: [After], schemaCheck: "no" as never })).rejects.toMatchObject({
      code: "DATABASE_OPTION_INVALID",
    });
  });

  test("a step makes it safe, for the layouts that its own version had", async () => {
    const schema = z.object({ id: z.int(), name: z.string(), mayor: z.string() });
    const migrations = (earlier: ObjectSchema) => ({
      1: { schema: earlier, up: ({ id: n, name }: never) => ({ id: n, name, mayor: "" }) },
    });
    const step = { version: 2, migrations: migrations(z.object(fields)) };
    expect(await changesWith(city(schema, { version: 2 }))).toEqual({ unsafe: ["fieldRequired mayor"], safe: [] });
    const wrong = { version: 2, migrations: migrations(z.object({ ...fields, name: z.bigint() })) };
    expect(await changesWith(city(schema, wrong))).toEqual({ unsafe: ["typeChanged name"], safe: [] });
    expect(await changesWith(city(schema, step))).toEqual({
      unsafe: [],
      safe: ["indexRemoved byName", "versionRaised"],
    });
    // The older program may open beside it, and leaves the newer definition as it is.
    expect(await changesWith(Before)).toEqual({ unsafe: [], safe: ["indexAdded byName", "versionLowered"] });
    expect(await changesWith(city(schema, step))).toEqual({ unsafe: [], safe: [] });
  });

  test("a layout of long ago counts as well as the last", async () => {
    expect((await changesWith(city(z.object({ id: z.int(), name: z.string() })))).unsafe).toEqual([]);
    expect(await changesWith(city(z.object({ id: z.int(), name: z.string(), at: z.string().optional() })))).toEqual({
      unsafe: ["nullForbidden at", "typeChanged at"],
      safe: [],
    });
  });
});

test("another id is refused, whatever the steps", async () => {
  const schema = z.object(fields);
  const other = entity("city", { version: 1, schema, id: ["name"] });
  expect(await changesWith(other as never)).toEqual({ unsafe: ["idChanged name"], safe: [] });
});

test("indexes and entities that come, go and change are told of", async () => {
  const change = (indexes: object): Promise<unknown> => changesWith(city(z.object(fields), { indexes }));
  expect(await change({ byName: { fields: ["name"], unique: true }, byLat: { fields: ["at.lat"] } })).toEqual({
    unsafe: [],
    safe: ["indexAdded byLat", "indexChanged byName"],
  });
  expect(await change({ byName: { fields: ["name"], unique: true, revision: 2 } })).toEqual({
    unsafe: [],
    safe: ["indexChanged byName", "indexRemoved byLat"],
  });
  const other = entity("other", { version: 4, schema: z.object({ id: z.int() }), id: ["id"] });
  expect(await changesWith(other as never)).toEqual({ unsafe: [], safe: ["entityAbsent", "entityAdded"] });
});

test("opening costs one get and one range read, and writes only what is new", async () => {
  const watched = recording(untold(engine));
  const calls = async (...entities: AnyEntity[]): Promise<string[]> => {
    watched.take();
    await open({ engine: watched, entities });
    const counted = watched.take().filter(({ kind }) => kind === "asked" || kind === "written");
    // Old markers are cleared now and then.
    return counted.map(({ operation }) => operation).filter((operation) => operation !== "clearRange");
  };
  expect(await calls(Before)).toEqual(["get", "getRange"]);
  expect(await calls()).toEqual(["get"]);
  const grown = city(z.object({ ...fields, mayor: z.string().optional() }));
  expect(await calls(grown)).toEqual(["get", "getRange", "set", "set", "setVersionstampedValue"]);
  expect(await calls(grown)).toEqual(["get", "getRange"]);
});
