/** Roles in the repository: every method, inside a transaction and outside, does what the context may and no more. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { errorResponse, isTenantryError } from "../../lib/errors/index.js";
import { seenRowsMax } from "../../lib/limits/index.js";
import { open } from "../../lib/open.js";
import type { Denial, TenantRepository } from "../../lib/repository/index.js";
import type { TenantId } from "../../lib/tenant/index.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";
import { collect } from "../repository/shelf.js";
import { runs } from "../runs.js";
import { Note, note, Plain, policy } from "./notes.js";

type Notes = TenantRepository<typeof Note>;

/** Every method, and the action that a context without rights is refused. */
const methods: Readonly<Record<string, readonly [action: string, call: (notes: Notes) => Promise<unknown>]>> = {
  get: ["read", (notes) => notes.get(1)],
  require: ["read", (notes) => notes.require(1)],
  entry: ["read", (notes) => notes.entry(1)],
  has: ["read", (notes) => notes.has(1)],
  getMany: ["read", (notes) => notes.getMany([1])],
  list: ["read", (notes) => notes.list()],
  first: ["read", (notes) => notes.first()],
  scan: ["read", (notes) => collect(notes.scan())],
  page: ["read", (notes) => notes.page({ size: 1 })],
  count: ["read", (notes) => notes.count()],
  explain: ["read", async (notes) => notes.explain()],
  aggregate: ["read", (notes) => notes.aggregate("all")],
  groups: ["read", (notes) => notes.groups("perAuthor")],
  counters: ["read", (notes) => notes.counters(1)],
  add: ["read", (notes) => notes.add(1, {})],
  recount: ["read", (notes) => notes.recount()],
  verify: ["read", (notes) => notes.verify()],
  create: ["create", (notes) => notes.create(note(2, "u1"))],
  createMany: ["create", (notes) => notes.createMany([note(2, "u1")])],
  put: ["create", (notes) => notes.put(note(1, "u1"))],
  putMany: ["create", (notes) => notes.putMany([note(1, "u1")])],
  update: ["read", (notes) => notes.update(1, (was) => was)],
  patch: ["read", (notes) => notes.patch(1, { title: "x" })],
  delete: ["read", (notes) => notes.delete(1)],
  deleteMany: ["read", (notes) => notes.deleteMany([1])],
  scanAll: ["read", (notes) => collect(notes.scanAll())],
  transform: ["read", (notes) => notes.transform({}, (was) => was)],
  deleteWhere: ["read", (notes) => notes.deleteWhere({}, () => true)],
  watch: ["read", async (notes) => notes.watch(1)],
  forgetWork: ["update", (notes) => notes.forgetWork("work")],
};

const denials: Denial[] = [];
let engine: RecordingEngine;
let db: Database;
let tenant: TenantId;

beforeAll(async () => {
  engine = recording(await openEngine(memory()));
  db = await open({
    engine,
    entities: [Note, Plain],
    roles: policy,
    onDenied: (denial) => {
      denials.push(denial);
      throw new Error("whoever listens decides nothing");
    },
  });
  tenant = (await db.tenants.provision({ name: "a" })).id;
  await db.tenant(tenant).repository(Note).create(note(1, "u1"));
});
afterAll(async () => {
  await db.close();
  await engine.close();
});

const handle = (subject: string, ...roles: string[]) =>
  db.tenant(tenant, { context: { tenant, subject, roles, requestId: "r1" } });
const denied = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => (isTenantryError(error) ? { code: error.code, ...error.details } : error),
  );
const refusal = (action: string) => ({ code: "ACCESS_DENIED", entity: "note", action });

