/** Functions that callers hand in, and names: what is none is refused by a typed error, and nothing is done. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { copy } from "../../lib/engine/index.js";
import { type Database, entity, open, type Tenant } from "../../lib/index.js";
import { arrayEngine } from "../engine/array-engine.js";

const Note = entity("note", { version: 1, schema: z.object({ id: z.int(), text: z.string() }), id: ["id"] });
const note = { id: 1, text: "one" };

let db: Database;
let tenant: Tenant;
beforeAll(async () => {
  const quotas = { plans: { free: { resources: { seats: 2 }, rates: { tokens: { perSecond: 5 } } } } };
  db = await open({ engine: arrayEngine(), entities: [Note], quotas });
  const { id } = await db.tenants.provision({ name: "Acme", plan: "free" });
  tenant = db.tenant(id);
  await tenant.repository(Note).create(note);
});
afterAll(() => db.close());

/** Nothing that can be called. */
const none = [null, "text", 1, {}, [], Promise.resolve(1)] as never[];

async function collected(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

const calls: Readonly<Record<string, (fn: never) => unknown>> = {
  transact: (fn) => tenant.transact(fn),
  read: (fn) => tenant.read(fn),
  update: (fn) => tenant.repository(Note).update(1, fn),
  transform: (fn) => tenant.repository(Note).transform({}, fn),
  deleteWhere: (fn) => tenant.repository(Note).deleteWhere({}, fn),
  afterCommit: (fn) => tenant.transact(async (tx) => tx.afterCommit(fn)),
};

const progress: Readonly<Record<string, (options: { readonly onProgress: never }) => unknown>> = {
  scanAll: (options) => collected(tenant.repository(Note).scanAll({}, options)),
  transform: (options) => tenant.repository(Note).transform({}, (was) => ({ ...was, text: "two" }), options),
  export: (options) => collected(tenant.export(options)),
  import: (options) => tenant.import([], options),
  migrate: (options) => db.migrate(options),
  copy: (options) => copy({ from: arrayEngine(), to: arrayEngine(), ...options }),
};

const passing: Readonly<Record<string, (options: { readonly onUnreadable: never }) => unknown>> = {
  list: (options) => tenant.repository(Note).list(options),
  first: (options) => tenant.repository(Note).first(options),
  page: (options) => tenant.repository(Note).page({ size: 1, ...options }),
  scan: (options) => collected(tenant.repository(Note).scan(options)),
  count: (options) => tenant.repository(Note).count(options),
  getMany: (options) => tenant.repository(Note).getMany([1], options),
  deleteWhere: (options) => tenant.repository(Note).deleteWhere({}, () => true, options),
  export: (options) => collected(tenant.export(options)),
};

const refusal = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call();
  } catch (error) {
    return error;
  }
};

test.each(Object.keys(calls))("%s refuses what is no function", async (name) => {
  for (const fn of none) {
    expect(await refusal(() => calls[name]?.(fn))).toMatchObject({ code: "FUNCTION_INVALID", details: { of: name } });
  }
  expect(await tenant.repository(Note).list()).toEqual([note]);
});

test.each(Object.keys(progress))("%s refuses an onProgress that is no function", async (name) => {
  for (const onProgress of none) {
    const refused = await refusal(() => progress[name]?.({ onProgress }));
    expect(refused).toMatchObject({ code: "FUNCTION_INVALID", details: { of: "onProgress" } });
  }
  expect(await tenant.repository(Note).list()).toEqual([note]);
});

test.each(Object.keys(passing))("%s refuses an onUnreadable that is no function", async (name) => {
  for (const onUnreadable of none) {
    const refused = await refusal(() => passing[name]?.({ onUnreadable }));
    expect(refused).toMatchObject({ code: "FUNCTION_INVALID", details: { of: "onUnreadable" } });
  }
  expect(await tenant.repository(Note).list()).toEqual([note]);
});

const fail = (): never => {
  throw new Error("thrown by a name");
};
const cycle: unknown[] = [];
cycle.push(cycle);
/** What cannot be told in text. */
const unspeakable = [
  null,
  undefined,
  7n,
  Symbol("name"),
  { toString: fail, toJSON: fail },
  Object.create(null),
  cycle,
  new Proxy({}, { get: fail, getPrototypeOf: fail }),
] as never[];

test("names that are no text are told all the same", async () => {
  const { quotas } = tenant;
  for (const name of unspeakable) {
    expect(await refusal(() => tenant.repository(name))).toMatchObject({ code: "ENTITY_UNKNOWN" });
    expect(await refusal(() => quotas.claims(name))).toMatchObject({ code: "QUOTA_UNKNOWN" });
    expect(await refusal(() => quotas.take(name))).toMatchObject({ code: "QUOTA_UNKNOWN" });
    expect(await refusal(() => tenant.repository(Note).list({ select: [name] }))).toMatchObject({
      code: "QUERY_INVALID",
    });
    expect(await refusal(() => tenant.repository(Note).list({ index: name ?? "x" }))).toMatchObject({
      code: "QUERY_INVALID",
    });
  }
});

test("a list of lines is read by its indices, and what cannot be gone through is refused", async () => {
  const lines: string[] = [];
  for await (const line of tenant.export()) lines.push(line);
  Object.defineProperty(lines, Symbol.iterator, { value: fail });
  await expect(tenant.import(lines)).resolves.toEqual({ records: 1 });
  const none = [null, undefined, 1, {}, { [Symbol.iterator]: 1 }];
  const onlyInherited = [Uint8Array, Map, Set].map(({ prototype }) => Object.create(prototype));
  const begun = (steps: unknown) => ({ [Symbol.asyncIterator]: () => steps });
  const broken = [undefined, {}, { next: 1 }, { next: () => 1 }, { next: () => ({ value: 1 }) }].map(begun);
  const endless: unknown[] = [];
  endless.length = 2 ** 32 - 1;
  for (const source of [endless, ...none, ...onlyInherited, ...broken] as never[]) {
    expect(await refusal(() => tenant.import(source))).toMatchObject({ code: "IMPORT_SOURCE_INVALID" });
  }
});
