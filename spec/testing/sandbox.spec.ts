/** Sandboxes: fresh tenants, removed without a trace, on an engine that is shared or one's own. */
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { type Engine, memory, openEngine } from "../../lib/engine/index.js";
import { entity } from "../../lib/schema/index.js";
import { isolationLaws, sandbox } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string() }),
  id: ["id"],
  indexes: { byText: { fields: ["text"] } },
});

/** Keys of an engine below the system's. */
async function keysOf(engine: Engine): Promise<string[]> {
  const from = (key: Uint8Array) => ({ key, orEqual: false, offset: 1 });
  const { rows } = await engine.begin().getRange(from(new Uint8Array()), from(Uint8Array.of(0xff)));
  return rows.map(([key]) => Buffer.from(key).toString("latin1"));
}

describe("a sandbox", () => {
  const box = sandbox({ entities: [Note], afterEach, afterAll });
  const met: string[] = [];

  test.each([1, 2, 3])("gives a new and empty tenant, time %i", async () => {
    const [one, two] = await Promise.all([box.tenant(), box.tenant()]);
    for (const { id } of [one, two]) {
      expect(met).not.toContain(id);
      met.push(id);
    }
    const notes = one.repository(Note);
    expect(await notes.count()).toBe(0);
    await notes.create({ id: 1, text: "here" });
    expect(await two.repository(Note).get(1)).toBeUndefined();
  });

  test("has removed the tenants of the tests before, wherever a handle is kept", async () => {
    const db = await box.database();
    expect(met).toHaveLength(6);
    for (const id of met) {
      const tenant = db.tenant(id as Parameters<typeof db.tenant>[0]);
      expect(await db.tenants.get(tenant.id)).toBeUndefined();
      expect(await tenant.repository(Note).get(1)).toBeUndefined();
      await expect(tenant.repository(Note).create({ id: 1, text: "" })).rejects.toMatchObject({
        code: "TENANT_UNAVAILABLE",
      });
    }
  });
});

describe("on an engine that is given", () => {
  test("nothing of its tenants is left, what else is there stays, and the engine stays open", async () => {
    const engine = arrayEngine();
    const box = sandbox({ entities: [Note], engine, root: ["tests"], afterEach: false, afterAll: false });
    const other = sandbox({ entities: [Note], engine, root: ["others"], afterEach: false, afterAll: false });
    const kept = await other.tenant();
    await kept.repository(Note).create({ id: 1, text: "kept" });
    const before = await keysOf(engine);
    for (let n = 0; n < 3; n += 1) {
      const tenant = await box.tenant();
      await tenant.repository(Note).createMany([1, 2].map((id) => ({ id, text: "gone" })));
      await tenant.transact(async () => "result", { idempotencyKey: "k" });
    }
    await box.clean();
    const left = (await keysOf(engine)).filter((key) => !before.includes(key));
    // What is left in the control plane names no tenant: markers, which are cleared by time, the time, that there is a database, and definitions.
    const control = "\x02tests\0\x14\x15";
    const nobodys = [`${control}\x02`, `${control}\x04\x02clock\0`, `${control}\x04\x02database\0`, `${control}\x07`];
    expect(left.filter((key) => !nobodys.some((known) => key.startsWith(known)))).toEqual([]);
    await box.close();
    expect(await kept.repository(Note).get(1)).toEqual({ id: 1, text: "kept" });
    await other.close();
    expect(await keysOf(engine)).toBeDefined();
    await engine.close();
  });

  test("one that was described is opened with the first tenant and closed at the end", async () => {
    const engine = await openEngine(memory());
    await engine.close();
    await using box = sandbox({ entities: [Note], afterEach: false, afterAll: false });
    await box.clean();
    const notes = (await box.tenant()).repository(Note);
    await box.close();
    await expect(notes.get(1)).rejects.toMatchObject({ code: "DATABASE_CLOSED" });
    expect(await (await box.tenant()).repository(Note).count()).toBe(0);
  });
});

describe("without a test runner's globals", () => {
  test("what is missing is named", () => {
    const missing = (option: string) => expect.objectContaining({ code: "TEST_RUNNER_MISSING", details: { option } });
    expect(() => sandbox({ entities: [Note] })).toThrow(missing("afterEach"));
    expect(() => sandbox({ entities: [Note], afterEach: () => {} })).toThrow(missing("afterAll"));
    expect(() => isolationLaws({ entities: [Note] })).toThrow(missing("test"));
  });
});

describe("with globals", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("they are found, by the names that Jest and Vitest, or Mocha and node:test, give them", () => {
    const called: string[] = [];
    const note = (name: string) => (first: unknown) =>
      called.push(typeof first === "string" ? `${name} ${first}` : name);
    for (const name of ["it", "afterEach", "after"]) vi.stubGlobal(name, note(name));
    sandbox({ entities: [Note] });
    isolationLaws({ entities: [Note] });
    expect(called.slice(0, 2)).toEqual(["afterEach", "after"]);
    expect(called.slice(2).every((name) => /^it assert\w+/.test(name))).toBe(true);
    expect(called).toHaveLength(8);
    for (const name of ["test", "afterAll"]) vi.stubGlobal(name, note(name));
    called.length = 0;
    sandbox({ entities: [Note] });
    isolationLaws({ entities: [Note] });
    expect(called.slice(0, 2)).toEqual(["afterEach", "afterAll"]);
    expect(called[2]).toMatch(/^test /);
  });
});
