/** Opening and closing a database, and what a handle gives: its tenant and nothing else. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Database } from "../lib/database.js";
import { embedded, memory, openEngine } from "../lib/engine/index.js";
import { open } from "../lib/open.js";
import { entity } from "../lib/schema/index.js";
import { newTenantId, type TenantId } from "../lib/tenant/index.js";
import { collect } from "./repository/shelf.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string() }),
  id: ["id"],
  indexes: { byText: { fields: ["text"] } },
});
const Stranger = entity("stranger", { version: 1, schema: z.object({ id: z.int() }), id: ["id"] });

const code = (expected: string): object => ({ code: expected });
const folder = mkdtempSync(join(tmpdir(), "tenantry-open-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("open", () => {
  test("refuses options that cannot be meant, before it opens anything", async () => {
    const engine = memory();
    const Twin = entity("note", { version: 2, schema: z.object({ id: z.int() }), id: ["id"] });
    await expect(open({ engine, entities: [Note, Twin] })).rejects.toMatchObject(code("DATABASE_OPTION_INVALID"));
    for (const cursorKeys of [[], [new Uint8Array(31)], [new Uint8Array(32), new Uint8Array(0)]]) {
      const refused = open({ engine, entities: [], cursorKeys });
      await expect(refused).rejects.toMatchObject({
        ...code("DATABASE_OPTION_INVALID"),
        details: { option: "cursorKeys" },
      });
    }
  });

  test("finds everything again, cursors too", async () => {
    const engine = embedded(join(folder, "again"));
    const first = await open({ engine, entities: [Note] });
    const { id, createdAt } = await first.tenants.provision({ name: "kept" });
    const notes = first.tenant(id).repository(Note);
    await notes.createMany([1, 2, 3].map((n) => ({ id: n, text: `note ${n}` })));
    const { next } = await notes.page({ size: 2, index: "byText" });
    await first.close();

    await using second = await open({ engine, entities: [Note] });
    expect(await second.tenants.get(id)).toEqual({
      id,
      name: "kept",
      state: "active",
      incarnation: 1,
      revision: 1,
      createdAt,
    });
    const again = second.tenant(id).repository(Note);
    expect((await again.page({ size: 2, index: "byText", cursor: next })).items).toEqual([{ id: 3, text: "note 3" }]);
    expect(await again.verify()).toEqual([]);
  });

  test("takes cursors of every key given, and seals with the first", async () => {
    await using inner = { engine: await openEngine(memory()), [Symbol.asyncDispose]: async () => {} };
    const { engine } = inner;
    const [old, fresh] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const at = (...cursorKeys: Uint8Array[]) => open({ engine, entities: [Note], cursorKeys });
    const before = await at(old);
    const { id } = await before.tenants.provision({ name: "x" });
    await before
      .tenant(id)
      .repository(Note)
      .createMany([1, 2].map((n) => ({ id: n, text: "" })));
    const page = (db: Database, cursor?: string) => db.tenant(id).repository(Note).page({ size: 1, cursor });
    const { next } = await page(before);
    const rotated = await at(fresh, old);
    expect((await page(rotated, next)).items).toHaveLength(1);
    const { next: sealedAnew } = await page(rotated);
    await expect(page(await at(fresh), next)).rejects.toMatchObject(code("CURSOR_INVALID"));
    expect((await page(await at(fresh), sealedAnew)).items).toHaveLength(1);
    await engine.close();
  });

  test("keeps databases under other roots apart, on one engine", async () => {
    const engine = await openEngine(memory());
    const [left, right] = await Promise.all([
      open({ engine, entities: [Note], root: ["left"] }),
      open({ engine, entities: [Note], root: ["right", 1] }),
    ]);
    const { id } = await left.tenants.provision({ name: "only left" });
    expect(await right.tenants.get(id)).toBeUndefined();
    expect(await collect(right.tenants.list())).toEqual([]);
    await left.close();
    await right.tenants.provision({ name: "the engine is still open" });
    await right.close();
    await engine.close();
  });
});

describe("a database", () => {
  test("closes once, refuses new work, and lets running work end", async () => {
    const db = await open({ engine: memory(), entities: [Note] });
    const { id } = await db.tenants.provision({ name: "x" });
    const notes = db.tenant(id).repository(Note);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const running = db.tenant(id).transact(async (tx) => {
      await tx.repository(Note).create({ id: 1, text: "drained" });
      await held;
      return "done";
    });
    const closing = db.close({ drainMs: 10_000 });
    await expect(notes.get(1)).rejects.toMatchObject(code("DATABASE_CLOSED"));
    await expect(db.tenants.get(id)).rejects.toMatchObject(code("DATABASE_CLOSED"));
    await expect(collect(notes.scan())).rejects.toMatchObject(code("DATABASE_CLOSED"));
    release();
    expect(await running).toBe("done");
    await closing;
    expect(db.close()).toBe(db.close());
    await db.close();
  });

  test("cancels what does not end while it drains; nothing of it is stored", async () => {
    const engine = embedded(join(folder, "cancelled"));
    const db = await open({ engine, entities: [Note] });
    const { id } = await db.tenants.provision({ name: "x" });
    const running = db.tenant(id).transact(async (tx) => {
      await tx.repository(Note).create({ id: 1, text: "never" });
      await new Promise(() => {});
    });
    const ended = expect(running).rejects.toMatchObject(code("DATABASE_CLOSED"));
    await db.close({ drainMs: 20 });
    await ended;
    await using again = await open({ engine, entities: [Note] });
    expect(await again.tenant(id).repository(Note).get(1)).toBeUndefined();
  });
});

describe("tenants", () => {
  let db: Database;
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Note] });
  });
  afterAll(() => db.close());

  test("are listed in the order of their ids, from any one on", async () => {
    const ids: TenantId[] = [];
    for (let n = 0; n < 25; n += 1) ids.push((await db.tenants.provision({ name: `tenant ${n}` })).id);
    const listed = await collect(db.tenants.list());
    const order = listed.map(({ id }) => id);
    expect(order).toEqual([...order].sort());
    expect(order).toEqual(expect.arrayContaining(ids));
    const after = order[10];
    const some = await collect(db.tenants.list({ after, limit: 3 }));
    expect(some.map(({ id }) => id)).toEqual(order.slice(11, 14));
    expect(await collect(db.tenants.list({ limit: 0 }))).toEqual([]);
  });

  test("have a name that is text, and an id that is theirs", async () => {
    for (const name of ["", "\ud800", "x".repeat(257)]) {
      await expect(db.tenants.provision({ name })).rejects.toMatchObject(code("TENANT_NAME_INVALID"));
    }
    const { id } = await db.tenants.provision({ name: "first" });
    await expect(db.tenants.provision({ name: "second", id })).rejects.toMatchObject(code("TENANT_EXISTS"));
    expect(await db.tenants.get(id)).toMatchObject({ name: "first", revision: 1 });
    expect(await db.tenants.get(newTenantId())).toBeUndefined();
    expect(() => db.tenant("nobody" as TenantId)).toThrow(expect.objectContaining(code("TENANT_ID_INVALID")));
  });

  test("that are unknown read as empty and take no writes, until they are provisioned", async () => {
    const id = newTenantId();
    const notes = db.tenant(id).repository(Note);
    expect(await notes.get(1)).toBeUndefined();
    expect(await notes.list({ index: "byText" })).toEqual([]);
    expect(await collect(notes.scan())).toEqual([]);
    expect(await notes.page({ size: 1 })).toEqual({ items: [], next: undefined, previous: undefined });
    await expect(notes.require(1)).rejects.toMatchObject(code("RECORD_NOT_FOUND"));
    await expect(notes.create({ id: 1, text: "" })).rejects.toMatchObject(code("TENANT_UNAVAILABLE"));
    await expect(notes.update(1, (note) => note)).rejects.toMatchObject(code("RECORD_NOT_FOUND"));
    expect(await notes.delete(1)).toBe(false);
    await db.tenants.provision({ name: "late", id });
    expect(await notes.create({ id: 1, text: "" })).toEqual({ id: 1, text: "" });
  });
});

describe("a handle", () => {
  let db: Database;
  beforeAll(async () => {
    db = await open({ engine: memory(), entities: [Note] });
  });
  afterAll(() => db.close());

  test("leads to its tenant's id and nothing else", async () => {
    const { id } = await db.tenants.provision({ name: "x" });
    const tenant = db.tenant(id);
    const notes = tenant.repository(Note);
    expect(JSON.stringify(tenant)).toBe(JSON.stringify({ id }));
    expect(Reflect.ownKeys(tenant)).toEqual(["id", "context"]);
    expect(Object.isFrozen(tenant)).toBe(true);
    expect(Reflect.ownKeys(notes)).toEqual([]);
    expect(inspect(notes, { depth: 9, showHidden: true })).not.toContain("ngine");
    expect(Reflect.ownKeys(notes.scan())).toEqual([]);
    await tenant.transact(async (tx) => {
      expect(Reflect.ownKeys(tx).sort()).toEqual(["afterCommit", "claims", "repository"]);
      expect(Reflect.ownKeys(tx.repository(Note))).toEqual([]);
    });
    await tenant.read(async (tx) => expect(Reflect.ownKeys(tx)).toEqual(["repository"]));
  });

  test("knows the entities the database was opened with", async () => {
    const { id } = await db.tenants.provision({ name: "x" });
    const expected = expect.objectContaining({ ...code("ENTITY_UNKNOWN"), details: { entity: "stranger" } });
    expect(() => db.tenant(id).repository(Stranger)).toThrow(expected);
    await expect(db.tenant(id).transact(async (tx) => tx.repository(Stranger))).rejects.toThrow(expected);
  });

  test("does not reach a neighbour's record by its id, nor by a scan, an index or a page", async () => {
    const [own, other] = [await db.tenants.provision({ name: "own" }), await db.tenants.provision({ name: "other" })];
    const foreign = db.tenant(other.id).repository(Note);
    await foreign.create({ id: 7, text: "theirs" });
    const notes = db.tenant(own.id).repository(Note);
    expect(await notes.get(7)).toBeUndefined();
    expect(await notes.has(7)).toBe(false);
    expect(await notes.getMany([7])).toEqual([undefined]);
    expect(await collect(notes.scan())).toEqual([]);
    expect(await notes.list({ index: "byText" })).toEqual([]);
    expect((await notes.page({ size: 10, index: "byText", equals: "theirs" })).items).toEqual([]);
    await expect(notes.patch(7, { text: "mine" })).rejects.toMatchObject(code("RECORD_NOT_FOUND"));
    expect(await notes.delete(7)).toBe(false);
    await notes.put({ id: 7, text: "mine" });
    expect(await foreign.get(7)).toEqual({ id: 7, text: "theirs" });
  });

  test("ends work whose signal is aborted", async () => {
    const { id } = await db.tenants.provision({ name: "x" });
    const tenant = db.tenant(id);
    const notes = tenant.repository(Note);
    await notes.createMany(Array.from({ length: 900 }, (_, n) => ({ id: n, text: "" })));
    await notes.createMany(Array.from({ length: 900 }, (_, n) => ({ id: 1_000 + n, text: "" })));
    const reason = new Error("enough");
    const aborted = { ...code("TRANSACTION_ABORTED"), cause: reason };
    const signal = AbortSignal.abort(reason);
    for (const work of [
      () => notes.get(1, { signal }),
      () => notes.list({ signal }),
      () => collect(notes.scan({ signal })),
      () => notes.create({ id: -1, text: "" }, { signal }),
      () => tenant.transact(async () => {}, { signal }),
      () => tenant.read(async (tx) => tx.repository(Note).get(1), { signal }),
      () => tenant.transact((tx) => tx.repository(Note).delete(1, { signal })),
    ]) {
      await expect(work()).rejects.toMatchObject(aborted);
    }
    expect(await notes.has(-1)).toBe(false);

    const midway = new AbortController();
    let rows = 0;
    const scan = (async () => {
      for await (const _ of notes.scan({ signal: midway.signal })) if (++rows === 10) midway.abort(reason);
    })();
    await expect(scan).rejects.toMatchObject(aborted);
    expect(rows).toBeLessThan(1_800);
  });

  test("stops a scan that is left, and starts it anew when asked again", async () => {
    const { id } = await db.tenants.provision({ name: "x" });
    const notes = db.tenant(id).repository(Note);
    await notes.createMany(Array.from({ length: 30 }, (_, n) => ({ id: n, text: "" })));
    const scan = notes.scan();
    for await (const note of scan) if (note.id === 5) break;
    expect((await collect(scan)).map((note) => note.id)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    const iterator = scan[Symbol.asyncIterator]();
    const together = await Promise.all(Array.from({ length: 32 }, () => iterator.next()));
    expect(together.map(({ value }) => value?.id)).toEqual([...Array(30).keys(), undefined, undefined]);
  });
});
