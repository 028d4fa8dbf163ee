/** Callbacks of a call that throw: the call ends with what they threw; what was committed stays, and nothing runs on. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { copy } from "../../lib/engine/index.js";
import { tenantryError } from "../../lib/errors/index.js";
import { type Database, entity, open, type Seed, type Tenant } from "../../lib/index.js";
import { recording } from "../../lib/testing/index.js";
import { arrayEngine } from "../engine/array-engine.js";

const Note = entity("note", {
  version: 1,
  schema: z.object({ id: z.int(), text: z.string() }),
  id: ["id"],
  indexes: { byNumber: { fields: ["id"] } },
});

const records = 40;
/** Larger records make several batches of few. */
const text = "x".repeat(60_000);

const unhandled = vi.fn();
beforeEach(() => void process.on("unhandledRejection", unhandled));
afterEach(() => {
  process.off("unhandledRejection", unhandled);
  unhandled.mockClear();
});

interface Given {
  readonly db: Database;
  readonly tenant: Tenant;
  readonly engine: ReturnType<typeof recording>;
  readonly lines: readonly string[];
}
type Callback = (told: unknown) => unknown;

async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of iterable) found.push(one);
  return found;
}

/** Calls with a callback that they wait for. */
const calls: Readonly<Record<string, (given: Given, callback: Callback) => Promise<unknown>>> = {
  scanAll: ({ tenant }, onProgress) => all(tenant.repository(Note).scanAll({}, { onProgress })),
  transform: ({ tenant }, onProgress) =>
    tenant.repository(Note).transform({}, (one) => ({ ...one, text: "y" }), { onProgress }),
  "named transform": ({ tenant }, onProgress) =>
    tenant.repository(Note).transform({}, (one) => ({ ...one, text: "y" }), { name: "work", onProgress }),
  deleteWhere: ({ tenant }, onProgress) => tenant.repository(Note).deleteWhere({}, () => true, { onProgress }),
  export: ({ tenant }, onProgress) => all(tenant.export({ onProgress })),
  import: ({ tenant, lines }, onProgress) => tenant.import(lines, { onProgress }),
  migrate: ({ db }, onProgress) => db.migrate({ onProgress }),
  copy: ({ engine }, onProgress) => copy({ from: engine, to: arrayEngine(), onProgress }),
};

const thrown = new RangeError("thrown by a callback");
const ways: Readonly<Record<string, Callback>> = {
  throws: () => {
    throw thrown;
  },
  rejects: async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throw thrown;
  },
  "gives a thenable that throws": () => ({
    // biome-ignore lint/suspicious/noThenProperty: what is tried
    then() {
      throw thrown;
    },
  }),
};

async function given(): Promise<Given> {
  const engine = recording(arrayEngine());
  const db = await open({ engine, entities: [Note] });
  const { id } = await db.tenants.provision({ name: "Acme" });
  const tenant = db.tenant(id);
  const notes = tenant.repository(Note);
  for (let n = 0; n < records; n += 20) {
    await notes.createMany(Array.from({ length: 20 }, (_, at) => ({ id: n + at, text })));
  }
  return { db, tenant, engine, lines: await all(tenant.export()) };
}

describe.each(Object.entries(calls))("%s", (name, call) => {
  test.each(Object.entries(ways))("whose callback %s", async (_, way) => {
    const all = await given();
    const before = await all.tenant.repository(Note).count();
    let told = 0;
    // Not the first time: there is something that others wait for.
    const callback: Callback = (event) => (++told < (name === "migrate" ? 1 : 2) ? undefined : way(event));
    await expect(call(all, callback)).rejects.toBe(thrown);
    const times = told;
    all.engine.take();
    for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
    expect({ told, accesses: all.engine.take(), unhandled: unhandled.mock.calls }).toEqual({
      told: times,
      accesses: [],
      unhandled: [],
    });
    // Done again, it does all there is to do.
    await call(all, () => undefined);
    const notes = all.tenant.repository(Note);
    const after = await notes.list();
    expect(after).toHaveLength(name === "deleteWhere" ? 0 : before);
    if (name.endsWith("transform")) expect(after.every((one) => one.text === "y")).toBe(true);
    expect(await notes.verify()).toEqual([]);
    await all.db.close({ drainMs: 60_000 });
  });
});

test("what a listener does with what it is told changes nothing of what is done", async () => {
  const { db, tenant } = await given();
  const spoil = (told: object): void => {
    for (const name of Reflect.ownKeys(told)) Reflect.set(told, name, 1_000);
  };
  const notes = tenant.repository(Note);
  expect(await notes.transform({}, (one) => ({ ...one, text: "y" }), { onProgress: spoil })).toEqual({
    examined: records,
    changed: records,
    done: true,
  });
  expect(await db.migrate({ onProgress: spoil })).toMatchObject({ tenants: 1, done: 1 });
  await db.close();
});

test("a seed that throws leaves a tenant that is made later, by those that are left", async () => {
  let fails = true;
  const seed = (name: string, id: number): Seed => ({
    name,
    run: async (tx) => {
      await tx.repository(Note).create({ id, text: name });
      if (fails && name === "second") throw thrown;
      return undefined;
    },
  });
  const engine = recording(arrayEngine());
  const db = await open({ engine, entities: [Note], provisioning: { seed: [seed("first", 1), seed("second", 2)] } });
  await expect(db.tenants.provision({ name: "Acme" })).rejects.toBeDefined();
  engine.take();
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
  expect(engine.take()).toEqual([]);
  fails = false;
  await db.tenants.resumeProvisioning();
  const [made] = await all(db.tenants.list());
  expect(made?.state).toBe("active");
  if (made !== undefined) expect(await db.tenant(made.id).repository(Note).list()).toHaveLength(2);
  expect(unhandled).not.toHaveBeenCalled();
  await db.close();
});

/** Calls of functions inside the transactions of long work. */
const inner: Readonly<Record<string, (given: Given, fn: () => never) => Promise<unknown>>> = {
  transform: ({ tenant }, fn) => tenant.repository(Note).transform({}, fn),
  "named transform": ({ tenant }, fn) => tenant.repository(Note).transform({}, fn, { name: "work" }),
  "named deleteWhere": ({ tenant }, fn) => tenant.repository(Note).deleteWhere({}, fn, { name: "work" }),
  ...calls,
};

test.each(Object.keys(inner))(
  "an error of a function of %s that looks like a lost outcome ends it all the same",
  async (name) => {
    const engine = recording(arrayEngine());
    const db = await open({ engine, entities: [Note] });
    const tenant = db.tenant((await db.tenants.provision({ name: "Acme" })).id);
    await tenant.repository(Note).createMany([1, 2].map((id) => ({ id, text })));
    const lines = await all(tenant.export());
    const lost = tenantryError("TRANSACTION_OUTCOME_UNKNOWN", { attempts: 1, fdbCode: 1021 });
    let called = 0;
    const fail = (): never => {
      called += 1;
      // Taken for one, the work would be tried again without an end.
      if (called > 50) throw new RangeError("It was called again and again.");
      throw lost;
    };
    await expect(inner[name]?.({ db, tenant, engine, lines }, fail)).rejects.toBe(lost);
    // A migration tells of two tenants at once.
    expect(called).toBeLessThanOrEqual(name === "migrate" ? 2 : 1);
    await db.close();
  },
);
