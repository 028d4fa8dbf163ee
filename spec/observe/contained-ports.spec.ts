/** Ports that fail: a logger, meter, tracer or clock that throws loses nothing and leaves nothing running. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { entity, newTenantId, type OpenOptions, open, type Tenant } from "../../lib/index.js";
import { arrayEngine } from "../engine/array-engine.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });

const fail = (): never => {
  throw new Error("thrown by a port");
};
const reject = async (): Promise<never> => fail();
const failing = { debug: fail, info: fail, warn: fail, error: fail };
const instrument = { add: fail, record: fail };

const ports: Readonly<Record<string, Partial<OpenOptions>>> = {
  "a logger that throws": { logger: failing },
  "a logger that rejects": { logger: { debug: reject, info: reject, warn: reject, error: reject } },
  "a meter that throws": { meter: { createCounter: fail, createHistogram: fail, createGauge: fail } },
  "instruments that throw": {
    meter: { createCounter: () => instrument, createHistogram: () => instrument, createGauge: () => instrument },
  },
  "a tracer that throws": { tracer: { startSpan: fail } },
  "spans that throw": { tracer: { startSpan: () => ({ setAttributes: fail, fail, end: fail }) } },
  "a clock that throws": { clock: { now: fail, monotonic: fail, after: fail } },
  "a clock that tells no time": { clock: { now: () => Number.NaN, monotonic: () => Number.NaN, after: () => fail } },
};

const unhandled = vi.fn();
beforeEach(() => void process.on("unhandledRejection", unhandled));
afterEach(() => {
  process.off("unhandledRejection", unhandled);
  unhandled.mockClear();
});

/** Some of everything that a tenant does, with what comes of it. */
async function work(tenant: Tenant): Promise<unknown> {
  const notes = tenant.repository(Note);
  const told: unknown[] = [];
  await notes.createMany([1, 2, 3].map((id) => ({ id, text: "one" })));
  await notes.update(2, (note) => ({ ...note, text: "two" }));
  const failed = await notes.create({ id: 2, text: "again" }).catch((error) => error.code);
  const value = await tenant.transact(async (tx) => {
    tx.afterCommit(fail);
    return (await tx.repository(Note).delete(3)) && (await tx.repository(Note).count());
  });
  for await (const note of notes.scan()) told.push(note);
  for await (const note of notes.scanAll({})) told.push(note);
  await notes.transform({}, (note) => ({ ...note, text: `${note.text}!` }), { name: "work" });
  return [failed, value, told, await notes.list(), await notes.verify(), (await tenant.quotas.usage()).resources];
}

describe("what is done is the same with", () => {
  const played = async (given: Partial<OpenOptions>): Promise<unknown> => {
    const quotas = { plans: { free: { entities: { note: { records: 9 } }, rates: { calls: { perSecond: 1_000 } } } } };
    const options = { engine: arrayEngine(), entities: [Note], quotas, audit: {}, fairness: {} };
    const db = await open({ ...options, ...given });
    const { id } = await db.tenants.provision({ id: newTenantId(), name: "Acme", plan: "free" });
    const done = await work(db.tenant(id));
    // Whatever still runs would be waited for this long.
    await db.close({ drainMs: 60_000 });
    return done;
  };

  test.each(Object.entries(ports))("%s", { timeout: 20_000 }, async (_, given) => {
    const honest = await played({});
    expect(await played(given)).toEqual(honest);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });
});
