/** Records that a later definition has no place for: they can be changed, deleted and swept, and migration names them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../../lib/database.js";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { open } from "../../lib/open.js";
import { entity } from "../../lib/schema/index.js";
import type { TenantId } from "../../lib/tenant/index.js";

const schema = z.object({
  id: z.int(),
  text: z.string().default(""),
  tags: z.array(z.string()).default([]),
  big: z.bigint().default(0n),
  owner: z.object({ name: z.string() }).optional(),
  until: z.date().optional(),
});
const Before = entity("note", { version: 1, schema, id: ["id"], expires: "until" });
/** What a definition asks of records that were stored before it: each refuses some of them. */
const later = {
  "a text too long for a key": { indexes: { part: { fields: ["text"] } }, record: { text: "x".repeat(3_000) } },
  "more elements than an index takes": {
    indexes: { part: { fields: [{ each: "tags" }] } },
    record: { tags: Array.from({ length: 300 }, (_, at) => `t${at}`) },
  },
  "stored fields that are too long": {
    indexes: { part: { fields: ["id"], stored: ["text"] } },
    record: { text: "x".repeat(150_000) },
  },
  "a condition that throws": {
    indexes: {
      part: {
        fields: ["id"],
        where: ({ owner }: { readonly owner?: { readonly name: string } | undefined }) =>
          (owner as unknown as { readonly name: string }).name !== "",
      },
    },
    record: { owner: undefined },
  },
  "a group too long for a key": {
    aggregates: { part: { count: true, by: ["text"] } },
    record: { text: "x".repeat(3_000) },
  },
  "a sum of more than 64 bits": { aggregates: { part: { sum: "big" } }, record: { big: 2n ** 70n } },
} as const;

let engine: Engine;
let before: Database;
beforeAll(async () => {
  engine = await openEngine(memory());
  before = await open({ engine, entities: [Before] });
});
afterAll(async () => {
  await before.close();
  await engine.close();
});

const fitting = { owner: { name: "ada" }, text: "a", tags: ["a"], big: 1n };

async function stored(record: object): Promise<TenantId> {
  const { id } = await before.tenants.provision({ name: "t" });
  const notes = before.tenant(id).repository(Before);
  await notes.createMany([
    { ...fitting, id: 1 },
    { ...fitting, ...record, id: 2 },
    { ...fitting, ...record, id: 3, until: new Date(0) },
    { ...fitting, ...record, id: 4 },
    { ...fitting, id: 5 },
  ]);
  return id;
}

describe.each(Object.entries(later))("a record with %s", (_, { record, ...parts }) => {
  const Later = entity("note", { version: 1, schema, id: ["id"], expires: "until", ...(parts as object) });
  const isRead = (db: Database, id: TenantId): Promise<unknown> => {
    const notes = db.tenant(id).repository(Later) as never as {
      list(query: object): Promise<unknown>;
      groups(name: string): Promise<unknown>;
    };
    return "indexes" in parts ? notes.list({ index: "part" }) : notes.groups("part");
  };

  test("is named by migration, which goes on with the others, and can then be changed", async () => {
    const id = await stored(record);
    const db = await open({ engine, entities: [Later] });
    const notes = db.tenant(id).repository(Later);
    const report = await db.migrate({ tenants: [id] });
    expect(report.failures.map((failure) => failure.id)).toEqual(["2", "3", "4"]);
    expect(report.failures.every(({ tenant, entity: of, error }) => tenant === id && of === "note" && error)).toBe(
      true,
    );
    expect(report.failed).toBe(3);
    await expect(isRead(db, id)).rejects.toMatchObject({ details: { status: "writeOnly" } });
    expect(await db.tenant(id).sweep()).toEqual({ removed: 1, failed: 0 });
    await notes.put({ ...fitting, id: 2 });
    expect(await notes.delete(4)).toBe(true);
    const again = await db.migrate({ tenants: [id] });
    expect([again.failures, again.failed]).toEqual([[], 0]);
    await isRead(db, id);
    expect(await notes.verify()).toEqual([]);
    await db.close();
  });

  test("can be deleted and swept at once, in a tenant that was never migrated", async () => {
    const id = await stored(record);
    const db = await open({ engine, entities: [Later] });
    const notes = db.tenant(id).repository(Later);
    expect(await db.tenant(id).sweep()).toEqual({ removed: 1, failed: 0 });
    await notes.patch(4, { text: "short", tags: [], big: 0n, owner: { name: "bob" } });
    expect(await notes.deleteMany([2, 4])).toBe(2);
    expect((await db.migrate({ tenants: [id] })).failures).toEqual([]);
    expect(await notes.verify()).toEqual([]);
    await db.close();
  });
});