describe("a context without rights", () => {
  test.each(Object.keys(methods))("%s is denied before anything is read, and reported", async (name) => {
    const [action, call] = methods[name] ?? ["", async () => {}];
    denials.length = 0;
    engine.take();
    expect(await denied(call(handle("u1", "nobody").repository(Note)))).toEqual(refusal(action));
    expect(engine.take()).toEqual([]);
    expect(denials).toMatchObject([{ entity: "note", action, context: { subject: "u1", requestId: "r1", tenant } }]);
    if (!(name in (await handle("u1").transact(async (tx) => tx.repository(Note))))) return;
    const joined = handle("u1").transact((tx) => call(tx.repository(Note) as Notes));
    expect(await denied(joined)).toEqual(refusal(action));
  });

  test("methods are all there are that take part", () => {
    const notes = db.tenant(tenant).repository(Note);
    const prototypes: object[] = [];
    for (let at: object = Object.getPrototypeOf(notes); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      prototypes.push(at);
    }
    const all = prototypes.flatMap((prototype) => Reflect.ownKeys(prototype)).filter((name) => name !== "constructor");
    expect(all.filter((name) => !(String(name) in methods))).toEqual([]);
  });

  test("another entity's rights are none", async () => {
    expect(await denied(handle("u1", "reader", "keeper").repository(Plain).list())).toMatchObject({ entity: "plain" });
    expect(await handle("u1", "administrator").repository(Plain).list()).toEqual([]);
  });

  test("a handle for the program itself is not bound", async () => {
    expect(await db.tenant(tenant).repository(Note).has(1)).toBe(true);
  });

  test("the answer outside is 403 with entity and action", async () => {
    const error = await handle("u1")
      .repository(Note)
      .get(1)
      .catch((thrown: unknown) => thrown);
    const response = errorResponse(error);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "ACCESS_DENIED", details: { entity: "note", action: "read" } });
  });
});

