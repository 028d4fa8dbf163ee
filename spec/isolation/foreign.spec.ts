/** Foreign and missing: for each method, a record of another tenant and one of nobody get the same answer and the same calls. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../lib/database.js";
import { memory, openEngine } from "../../lib/engine/index.js";
import { errorResponse, isTenantryError, sanitize } from "../../lib/errors/index.js";
import { open } from "../../lib/open.js";
import type { TenantRepository } from "../../lib/repository/index.js";
import { type RecordingEngine, recording } from "../../lib/testing/index.js";
import { collect, neighbours } from "../repository/shelf.js";
import { Article } from "./shop.js";

const article = (id: string) => ({ id, title: id, price: 1, weight: 1, state: "sold" as const, at: { shelf: null } });
type Articles = TenantRepository<typeof Article>;

/** Every method that names a record, or a range in which it would be. */
const methods: Readonly<Record<string, (articles: Articles, id: string) => Promise<unknown>>> = {
  get: (articles, id) => articles.get(id),
  require: (articles, id) => articles.require(id),
  entry: (articles, id) => articles.entry(id),
  has: (articles, id) => articles.has(id),
  getMany: (articles, id) => articles.getMany([id, id]),
  list: (articles, id) => articles.list({ from: id }),
  first: (articles, id) => articles.first({ from: id }),
  // It shows the bytes of the id that was asked for.
  explain: async (articles, id) => Object.keys(articles.explain({ equals: id })),
  "list by an index": (articles, id) => articles.list({ index: "byTitle", equals: id }),
  scan: (articles, id) => collect(articles.scan({ from: id })),
  page: (articles, id) => articles.page({ size: 2, from: id }),
  "page by an index": (articles, id) => articles.page({ size: 2, index: "byTitle", from: id }),
  count: (articles, id) => articles.count({ from: id }),
  aggregate: (articles, id) => articles.aggregate("perId", { equals: id }),
  groups: (articles, id) => articles.groups("perId", { from: id }),
  counters: (articles, id) => articles.counters(id),
  add: (articles, id) => articles.add(id, { views: 1 }),
  recount: (articles) => articles.recount(),
  verify: (articles) => articles.verify(),
  update: (articles, id) => articles.update(id, (was) => ({ ...was, price: 2 })),
  patch: (articles, id) => articles.patch(id, { price: 2 }),
  "patch of a revision": (articles, id) => articles.patch(id, { price: 2 }, { ifRevision: 1 }),
  delete: (articles, id) => articles.delete(id),
  "delete of a revision": (articles, id) => articles.delete(id, { ifRevision: 1 }),
  deleteMany: (articles, id) => articles.deleteMany([id]),
  create: async (articles, id) => {
    const made = await articles.create(article(id));
    await articles.delete(id);
    return made;
  },
  put: async (articles, id) => {
    const made = await articles.put(article(id), { ifRevision: undefined });
    await articles.delete(id);
    return made;
  },
  createMany: async (articles, id) => {
    const made = await articles.createMany([article(id)]);
    await articles.deleteMany([id]);
    return made;
  },
  scanAll: (articles, id) => collect(articles.scanAll({ from: id })),
  transform: (articles, id) => articles.transform({ from: id }, (was) => ({ ...was, price: 2 })),
  "transform through an index": (articles, id) =>
    articles.transform({ index: "byTitle", from: id }, (was) => ({ ...was, price: 2 })),
  deleteWhere: (articles, id) => articles.deleteWhere({ from: id }, () => true),
  watch: async (articles, id) => {
    for await (const state of articles.watch(id)) return state;
    return "ended";
  },
  forgetWork: (articles, id) => articles.forgetWork(id),
  putMany: async (articles, id) => {
    const made = await articles.putMany([article(id)]);
    await articles.deleteMany([id]);
    return made;
  },
};

describe("a record of another tenant and one of nobody", () => {
  let engine: RecordingEngine;
  let db: Database;
  let articles: Articles;
  const [foreign, missing] = ["theirs", "nobody"];

  beforeAll(async () => {
    engine = recording(await openEngine(memory()));
    db = await open({ engine, entities: [Article], cursorKeys: [new Uint8Array(32).fill(1)] });
    const [own, other] = await neighbours(db);
    articles = own.repository(Article);
    await other.repository(Article).createMany([article("theirs"), article("theirs, too")]);
    // The first transaction reads the tenant's state, the first that writes sweeps old markers: both are done.
    await articles.put(article("warm"));
    await articles.delete("warm");
  });
  afterAll(async () => {
    await db.close();
    await engine.close();
  });

  /** The answer, and each engine call with the lengths of its keys; ids of one length make keys of one length. */
  async function observed(method: string, id: string): Promise<unknown> {
    // What the method before changed of the entity's state, as a recount does, is known again.
    await articles.put(article("warm"));
    await articles.delete("warm");
    engine.take();
    const answer = await Promise.resolve(methods[method]?.(articles, id)).catch((error: unknown) => {
      const response = errorResponse(error);
      return { safe: sanitize(error), details: isTenantryError(error) && error.details, status: response.status };
    });
    const calls = engine
      .take()
      .map(({ operation, kind, begin, end }) => `${operation} ${kind} ${begin.length} ${end?.length}`);
    return { answer: JSON.parse(JSON.stringify(answer ?? null).replaceAll(id, "<id>")), calls };
  }

  test.each(Object.keys(methods))("%s", async (method) => {
    expect(foreign).toHaveLength(missing.length);
    expect(await observed(method, foreign)).toEqual(await observed(method, missing));
  });

  test("methods are all there are", () => {
    const named = new Set(Object.keys(methods).map((name) => name.split(" ")[0]));
    const prototypes: object[] = [];
    for (let at: object = Object.getPrototypeOf(articles); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      prototypes.push(at);
    }
    const all = prototypes.flatMap((prototype) => Reflect.ownKeys(prototype)).filter((name) => name !== "constructor");
    expect([...all].filter((name) => !named.has(String(name)))).toEqual([]);
  });
});
