/** What is kept of an entity's indexes in a tenant may be damaged: it is told, and a migration makes it anew. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { entity, open } from "../../lib/index.js";
import { Keyspace, schemaPrefix } from "../../lib/keyspace/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { pack } from "../../lib/tuple/index.js";
import { arrayEngine } from "../engine/array-engine.js";
import { runs } from "../runs.js";

const Page = entity("page", {
  version: 2,
  schema: z.object({ id: z.int(), path: z.string() }),
  id: ["id"],
  indexes: { byPath: { fields: ["path"], unique: true } },
  aggregates: { all: { count: true } },
  migrations: { 1: { schema: z.object({ id: z.int() }), up: ({ id }) => ({ id, path: `/${id}` }) } },
});

async function damage(engine: Engine, tenant: TenantId, bytes: Uint8Array): Promise<void> {
  const transaction = engine.begin();
  transaction.set(new Keyspace().tenant(tenant).absolute(schemaPrefix("page")), bytes);
  await transaction.commit();
}

/** Bytes that are no state, of this or a later format. */
const junk = fc
  .uint8Array({ maxLength: 20 })
  .filter((bytes) => bytes[0] === undefined || bytes[0] < 0x14 || bytes[0] > 0x1c);

test.each([
  ["memory()", () => openEngine(memory())],
  ["an engine that copies what it reads", async () => arrayEngine()],
] as const)("a damaged state is told, and mended by a migration, on %s", async (_, make) => {
  const engine = await make();
  await fc.assert(
    fc.asyncProperty(junk, fc.integer({ min: 0, max: 3 }), async (bytes, records) => {
      const before = await open({ engine, entities: [Page] });
      const [own, other] = [
        await before.tenants.provision({ name: "own" }),
        await before.tenants.provision({ name: "other" }),
      ];
      for (const { id } of [own, other]) {
        const pages = before.tenant(id).repository(Page);
        await pages.createMany(Array.from({ length: 3 }, (_, n) => ({ id: n, path: `/${n}` })));
        for (let n = records; n < 3; n++) await pages.delete(n);
      }
      await before.close();
      await damage(engine, own.id, bytes);

      const db = await open({ engine, entities: [Page] });
      const pages = db.tenant(own.id).repository(Page);
      const told = { code: "VALUE_CORRUPT", details: { entity: "page", reason: "entityState" } };
      expect(await pages.list()).toHaveLength(records);
      for (const call of [
        () => pages.create({ id: 9, path: "/9" }),
        () => pages.list({ index: "byPath" }),
        () => pages.list({ index: "byPath", onUnreadable: () => {} }),
        () => pages.aggregate("all"),
      ]) {
        await expect(call()).rejects.toMatchObject(told);
      }
      expect(await db.tenant(other.id).repository(Page).list({ index: "byPath" })).toHaveLength(records);

      expect(await db.migrate({ tenants: [own.id] })).toMatchObject({ failures: [] });
      await pages.create({ id: 9, path: "/9" });
      await expect(pages.create({ id: 10, path: "/9" })).rejects.toMatchObject({ code: "UNIQUE_VIOLATION" });
      expect(await pages.list({ index: "byPath" })).toHaveLength(records + 1);
      expect(await pages.aggregate("all")).toBe(records + 1);
      expect(await pages.verify()).toEqual([]);
      await db.close();
    }),
    { numRuns: runs(6) },
  );
  await engine.close();
});

test("a state of a later format is a later program's, and left to it", async () => {
  const engine = await openEngine(memory());
  const db = await open({ engine, entities: [Page] });
  const { id } = await db.tenants.provision({ name: "later" });
  const later = pack([2, 1, 1]);
  await damage(engine, id, later);
  const unknown = { code: "VALUE_FORMAT_UNKNOWN", details: { format: 2, entity: "page" } };
  await expect(db.tenant(id).repository(Page).create({ id: 1, path: "/" })).rejects.toMatchObject(unknown);
  expect((await db.migrate({ tenants: [id] })).failures).toMatchObject([{ entity: "page", error: unknown }]);
  const key = new Keyspace().tenant(id).absolute(schemaPrefix("page"));
  expect(await engine.begin().get(key)).toEqual(Uint8Array.from(later));
  await db.close();
  await engine.close();
});