describe("conditions", () => {
  let notes: Notes;
  const mine = () => handle("u1", "author").repository(Note);

  beforeAll(async () => {
    notes = db.tenant(tenant).repository(Note);
    await notes.putMany([note(1, "u1"), note(2, "u2"), note(3, "u2", "public"), { ...note(4, "u3"), sealed: true }]);
  });

  test("what one may not see is as if it were missing", async () => {
    expect(await mine().get(2)).toBeUndefined();
    expect(await mine().has(2)).toBe(false);
    expect(await mine().entry(2)).toBeUndefined();
    expect(await mine().getMany([1, 2, 3])).toMatchObject([{ id: 1 }, undefined, { id: 3 }]);
    expect(await denied(mine().require(2))).toEqual(
      await denied(mine().require(99)).then((answer) => ({ ...(answer as object), id: "2" })),
    );
    expect(await denied(mine().update(2, (was) => was))).toMatchObject({ code: "RECORD_NOT_FOUND" });
    expect(await denied(mine().patch(2, { title: "x" }))).toMatchObject({ code: "RECORD_NOT_FOUND" });
    expect(await mine().delete(2)).toBe(false);
    expect(await mine().deleteMany([2, 99])).toBe(0);
    expect(await notes.has(2)).toBe(true);
  });

  test("what one may see and not change is denied, and stays", async () => {
    denials.length = 0;
    expect(await denied(mine().patch(3, { title: "x" }))).toEqual(refusal("update"));
    expect(await denied(mine().delete(3))).toEqual(refusal("delete"));
    expect(await denied(mine().put(note(2, "u1")))).toEqual(refusal("update"));
    expect(await denied(mine().deleteMany([1, 3]))).toEqual(refusal("delete"));
    expect(denials.map(({ action }) => action)).toEqual(["update", "delete", "update", "delete"]);
    expect((await notes.list()).map(({ id, author }) => [id, author])).toEqual([
      [1, "u1"],
      [2, "u2"],
      [3, "u2"],
      [4, "u3"],
    ]);
  });

  test("a watch shows what one may see, as long as one may", async () => {
    const states = mine().watch(3)[Symbol.asyncIterator]();
    expect(await states.next()).toMatchObject({ value: { id: 3 } });
    await notes.patch(3, { state: "draft" });
    expect(await states.next()).toEqual({ value: undefined, done: false });
    // What happens to it unseen is no state.
    await notes.patch(3, { title: "unseen" });
    const next = states.next();
    await notes.patch(3, { title: "unseen, too" });
    await notes.patch(3, { author: "u1" });
    expect(await next).toMatchObject({ value: { id: 3, author: "u1" } });
    await states.return?.();
    await notes.put(note(3, "u2", "public"));
  });

  test("long work goes past what one may not see, and ends at what one may not change", async () => {
    const asked: number[] = [];
    const ask = ({ id }: Note): undefined => void asked.push(id);
    expect(await mine().transform({}, ask)).toEqual({ examined: 2, changed: 0, done: true });
    expect(asked).toEqual([1, 3]);
    expect(await denied(mine().transform({}, (was) => ({ ...was, title: "x" })))).toEqual(refusal("update"));
    expect(await denied(mine().deleteWhere({}, () => true))).toEqual(refusal("delete"));
    expect(await mine().transform({ to: 3 }, (was) => ({ ...was, title: "x" }))).toMatchObject({ changed: 1 });
    expect((await notes.list()).map(({ title }) => title)).toEqual(["x", "t2", "t3", "t4"]);
  });

  test("nothing is given away, and nothing made in another's name", async () => {
    expect(await denied(mine().patch(1, { author: "u2" }))).toEqual(refusal("update"));
    expect(await denied(mine().create(note(9, "u2")))).toEqual(refusal("create"));
    expect(await denied(mine().createMany([note(8, "u1"), note(9, "u2")]))).toEqual(refusal("create"));
    expect(await notes.getMany([8, 9])).toEqual([undefined, undefined]);
  });

  test("a role takes back what it allows; another role may still allow it", async () => {
    const keeper = handle("u1", "keeper").repository(Note);
    expect(await denied(keeper.patch(4, { title: "x" }))).toEqual(refusal("update"));
    expect(await keeper.patch(3, { title: "t3" })).toMatchObject({ id: 3 });
    expect(await handle("u1", "keeper", "administrator").repository(Note).patch(4, { title: "t4" })).toMatchObject({
      id: 4,
    });
  });

  test("who may only create need not see", async () => {
    const box = handle("u1", "box").repository(Note);
    expect(await box.create(note(20, "u9"))).toMatchObject({ id: 20 });
    expect(await denied(box.get(20))).toEqual(refusal("read"));
    expect(await denied(box.put(note(20, "u9")))).toEqual(refusal("update"));
    await notes.delete(20);
  });

  test("a transaction that is denied writes nothing, even when the refusal is swallowed for one of its records", async () => {
    const work = handle("u1", "author").transact(async (tx) => {
      const own = tx.repository(Note);
      await own.create(note(30, "u1"));
      await own.create(note(31, "u2"));
    });
    expect(await denied(work)).toEqual(refusal("create"));
    expect(await notes.has(30)).toBe(false);
    await handle("u1", "author").transact(async (tx) => {
      await tx
        .repository(Note)
        .create(note(31, "u2"))
        .catch(() => {});
    });
    expect(await notes.has(31)).toBe(false);
  });

  test("what cannot leave records out takes the right to see all", async () => {
    expect(await denied(mine().verify())).toEqual(refusal("read"));
    expect(await denied(mine().aggregate("all"))).toEqual(refusal("read"));
    expect(await denied(mine().groups("perAuthor"))).toEqual(refusal("read"));
    expect(await denied(mine().recount())).toEqual(refusal("read"));
    expect(await handle("u1", "reader").repository(Note).aggregate("all")).toBe(4);
    expect(await denied(handle("u1", "reader").repository(Note).recount())).toEqual(refusal("update"));
    expect(await handle("u1", "reader").repository(Note).verify()).toEqual([]);
  });

  test("long work leaves alone what may not be seen, and is refused what may not be changed", async () => {
    const seen: number[] = [];
    const work = mine().transform({}, (found) => {
      seen.push(found.id);
      return found.author === "u1" ? { ...found, title: "worked" } : undefined;
    });
    expect(await denied(work)).toMatchObject({ value: { changed: 1 } });
    expect(seen).toEqual([1, 3]);
    expect(await denied(mine().deleteWhere({}, ({ id }) => id === 3))).toEqual(refusal("delete"));
    expect(await mine().deleteWhere({}, ({ id }) => id === 2)).toMatchObject({ changed: 0 });
    expect(await notes.count()).toBe(4);
  });

  test("an index that holds what is selected does not answer by itself", () => {
    const query = { index: "byTitle", select: ["id", "title"] } as const;
    expect(mine().explain(query)).toMatchObject({ covered: false, calls: { getsPerRow: 1 } });
    expect(handle("u1", "reader").repository(Note).explain(query)).toMatchObject({ covered: true });
  });
});

