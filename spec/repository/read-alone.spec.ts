/** Reads alone, which an engine that reads at once answers in one go: the same answers and refusals as the long way. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { memory } from "../../lib/engine/index.js";
import { type Database, entity, type Logger, open, type Tenant } from "../../lib/index.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });

let db: Database;
let tenant: Tenant;
const lines: Record<string, unknown>[] = [];
const logger: Logger = {
  debug: (fields) => void lines.push({ ...fields }),
  info: () => {},
  warn: () => {},
  error: () => {},
};

beforeAll(async () => {
  db = await open({ engine: memory(), entities: [Note], logger });
  const { id } = await db.tenants.provision({ name: "one" });
  tenant = db.tenant(id);
  await tenant.repository(Note).createMany([1, 2].map((n) => ({ id: n, text: `note ${n}` })));
});
afterAll(() => db.close());

test("answers before the event loop turns, each call told of once, with its rows", async () => {
  const notes = tenant.repository(Note);
  await notes.get(1);
  lines.length = 0;
  const order: string[] = [];
  const reading = notes.get(1).then((note) => order.push(note?.text ?? ""));
  const turned = new Promise<void>((resolve) => setImmediate(() => resolve(void order.push("turned"))));
  await Promise.all([reading, turned]);
  expect(order).toEqual(["note 1", "turned"]);
  expect(await notes.get(3)).toBeUndefined();
  expect(await notes.getMany([2, 3, 1])).toEqual([{ id: 2, text: "note 2" }, undefined, { id: 1, text: "note 1" }]);
  await expect(notes.require(3)).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
  const told = lines.map(({ operation, rows, attempts, failure }) => [operation, rows, attempts, failure]);
  expect(told).toEqual([
    ["get", 1, 1, undefined],
    ["get", 0, 1, undefined],
    ["getMany", 2, 1, undefined],
    ["require", 0, 1, undefined],
  ]);
});

test("sees what was committed before it, and nothing of a neighbour", async () => {
  const notes = tenant.repository(Note);
  const { id } = await db.tenants.provision({ name: "other" });
  const others = db.tenant(id).repository(Note);
  for (let round = 0; round < 20; round++) {
    const text = `round ${round}`;
    await notes.put({ id: 5, text });
    expect(await notes.get(5)).toEqual({ id: 5, text });
    expect(await others.get(5)).toBeUndefined();
  }
});

test("refuses an aborted signal and nesting, as the long way does", async () => {
  const notes = tenant.repository(Note);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(notes.get(1, { signal })).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
  await expect(tenant.transact(async () => notes.get(1))).rejects.toMatchObject({ code: "TRANSACTION_NESTED" });
});

test("heeds a tenant's state at once, and the database's end", async () => {
  const { id } = await db.tenants.provision({ name: "short" });
  const notes = db.tenant(id).repository(Note);
  await notes.create({ id: 1, text: "here" });
  expect(await notes.get(1)).toEqual({ id: 1, text: "here" });
  await db.tenants.suspend(id);
  const suspended = notes.get(1).then(
    () => "read",
    ({ code }: { code: string }) => code,
  );
  expect(await suspended).toBe(await tenantAnswer(() => notes.list()));
  const ended = await open({ engine: memory(), entities: [Note] });
  const one = ended.tenant((await ended.tenants.provision({ name: "end" })).id).repository(Note);
  await one.get(1);
  await ended.close();
  await expect(one.get(1)).rejects.toMatchObject({ code: "DATABASE_CLOSED" });
});

/** What the long way says: its result, or its error's code. */
const tenantAnswer = (read: () => Promise<unknown>): Promise<string> =>
  read().then(
    () => "read",
    ({ code }: { code: string }) => code,
  );
