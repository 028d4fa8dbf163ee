/** Migration steps: records of every earlier version read as the present one, and go on as such. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { memory, openEngine } from "../../../lib/engine/index.js";
import { open } from "../../../lib/open.js";
import { type AnyEntity, entity, type Infer, modelOf } from "../../../lib/schema/index.js";
import { recording } from "../../../lib/testing/index.js";

const when = z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() });
const First = z.object({ id: z.int(), name: z.string() });
const Second = z.object({ id: z.int(), title: z.string(), since: when });
const Third = z.object({ id: z.int(), title: z.string(), since: when, mayor: z.string().nullable() });

const one = entity("city", { version: 1, schema: First, id: ["id"], indexes: { byName: { fields: ["name"] } } });
const two = entity("city", { version: 2, schema: Second, id: ["id"] });
const three = entity("city", {
  version: 3,
  schema: Third,
  id: ["id"],
  indexes: { byTitle: { fields: ["title"], unique: true } },
  migrations: {
    1: { schema: First, up: ({ id, name }) => ({ id, title: name.toLowerCase(), since: new Date(0) }) },
    2: { schema: Second, up: (old) => ({ ...old, mayor: null }) },
  },
});

test("types follow from the schemas", () => {
  expectTypeOf<Infer<typeof three>>().toEqualTypeOf<{
    id: number;
    title: string;
    since: Date;
    mayor: string | null;
  }>();
  entity("city", {
    version: 2,
    schema: Second,
    id: ["id"],
    migrations: {
      1: {
        schema: First,
        up: (old) => {
          expectTypeOf(old).toEqualTypeOf<{ id: number; name: string }>();
          return { id: old.id, title: old.name, since: new Date(0) };
        },
      },
    },
  });
  entity("city", {
    version: 3,
    schema: Third,
    id: ["id"],
    // @ts-expect-error the first step leads to the second version, whose record has a title
    migrations: {
      1: { schema: First, up: (old) => old },
      2: { schema: Second, up: (old) => ({ ...old, mayor: null }) },
    },
  });
  entity("city", {
    version: 2,
    schema: Third,
    id: ["id"],
    // @ts-expect-error a mayor is missing
    migrations: { 1: { schema: First, up: ({ id }) => ({ id, title: "", since: new Date(0) }) } },
  });
});

describe("reading", () => {
  test("steps are chained from any version", () => {
    const model = modelOf(three);
    const [first, second] = [modelOf(one), modelOf(two)];
    const since = new Date("2001-02-03T04:05:06.000Z");
    expect(model.decodeRecord(first.encodeRecord({ id: 1, name: "Paris" }, 4))).toEqual({
      record: { id: 1, title: "paris", since: new Date(0), mayor: null },
      revision: 4,
      origin: { id: 1, name: "Paris" },
    });
    expect(model.decodeRecord(second.encodeRecord({ id: 2, title: "Lyon", since }, 1)).record).toEqual({
      id: 2,
      title: "Lyon",
      since,
      mayor: null,
    });
  });

  test("a step runs also where the layout stayed the same, and after an unstepped change of its own version", () => {
    const schema = z.object({ id: z.int(), cents: z.int() });
    const old = modelOf(entity("price", { version: 1, schema, id: ["id"] }));
    const wider = z.object({ id: z.int(), note: z.string().optional(), cents: z.int() });
    const later = modelOf(
      entity("price", {
        version: 2,
        schema,
        id: ["id"],
        migrations: { 1: { schema: wider, up: ({ id, cents }) => ({ id, cents: cents * 100 }) } },
      }),
    );
    const bytes = old.encodeRecord({ id: 1, cents: 5 }, 1);
    const knowing = later.knowing([old.history.current.codec.layout]);
    expect(knowing.decodeRecord(bytes).record).toEqual({ id: 1, cents: 500 });
    expect(knowing.decodeRecord(later.encodeRecord({ id: 1, cents: 5 }, 1)).record).toEqual({ id: 1, cents: 5 });
    // The step's own schema is a layout in its own right.
    expect(later.decodeRecord(bytes).record).toEqual({ id: 1, cents: 500 });
  });

  test("a record has the fields of the schema and no others, as if it had been written", () => {
    const Wide = z.object({ id: z.int(), gone: z.string(), in: z.object({ a: z.int(), gone: z.int() }) });
    const Narrow = z.object({ id: z.int(), in: z.object({ a: z.int() }), more: z.int() });
    const old = modelOf(entity("x", { version: 1, schema: Wide, id: ["id"] }));
    const migrations = { 1: { schema: Wide, up: (wide: z.infer<typeof Wide>) => ({ ...wide, more: 1 }) } };
    const model = modelOf(entity("x", { version: 2, schema: Narrow, id: ["id"], migrations }));
    const bytes = old.encodeRecord({ id: 1, gone: "g", in: { a: 2, gone: 3 } }, 1);
    expect(model.decodeRecord(bytes).record).toEqual({ id: 1, in: { a: 2 }, more: 1 });
  });

  test.each([
    [
      "threw",
      (): never => {
        throw new Error("no");
      },
    ],
    ["notARecord", () => null],
    ["notARecord", () => ({ id: 1, a: () => 1 })],
    ["notARecord", () => ({ id: 1 })],
    ["notARecord", () => Promise.resolve({ id: 1 })],
    ["idChanged", () => ({ id: 2 })],
  ])("a step that fails: %s", (reason, up) => {
    const schema = z.object({ id: z.int(), a: z.string() });
    const bytes = modelOf(entity("x", { version: 1, schema, id: ["id"] })).encodeRecord({ id: 1, a: "" }, 1);
    const model = modelOf(
      entity("x", { version: 2, schema, id: ["id"], migrations: { 1: { schema, up: up as never } } }),
    );
    expect(() => model.decodeRecord(bytes)).toThrow(
      expect.objectContaining({ code: "MIGRATION_STEP_FAILED", details: { entity: "x", version: 1, reason } }),
    );
  });
});

test("every way of reading upgrades, at the calls of any read, and writing stores the newest", async () => {
  const inner = await openEngine(memory());
  const engine = recording(inner);
  const before = await open({ engine, entities: [one] });
  const { id } = await before.tenants.provision({ name: "t" });
  const names = ["Paris", "Lyon", "Nice"];
  await before
    .tenant(id)
    .repository(one)
    .createMany(names.map((name, at) => ({ id: at, name })));
  const db = await open({ engine, entities: [three] });
  const cities = db.tenant(id).repository(three);
  const expected = names.map((name, at) => ({ id: at, title: name.toLowerCase(), since: new Date(0), mayor: null }));

  expect(await cities.get(0)).toEqual(expected[0]);
  expect(await cities.getMany([2, 1])).toEqual([expected[2], expected[1]]);
  expect(await cities.list()).toEqual(expected);
  expect((await cities.page({ size: 2 })).items).toEqual(expected.slice(0, 2));
  const scanned: unknown[] = [];
  for await (const city of cities.scan({ reverse: true })) scanned.push(city);
  expect(scanned).toEqual(expected.toReversed());
  await db.tenant(id).transact(async (tx) => {
    expect(await tx.repository(three).list({ limit: 1 })).toEqual([expected[0]]);
    await tx.repository(three).patch(1, { mayor: "M" });
    expect(await tx.repository(three).list()).toEqual([expected[0], { ...expected[1], mayor: "M" }, expected[2]]);
  });
  expect(await cities.entry(1)).toMatchObject({ revision: 2, record: { mayor: "M" } });
  expect(await db.tenant(id).repository(three, { verifyOnRead: true }).list()).toHaveLength(3);

  // The older program refuses what the newer one wrote, and reads the rest.
  const older = before.tenant(id).repository(one);
  await expect(older.get(1)).rejects.toMatchObject({ code: "VALUE_VERSION_NEWER" });
  await expect(older.patch(1, { name: "x" })).rejects.toMatchObject({ code: "VALUE_VERSION_NEWER" });
  await expect(older.put({ id: 1, name: "x" })).rejects.toMatchObject({ code: "VALUE_VERSION_NEWER" });
  await expect(older.delete(1)).rejects.toMatchObject({ code: "VALUE_VERSION_NEWER" });
  expect(await older.get(0)).toEqual({ id: 0, name: "Paris" });
  await db.close();
  await inner.close();
});

test("entries that a step moves follow when their record is written, wherever they were", async () => {
  const fields = { id: z.int(), name: z.string(), code: z.string() };
  const indexes = { byName: { fields: ["name"] }, byCode: { fields: ["code"], unique: true } } as const;
  const old = entity("item", { version: 1, schema: z.object(fields), id: ["id"], indexes });
  const now = entity("item", {
    version: 2,
    schema: z.object(fields),
    id: ["id"],
    indexes,
    migrations: {
      1: { schema: z.object(fields), up: (item) => ({ ...item, name: item.name.trim(), code: item.code.trim() }) },
    },
  });
  const engine = await openEngine(memory());
  const before = await open({ engine, entities: [old] });
  const { id } = await before.tenants.provision({ name: "t" });
  await before
    .tenant(id)
    .repository(old)
    .createMany([
      { id: 1, name: " a", code: " c" },
      { id: 2, name: " b", code: " d" },
      { id: 3, name: "c", code: "e" },
    ]);
  const db = await open({ engine, entities: [now] });
  const items = db.tenant(id).repository(now);
  await items.patch(1, {});
  await items.update(3, (item) => ({ ...item, name: "d" }));
  await expect(items.create({ id: 4, name: "x", code: "c" })).rejects.toMatchObject({ code: "UNIQUE_VIOLATION" });
  await items.delete(2);
  expect(await items.verify()).toEqual([]);
  expect(await items.list({ index: "byName" })).toEqual([
    { id: 1, name: "a", code: "c" },
    { id: 3, name: "d", code: "e" },
  ]);
  await db.close();
  await engine.close();
});

test.each<[string, string, object]>([
  ["notAnEarlierVersion", "migrations.2", { 2: { schema: First, up: () => ({}) } }],
  ["notAnEarlierVersion", "migrations.x", { x: { schema: First, up: () => ({}) } }],
  ["notAZod4Schema", "migrations.1.schema", { 1: { up: () => ({}) } }],
  ["notAnObject", "migrations.1.schema", { 1: { schema: z.string(), up: () => ({}) } }],
  ["notAFunction", "migrations.1.up", { 1: { schema: First } }],
  ["asyncStep", "migrations.1.up", { 1: { schema: First, up: async () => ({}) } }],
  ["idChanged", "migrations.1.schema.id", { 1: { schema: z.object({ id: z.string() }), up: () => ({}) } }],
  ["idChanged", "migrations.1.schema.id", { 1: { schema: z.object({}), up: () => ({}) } }],
  [
    "oneWayTransform",
    "migrations.1.schema.a",
    { 1: { schema: First.extend({ a: z.string().transform(Number) }), up: () => ({}) } },
  ],
])("a definition is refused: %s at %s", (reason, path, migrations) => {
  const define = (): AnyEntity => entity("city", { version: 2, schema: Second, id: ["id"], migrations } as never);
  expect(define).toThrow(
    expect.objectContaining({ code: "ENTITY_INVALID", details: { entity: "city", path, reason } }),
  );
});