describe("ranges", () => {
  const authors = ["u1", "u2", "u3"];
  const arbitrary = fc.record({
    records: fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.constantFrom(...authors), fc.boolean()), {
      maxLength: 60,
      selector: ([id]) => id,
    }),
    index: fc.constantFrom(undefined, "byTitle" as const),
    reverse: fc.boolean(),
    limit: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
    size: fc.integer({ min: 1, max: 9 }),
    selected: fc.boolean(),
  });

  test("are those of all records, without the ones that may not be seen", async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ records, index, reverse, limit, size, selected }) => {
        const { id } = await db.tenants.provision({ name: "one run" });
        const all = db.tenant(id).repository(Note);
        await all.createMany(records.map(([n, author, open]) => note(n, author, open ? "public" : "draft")));
        const context = { tenant: id, subject: "u1", roles: ["author"] };
        const seen = db.tenant(id, { context }).repository(Note);
        const select = selected ? (["id", "title"] as const) : undefined;
        const range = index === undefined ? { reverse } : { index, reverse };
        const query = { ...range, ...(select === undefined ? {} : { select }) };
        const visible = (await all.list(range)).filter(({ author, state }) => author === "u1" || state === "public");
        const model = visible.map((found) => (selected ? { id: found.id, title: found.title } : found));

        expect(await seen.list({ ...query, limit })).toEqual(model.slice(0, limit));
        expect(await collect(seen.scan({ ...query, limit }))).toEqual(model.slice(0, limit));
        expect(await seen.first(query)).toEqual(model[0]);
        expect(await seen.count({ ...range, limit })).toBe(Math.min(model.length, limit ?? model.length));
        expect(await seen.count({ ...range, max: size })).toEqual({
          count: Math.min(model.length, size),
          exact: model.length <= size,
        });

        const forward: unknown[] = [];
        let page = await seen.page({ ...query, size });
        let pages = 1;
        for (; ; pages++) {
          forward.push(...page.items);
          if (page.next === undefined) break;
          expect(page.items).toHaveLength(size);
          page = await seen.page({ ...query, size, cursor: page.next });
        }
        expect(forward).toEqual(model);
        expect(pages).toBe(Math.max(1, Math.ceil(model.length / size)));
        const backward: unknown[] = [...page.items].reverse();
        while (page.previous !== undefined) {
          page = await seen.page({ ...query, size, cursor: page.previous });
          backward.push(...[...page.items].reverse());
        }
        expect(backward.reverse()).toEqual(model);
      }),
      { numRuns: runs(25) },
    );
  });

  test("with too much between are an error of a list, and shorter pages", async () => {
    const { id } = await db.tenants.provision({ name: "wide" });
    const all = db.tenant(id).repository(Note);
    const total = seenRowsMax + 500;
    for (let from = 0; from < total; from += 1_000) {
      const size = Math.min(1_000, total - from);
      await all.createMany(Array.from({ length: size }, (_, at) => note(from + at, "u2")));
    }
    await all.create(note(total, "u1"));
    const seen = db.tenant(id, { context: { tenant: id, subject: "u1", roles: ["author"] } }).repository(Note);
    expect(await denied(seen.first())).toMatchObject({ code: "ACCESS_FILTER_TOO_WIDE", seenRowsMax });
    expect(await denied(seen.list({ limit: 1 }))).toMatchObject({ code: "ACCESS_FILTER_TOO_WIDE" });
    expect(await seen.first({ reverse: true })).toMatchObject({ id: total });
    expect(await seen.count()).toBe(1);
    const first = await seen.page({ size: 5 });
    expect(first.items).toEqual([]);
    const second = await seen.page({ size: 5, cursor: first.next });
    expect(second.items).toMatchObject([{ id: total }]);
    expect(second.next).toBeUndefined();
    const back = await seen.page({ size: 5, cursor: second.previous });
    expect(back.items).toEqual([]);
  });
});
