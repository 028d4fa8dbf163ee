/** Signals that lie or throw: what was called ends as it would, loses nothing and leaves nothing running. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Database, entity, open, type Tenant } from "../../lib/index.js";
import { arrayEngine } from "../engine/array-engine.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });

const fail = (): never => {
  throw new Error("thrown by a signal");
};
const over = (signal: AbortSignal, fields: PropertyDescriptorMap): AbortSignal =>
  Object.defineProperties(signal, fields);

/** Made of a signal that nobody aborts, unless its controller does. */
const lies: Readonly<Record<string, (signal: AbortSignal) => AbortSignal>> = {
  "a method that throws when listened to": (signal) => over(signal, { addEventListener: { value: fail } }),
  "a method that throws when listened to no more": (signal) => over(signal, { removeEventListener: { value: fail } }),
  "a property that throws": (signal) => over(signal, { aborted: { get: fail } }),
  "a property that says it is aborted": (signal) => over(signal, { aborted: { value: true } }),
  "a reason that throws": (signal) => over(signal, { reason: { get: fail } }),
};

/** Of no realm. */
const foreign: Readonly<Record<string, () => object>> = {
  "methods that throw": () => ({ aborted: false, addEventListener: fail, removeEventListener: fail }),
  "no method to listen no more": () => ({ aborted: false, addEventListener: () => {} }),
};

async function opened(): Promise<readonly [Database, Tenant]> {
  const db = await open({ engine: arrayEngine(), entities: [Note] });
  const { id } = await db.tenants.provision({ name: "Acme" });
  return [db, db.tenant(id)];
}

async function work(tenant: Tenant, signal: AbortSignal): Promise<unknown> {
  const notes = tenant.repository(Note);
  const told: unknown[] = [];
  await notes.createMany(
    [1, 2, 3].map((id) => ({ id, text: "one" })),
    { signal },
  );
  await notes.update(2, (note) => ({ ...note, text: "two" }), { signal });
  const count = await tenant.transact((tx) => tx.repository(Note).count({ signal }), { signal });
  for await (const note of notes.scan({ signal })) told.push(note);
  for await (const note of notes.watch(1, { signal })) {
    told.push(note);
    break;
  }
  await notes.deleteWhere({}, ({ id }) => id === 3, { name: "work", signal });
  await tenant.import(tenant.export({ signal }), { signal });
  return [
    count,
    told,
    await notes.get(2, { signal }),
    await notes.list({ signal }),
    await tenant.available({ signal }),
  ];
}

describe("what is done is the same with a signal that has", () => {
  test.each([...Object.entries(lies), ...Object.entries(foreign)])("%s", { timeout: 20_000 }, async (_, lie) => {
    const [honest, tenant] = await opened();
    const done = await work(tenant, new AbortController().signal);
    await honest.close();
    const [db, other] = await opened();
    expect(await work(other, lie(new AbortController().signal) as AbortSignal)).toEqual(done);
    // Whatever still runs would be waited for this long.
    await db.close({ drainMs: 60_000 });
  });
});

describe("what is called ends when its signal is aborted, also with", () => {
  test.each(Object.entries(lies))("%s", { timeout: 20_000 }, async (_, lie) => {
    const [db, tenant] = await opened();
    const controller = new AbortController();
    const signal = lie(controller.signal);
    const waiting = tenant.transact(() => new Promise(() => {}), { signal });
    const watching = tenant.repository(Note).watch(1, { signal })[Symbol.asyncIterator]();
    await watching.next();
    const next = watching.next();
    controller.abort("enough");
    const ended = { code: "TRANSACTION_ABORTED", cause: "enough" };
    await expect(waiting).rejects.toMatchObject(ended);
    await expect(next).rejects.toMatchObject(ended);
    await db.close({ drainMs: 60_000 });
  });
});

test.each(["x", 5, {}, null])("%j is refused as a signal, inside transactions and by watches too", async (given) => {
  const [db, tenant] = await opened();
  const options = { signal: given as never };
  const refused = { code: "TRANSACTION_OPTION_INVALID", details: { option: "signal" } };
  const notes = tenant.repository(Note);
  await expect(notes.get(1, options)).rejects.toMatchObject(refused);
  await expect(tenant.transact((tx) => tx.repository(Note).get(1, options))).rejects.toMatchObject(refused);
  await expect(tenant.read((tx) => tx.repository(Note).has(1, options))).rejects.toMatchObject(refused);
  expect(() => notes.watch(1, options)).toThrow(expect.objectContaining({ code: refused.code }));
  await db.close();
});
